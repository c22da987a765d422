import { expect, test } from 'vitest';
import { createJobEnvironment } from '../../../../minion/lib/job_environment.ts';
import sdb from '../../../../minion/modules/sdb.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const profiles = {
  osenv: { driver: 'env' },
  files: { driver: 'yaml', files: ['/srv/a.yaml', '/srv/missing.yaml', '/srv/b.yaml'] },
  broken: { driver: 'yaml', files: ['/srv/broken.yaml'] },
  sealed: { driver: 'yaml', files: [], gpg: true },
  vault: { driver: 'vault' },
};

async function machine() {
  const root = await fixtureRoot({
    'srv/a.yaml': 'db: {user: amy, password: old}\nplain: 0644\n',
    'srv/b.yaml': 'db: {password: new}\nhosts: [one, two]\n',
    'srv/broken.yaml': 'a: 1\nb: [\n',
  });
  const pillar = { ours: { driver: 'env' } };
  const context = fakeContext({
    root,
    config: { sdb: profiles },
    pillar,
    environment: createJobEnvironment({ FOO: 'bar' }),
  });
  return {
    context,
    run: (fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, sdb, `sdb.${fun}`, args, kwargs),
  };
}

test('values come from files of YAML, of which the later are laid over the earlier', async () => {
  const { run, context } = await machine();
  const get = (key: string) => run('get', [`sdb://files/${key}`]);
  expect([await get('db:user'), await get('db:password'), await get('hosts:1')]).toEqual(['amy', 'new', 'two']);
  expect([await get('plain'), await get('db'), await get('nothing')]).toEqual([
    644,
    { user: 'amy', password: 'new' },
    null,
  ]);
  expect(context.logged.filter(({ level }) => level === 'error')[0]?.message).toContain('/srv/missing.yaml');
  await expect(run('get', ['sdb://broken/a'])).rejects.toThrow(/^\/srv\/broken\.yaml: .* in line \d/);
  await expect(run('get', ['sdb://sealed/a'])).rejects.toThrow('cannot decrypt');
  await expect(run('set', ['sdb://files/db', 1])).rejects.toThrow('the driver yaml of sdb profile files cannot change');
  await expect(run('delete', ['sdb://files/db'])).rejects.toThrow('cannot change values');
});

test('values of the environment are read, set and deleted', async () => {
  const { run, context } = await machine();
  expect([await run('get', ['sdb://osenv/FOO']), await run('get', ['sdb://ours/FOO'])]).toEqual(['bar', 'bar']);
  expect(await run('set', ['sdb://osenv/NEW', 5])).toBe('5');
  expect(context.environment.all()).toEqual({ FOO: 'bar', NEW: '5' });
  expect(await run('delete', ['sdb://osenv/FOO'])).toBe(true);
  expect(await run('get', ['sdb://osenv/FOO'])).toBeNull();
});

test('what is no URI of a profile comes back, unless it is to be one', async () => {
  const { run } = await machine();
  const strict = { strict: true };
  for (const text of ['plain', 'sdb://osenv', 'sdb://osenv/', 'sdb://nowhere/x'])
    expect(await run('get', [text])).toBe(text);
  await expect(run('get', ['plain'], strict)).rejects.toThrow('SDB uri must start with "sdb://"');
  await expect(run('get', ['sdb://osenv'], strict)).rejects.toThrow('must have a profile name');
  await expect(run('get', ['sdb://nowhere/x'], strict)).rejects.toThrow('SDB profile "nowhere" wasnt found');
  await expect(run('get', ['sdb://vault/x'])).rejects.toThrow("there is no driver 'vault'");
  expect([await run('set', ['plain', 1]), await run('delete', ['sdb://nowhere/x'])]).toEqual([false, false]);
});

test('a value that is not there is drawn by lot once', async () => {
  const { run } = await machine();
  const first = await run('get_or_set_hash', ['sdb://osenv/HASH', 20, 'ab']);
  expect(first).toMatch(/^[ab]{20}$/);
  expect(await run('get_or_set_hash', ['sdb://osenv/HASH'])).toBe(first);
  expect(await run('get_or_set_hash', ['sdb://osenv/FOO'])).toBe('bar');
  expect(await run('get_or_set_hash', ['sdb://osenv/OTHER'])).toHaveLength(8);
});
