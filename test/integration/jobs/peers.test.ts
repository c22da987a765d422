import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({
    minions: ['web1', 'db1'],
    master: { peer: { 'web.*': ['test\\..*'] }, peer_run: { 'web.*': ['manage\\.up'] } },
    minion: {
      mine_functions: {
        'test.echo': ['hello'],
        secret: [{ mine_function: 'test.echo' }, 'for db', { allow_tgt: 'db*' }],
      },
    },
  });
});
afterAll(() => fleet.stop());

/** What one minion returns. */
async function returnOf(id: string, fun: string, arg: readonly unknown[] = [], kwarg = {}): Promise<unknown> {
  const steps = await fleet.run(id, fun, arg, kwarg);
  return steps.find(({ t }) => t === 'ret')?.return;
}

test('what a minion tells when it connects is read by the others, as far as they may', async () => {
  // The mine is sent right after the connection; the job comes later on the same one, but functions take their time.
  for (const id of ['web1', 'db1']) await returnOf(id, 'mine.update');
  expect(await returnOf('web1', 'mine.get', ['*', 'test.echo'])).toEqual({ web1: 'hello', db1: 'hello' });
  expect(await returnOf('web1', 'mine.get', ['*', 'secret'])).toEqual({ web1: 'for db' });
  expect(await returnOf('db1', 'mine.get', ['*', 'secret'])).toEqual({ web1: 'for db', db1: 'for db' });
  expect(await returnOf('db1', 'mine.get', ['*', 'secret,test.echo'], { exclude_minion: true })).toEqual({
    secret: { web1: 'for db' },
    'test.echo': { web1: 'hello' },
  });
  expect(await fleet.call('runner', 'mine.get', ['web*', 'secret'])).toEqual({ web1: 'for db' });
  expect(await fleet.call('runner', 'mine.status', ['web1'])).toMatchObject({
    web1: { secret: { checked_s: expect.any(Number), changed_s: expect.any(Number) } },
  });
});

test('the mine is there while its minion is away, and goes with its key', async () => {
  await returnOf('db1', 'mine.send', ['gone', 'x'], { mine_function: 'test.echo' });
  await fleet.stopMinion('db1');
  expect(await returnOf('web1', 'mine.get', ['db1', 'gone'])).toEqual({ db1: 'x' });
  await fleet.startMinion('db1');
  await returnOf('db1', 'mine.delete', ['gone']);
  expect(await returnOf('web1', 'mine.get', ['db1', 'gone'])).toEqual({});
});

test('what is configured and there is valid', async () => {
  expect(await returnOf('web1', 'mine.valid')).toEqual({
    'test.echo': ['hello'],
    secret: { 'test.echo': ['for db'] },
  });
});

test('a minion runs on its peers what it may, and is told what it may not', async () => {
  expect(await returnOf('web1', 'publish.publish', ['*', 'test.ping'])).toEqual({ web1: true, db1: true });
  expect(await returnOf('web1', 'publish.full_data', ['db1', 'test.echo', 'hi'])).toEqual({
    db1: { ret: 'hi', retcode: 0 },
  });
  expect(await returnOf('web1', 'publish.publish', ['*', 'cmd.run', 'id'])).toContain('may not publish cmd.run');
  expect(await returnOf('db1', 'publish.publish', ['*', 'test.ping'])).toContain('minion db1 may not publish');
  expect(await returnOf('web1', 'publish.publish', ['*', 'publish.publish'])).toContain('cannot be published');
});

test('the job of a peer is recorded under the name of its minion', async () => {
  await returnOf('web1', 'publish.publish', ['db1', 'test.version']);
  const event = await fleet.events.waitFor(({ data }) => data.fun === 'test.version' && data.user !== undefined);
  expect(event.data.user).toBe('minion web1');
});

test('a minion calls the runners that it may', async () => {
  expect(await returnOf('web1', 'publish.runner', ['manage.up'])).toEqual(['db1', 'web1']);
  expect(await returnOf('web1', 'publish.runner', ['manage.down'])).toContain('peer_run');
  expect(await returnOf('db1', 'publish.runner', ['manage.up'])).toContain('may not publish manage.up');
});

test('the functions of saltutil that Salt has for this do the same', async () => {
  const web1 = { ret: 'a=b', retcode: 0 };
  expect(await returnOf('web1', 'saltutil.cmd', ['web1', 'test.echo', ['a=b']])).toEqual({ web1 });
  expect(await returnOf('web1', 'saltutil.cmd_iter', ['web1', 'test.echo'], { kwarg: { text: 'a=b' } })).toEqual([
    { web1 },
  ]);
  expect(await returnOf('db1', 'saltutil.cmd', ['*', 'test.ping'])).toContain('minion db1 may not publish');
  expect(await returnOf('web1', 'saltutil.runner', ['manage.up'])).toEqual(['db1', 'web1']);
});

test('a minion can ask whether its master answers', async () => {
  expect(await returnOf('web1', 'status.ping_master', ['salt'])).toBe(true);
  expect(await returnOf('web1', 'status.master')).toBe(true);
});
