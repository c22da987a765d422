import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { makeTemporaryDir } from '../../support/temporary_dir.ts';
import { until } from '../../support/until.ts';

let fleet: TestFleet;
const dir = makeTemporaryDir();

const files: Readonly<Record<string, string>> = {
  'reactor/deploy.sls': `apply:
  local.test.echo:
    - tgt: {{ data['data']['minion'] | json }}
    - args:
      - text: {{ data['data']['build'] | json }}
tell:
  runner.event.send:
    - args:
      - tag: myapp/done
      - data: {build: {{ data['data']['build'] }}}
`,
  'reactor/ret.sls': `again:
  local.test.ping:
    - tgt: {{ data['id'] }}
`,
  'salt/from_roots.sls': `up:
  runner.manage.up: []
ids:
  local.test.echo:
    - tgt: m1
    - arg: [{{ salt['saltutil.runner']('manage.up') | join(',') | json }}]
`,
  'reactor/forbidden.sls':
    "a:\n  local.test.echo:\n    - tgt: m1\n    - arg: ['{{ salt['saltutil.runner']('event.send', ['x/y']) }}']\n",
  'typed/note_start.js': `export default {
  summary: 'Ping minions that say hello.',
  tag: 'hello/*',
  async react({ publish, runner }, { data }) {
    const up = await runner('manage.up');
    await publish({ tgt: data.data.id, fun: 'test.echo', arg: [up.length] });
  },
};
`,
};

beforeAll(async () => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir.path, name, '..'), { recursive: true });
    writeFileSync(join(dir.path, name), text);
  }
  fleet = await startFleet({
    minions: ['m1', 'm2'],
    master: {
      file_roots: { base: [join(dir.path, 'salt')] },
      reactor_dirs: [join(dir.path, 'typed')],
      reactor: [
        { 'myapp/deploy': [join(dir.path, 'reactor/deploy.sls')] },
        { 'salt/job/*/ret/m2': [join(dir.path, 'reactor/ret.sls')] },
        { 'roots/*': ['salt://from_roots.sls'] },
        { 'forbidden/*': [join(dir.path, 'reactor/forbidden.sls')] },
      ],
    },
  });
});
afterAll(async () => {
  await fleet.stop();
  dir.remove();
});

const send = (tag: string, data: object = {}) => fleet.call('runner', 'event.send', [tag, data]);
const returnOf = (fun: string, id: string) =>
  fleet.events.waitFor(({ tag, data }) => tag.includes('/ret/') && data.fun === fun && data.id === id);

test('an event becomes a job on a minion and a call of a runner, with a record of both', async () => {
  await send('myapp/deploy', { minion: 'm1', build: 42 });
  const ret = await returnOf('test.echo', 'm1');
  expect(ret.data).toMatchObject({ return: 42, success: true });
  const done = await fleet.events.waitFor(({ tag }) => tag === 'myapp/done');
  expect(done.data).toMatchObject({ data: { build: 42 }, user: 'Reactor' });
  const started = fleet.events.all.find(
    ({ tag, data }) => tag === `salt/job/${ret.data.jid}/new` && data.user === 'Reactor',
  );
  expect(started).toBeDefined();
  await until('both are remembered', async () => {
    const history = (await fleet.call('runner', 'reactor.history')) as Record<string, unknown>[];
    return history.filter(({ tag, state }) => tag === 'myapp/deploy' && state === 'succeeded').length === 2;
  });
});

test('a file of the file roots may ask runners that only look, and no others', async () => {
  await send('roots/go');
  const ret = await fleet.events.waitFor(({ tag, data }) => tag.endsWith('/ret/m1') && data.return === 'm1,m2');
  expect(ret.data).toMatchObject({ fun: 'test.echo' });
  await send('forbidden/go');
  await until('it is refused', async () => {
    const letters = (await fleet.call('runner', 'reactor.dead_letters')) as Record<string, { reason?: string }>;
    return Object.values(letters).some(({ reason }) => reason?.includes('calls only what looks') === true);
  });
});

test('a reactor in JavaScript is a file in a folder', async () => {
  await send('hello/you', { id: 'm1' });
  await fleet.events.waitFor(({ tag, data }) => tag.endsWith('/ret/m1') && data.return === 2);
  expect(await fleet.call('runner', 'reactor.list')).toContainEqual({
    'hello/*': [join(dir.path, 'typed/note_start')],
  });
});

test('a job whose return leads to a job whose return leads to a job comes to an end', async () => {
  await fleet.run('m2', 'test.ping');
  await fleet.masterLog.waitFor((line) => line.includes('an event is not reacted to') && line.includes('a loop'));
  const status = (await fleet.call('runner', 'reactor.status')) as Record<string, number>;
  expect(status.loops_stopped).toBe(1);
  const pings = fleet.events.all.filter(
    ({ tag, data }) => tag.endsWith('/new') && data.fun === 'test.ping' && data.user === 'Reactor',
  );
  expect(pings).toHaveLength(4);
});

test('rules come and go at runtime, and a dry run shows what they do', async () => {
  const file = join(dir.path, 'reactor/deploy.sls');
  const add = () => fleet.call('runner', 'reactor.add', ['late/*', file]);
  expect(await add()).toEqual({ status: true, comment: 'Reactor added.' });
  expect(await add()).toEqual({ status: false, comment: 'Reactor already exists.' });
  const tried = await fleet.call('runner', 'reactor.test', [], {
    tag: 'late/x',
    data: { data: { minion: 'm1', build: 7 } },
  });
  expect(tried).toMatchObject({
    rules: ['late/*'],
    reactions: [
      { id: 'apply', call: 'local.test.echo', tgt: 'm1', kwarg: { text: 7 } },
      { id: 'tell', call: 'runner.event.send', kwarg: { tag: 'myapp/done', data: { build: 7 } } },
    ],
    problems: [],
  });
  expect(await fleet.call('runner', 'reactor.delete', ['late/*'])).toEqual({
    status: true,
    comment: 'Reactor deleted.',
  });
  expect(await fleet.call('runner', 'reactor.delete', ['late/*'])).toMatchObject({ status: false });
});
