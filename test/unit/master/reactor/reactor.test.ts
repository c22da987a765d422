import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { TypedReactor } from '../../../../master/reactor/run_typed_reactor.ts';
import { defineReactor } from '../../../../shared/plugin/reactor.ts';
import { globMatcher } from '../../../../shared/target/glob.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { startReactorRig } from '../../../support/reactor_rig.ts';
import { sampleJob } from '../../../support/sample_job.ts';
import { until } from '../../../support/until.ts';

const ping = `ping_{{ data['n'] }}:
  local.test.ping:
    - tgt: {{ data['id'] | json }}
`;

function typed(name: string, spec: Parameters<typeof defineReactor>[0]): TypedReactor {
  return { file: `/typed/${name}`, name, spec: defineReactor(spec), matches: globMatcher(spec.tag) };
}

describe('an event', () => {
  test('leads to what the files of matching rules ask for, and all of it is remembered', async () => {
    const rig = await startReactorRig({
      rules: { 'myapp/*': ['ping.sls', 'runner.sls'], 'other/*': ['ping.sls'] },
      files: { 'ping.sls': ping, 'runner.sls': 'up:\n  runner.manage.up: []\n  wheel.key.accept:\n    - match: m9\n' },
    });
    const cursor = await rig.fire('myapp/deployed', { n: 1, id: 'm1' });
    await rig.fire('nobody/cares');
    await rig.settled();
    expect(rig.published).toMatchObject([{ request: { tgt: 'm1', fun: 'test.ping' }, cause: { depth: 1 } }]);
    expect(rig.called).toMatchObject([
      { op: 'runner', fun: 'manage.up' },
      { op: 'wheel', fun: 'key.accept', kwarg: { match: 'm9' } },
    ]);
    await until('all is remembered', () => rig.reactor.history(10).every(({ state }) => state === 'succeeded'));
    const history = rig.reactor.history(10).map(({ id, call, state, jid }) => [id, call, state, jid?.length]);
    expect(history.sort()).toEqual([
      ['ping_1', 'local.test.ping', 'succeeded', 20],
      ['up', 'runner.manage.up', 'succeeded', 20],
      ['up', 'wheel.key.accept', 'succeeded', 20],
    ]);
    expect(rig.reactor.history(10).every((record) => record.cursor === cursor && record.tag === 'myapp/deployed')).toBe(
      true,
    );
    expect(rig.reactor.status()).toMatchObject({ lag: 0, reactions_succeeded: 3, events_matched: 1, events_read: 2 });
  });

  test('of before the reactor was first started is history', async () => {
    const rig = await startReactorRig({ rules: { '*': ['ping.sls'] }, files: { 'ping.sls': ping } });
    await rig.fire('a/b', { n: 1, id: 'm1' });
    await rig.settled();
    await rig.reactor.stop();
    const again = await startReactorRig({ ...rig, rules: { '*': ['ping.sls'] } });
    await again.settled();
    expect(again.published).toEqual([]);
    await again.fire('a/b', { n: 2, id: 'm1' });
    await again.settled();
    expect(again.published).toHaveLength(1);
  });

  test('of the user Reactor is not reacted to', async () => {
    const rig = await startReactorRig({ rules: { '*': ['ping.sls'] }, files: { 'ping.sls': ping } });
    await rig.fire('a/b', { n: 1, id: 'm1', user: 'Reactor' });
    await rig.settled();
    expect(rig.published).toEqual([]);
  });

  test('is reacted to in the order of its tag', async () => {
    const rig = await startReactorRig({ rules: { 'a/*': ['ping.sls'] }, files: { 'ping.sls': ping } });
    for (let n = 0; n < 50; n++) await rig.fire('a/b', { n, id: `m${n}` });
    await rig.settled();
    expect(rig.published.map(({ request }) => request.tgt)).toEqual(Array.from({ length: 50 }, (_, n) => `m${n}`));
  });
});

describe('a failure', () => {
  const files = {
    'broken.sls': '{{ nothing.at.all }}\n',
    'half.sls': 'bad:\n  local.test.ping: []\ngood:\n  local.test.ping:\n    - tgt: m1\n',
    'ping.sls': ping,
  };

  test('of one file or one id cancels no other, and each is a dead letter', async () => {
    const rig = await startReactorRig({ rules: { 'a/*': ['broken.sls', 'half.sls', 'ping.sls', 'gone.sls'] }, files });
    await rig.fire('a/b', { n: 1, id: 'm2' });
    await rig.settled();
    expect(rig.published.map(({ request }) => request.tgt).sort()).toEqual(['m1', 'm2']);
    const letters = Object.values(rig.reactor.deadLetters());
    expect(letters.map(({ file, id, reason }) => [file.split('/').at(-1), id, reason]).sort()).toEqual([
      ['broken.sls', '', expect.stringContaining("'nothing' is undefined")],
      ['gone.sls', '', expect.stringContaining('there is no reactor file')],
      ['half.sls', 'bad', expect.stringContaining('it has no tgt')],
    ]);
  });

  test('of what was called is a dead letter, which can be replayed once it is mended', async () => {
    let isBroken = true;
    const rig = await startReactorRig({
      rules: { 'a/*': ['call.sls'] },
      files: {
        'call.sls': 'one:\n  runner.state.orchestrate:\n    - mods: {{ data.n }}\ntwo:\n  runner.manage.up: []\n',
      },
      runner: async ({ fun }) => {
        if (isBroken && fun === 'state.orchestrate') throw new Error('the network is down');
      },
    });
    await rig.fire('a/b', { n: 7 });
    await until('it has failed', () => rig.reactor.status().dead_letters === 1);
    const [name = ''] = Object.keys(rig.reactor.deadLetters());
    expect(rig.reactor.deadLetters()[name]).toMatchObject({
      id: 'one',
      reason: expect.stringContaining('the network is down'),
    });
    expect(await rig.reactor.replay(name)).toMatchObject([{ id: 'one', state: 'failed' }]);
    const [second = ''] = Object.keys(rig.reactor.deadLetters());
    expect(second).toBe(`${name}-1`);
    isBroken = false;
    expect(await rig.reactor.replay(second)).toMatchObject([{ id: 'one', state: 'succeeded' }]);
    expect(rig.reactor.deadLetters()).toEqual({});
    expect(rig.called.filter(({ fun }) => fun === 'manage.up')).toHaveLength(1);
    await expect(rig.reactor.replay(second)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });

  test('of a target is refused and told', async () => {
    const rig = await startReactorRig({ rules: { 'a/*': ['ping.sls'] }, files });
    await rig.fire('a/b', { n: 1, id: 'nobody' });
    await rig.settled();
    expect(Object.values(rig.reactor.deadLetters())).toMatchObject([
      { call: 'local.test.ping', reason: 'no minions matched' },
    ]);
    expect(rig.logged.some((line) => line.includes('a reaction failed'))).toBe(true);
  });

  test('caller has no meaning on a master, and is told so', async () => {
    const rig = await startReactorRig({
      rules: { 'a/*': ['c.sls'] },
      files: { 'c.sls': 'a:\n  caller.test.ping: []\n' },
    });
    await rig.fire('a/b');
    await rig.settled();
    expect(Object.values(rig.reactor.deadLetters())[0]?.reason).toContain('on the master write local, runner or wheel');
  });
});

test('an id in two files runs twice, and somebody is told', async () => {
  const rig = await startReactorRig({
    rules: { 'a/*': ['one.sls', 'two.sls'] },
    files: { 'one.sls': 'same:\n  runner.manage.up: []\n', 'two.sls': 'same:\n  runner.manage.down: []\n' },
  });
  await rig.fire('a/b');
  await rig.settled();
  expect(rig.called.map(({ fun }) => fun).sort()).toEqual(['manage.down', 'manage.up']);
  expect(
    rig.logged.some((line) => line.includes('an id stands in several reactor files') && line.includes('id=same')),
  ).toBe(true);
});

describe('after a restart', () => {
  test('what was published before is not published again, though the place was not kept', async () => {
    const rig = await startReactorRig({ rules: { 'a/*': ['ping.sls'] }, files: { 'ping.sls': ping } });
    for (let n = 0; n < 5; n++) await rig.fire('a/b', { n, id: `m${n}` });
    await rig.settled();
    // As a kill in the middle leaves it: the work is done, the place is of before.
    await rig.reactor.stop();
    await rig.memory.write([{ table: 'readers', key: ['reactor'], value: 0 }]);
    const again = await startReactorRig({ ...rig, rules: { 'a/*': ['ping.sls'] } });
    await again.settled();
    expect(again.reactor.status()).toMatchObject({ events_read: 5, cursor: 5 });
    expect([rig.published.length, again.published.length]).toEqual([5, 0]);
  });

  test('what was under way is known as interrupted, and not called again', async () => {
    const rig = await startReactorRig({
      rules: { 'a/*': ['r.sls'] },
      files: { 'r.sls': 'a:\n  runner.state.orchestrate: []\n' },
      runner: () => new Promise(() => undefined),
    });
    await rig.fire('a/b', { n: 1 });
    await until('it runs', () => rig.called.length === 1);
    await rig.reactor.stop();
    await rig.memory.write([{ table: 'readers', key: ['reactor'], value: 0 }]);
    const again = await startReactorRig({ ...rig, rules: { 'a/*': ['r.sls'] } });
    await again.settled();
    expect(again.called).toEqual([]);
    expect(again.reactor.history(5)).toMatchObject([
      { state: 'interrupted', reason: 'the master was stopped while it ran' },
    ]);
    expect(Object.values(again.reactor.deadLetters())).toMatchObject([{ event: { data: { n: 1 } } }]);
  });
});

describe('limits of a rule', () => {
  test('what is over its rate is not reacted to, and counted', async () => {
    const rig = await startReactorRig({
      rules: { 'a/*': ['ping.sls', { rate_limit: '2/1h' }] },
      files: { 'ping.sls': ping },
    });
    for (let n = 0; n < 5; n++) await rig.fire('a/b', { n, id: 'm1' });
    await rig.settled();
    expect([rig.published.length, rig.reactor.status().reactions_limited]).toEqual([2, 3]);
    expect(rig.logged.some((line) => line.includes('over its rate limit'))).toBe(true);
  });

  test('of a burst that is debounced the last event is reacted to', async () => {
    const clock = fakeClock();
    const rig = await startReactorRig({
      rules: { 'a/*': ['ping.sls', { debounce: 30 }] },
      files: { 'ping.sls': ping },
      clock,
    });
    for (let n = 0; n < 5; n++) await rig.fire('a/b', { n, id: `m${n}` });
    await until('all are read', () => rig.reactor.status().events_read === 5);
    expect(rig.reactor.status()).toMatchObject({ events_debounced: 4, lag: 1 });
    clock.advance(30_000);
    await rig.settled();
    expect(rig.published.map(({ request }) => request.tgt)).toEqual(['m4']);
  });
});

test('reactions that set each other off are stopped', async () => {
  const jid = '20260101000000000009';
  const records = new Map([[jid, sampleJob({ jid, cause: { once: 'x', depth: 4 } })]]);
  const rig = await startReactorRig({ rules: { 'salt/job/*': ['ping.sls'] }, files: { 'ping.sls': ping }, records });
  await rig.fire(`salt/job/${jid}/ret/m1`, { jid, n: 1, id: 'm1' });
  await rig.settled();
  expect(rig.published).toEqual([]);
  expect(Object.values(rig.reactor.deadLetters())[0]?.reason).toBe(
    'a loop: 4 reactions led to each other, at most 3 may',
  );
  expect(rig.reactor.status().loops_stopped).toBe(1);
});

test('rules are added and deleted for good, and whoever does not lead passes events over', async () => {
  const rig = await startReactorRig({ rules: { 'old/*': ['ping.sls'] }, files: { 'ping.sls': ping } });
  const file = `${rig.dir}/ping.sls`;
  expect([
    await rig.reactor.add('new/*', file),
    await rig.reactor.add('new/*', file),
    await rig.reactor.delete('old/*'),
  ]).toEqual([true, false, true]);
  await expect(rig.reactor.add('x', ['relative.sls'])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  await rig.reactor.setLeader(false);
  await rig.fire('new/one', { n: 1, id: 'm1' });
  await rig.settled();
  await rig.reactor.stop();
  const again = await startReactorRig({ ...rig, rules: { 'old/*': ['ping.sls'] } });
  expect([again.reactor.list(), again.reactor.isLeader()]).toEqual([[{ 'new/*': [file] }], false]);
  await again.reactor.setLeader(true);
  await again.fire('new/two', { n: 2, id: 'm2' });
  await again.fire('old/one', { n: 3, id: 'm3' });
  await again.settled();
  expect(again.published.map(({ request }) => request.tgt)).toEqual(['m2']);
});

test('a dry run shows what would be done, in its order, and what is wrong', async () => {
  const rig = await startReactorRig({
    rules: { 'a/*': ['ping.sls', 'half.sls'] },
    files: { 'ping.sls': ping, 'half.sls': 'bad:\n  nope.x: []\nlast:\n  runner.manage.up:\n    - order: first\n' },
    typed: [
      typed('t', {
        summary: 'T.',
        tag: 'a/b',
        react: async ({ publish }) => void (await publish({ tgt: 'm7', fun: 'test.ping' })),
      }),
    ],
  });
  expect(await rig.reactor.test('a/b', { n: 1, id: 'm1' })).toEqual({
    rules: ['a/*'],
    reactions: [
      { id: 'last', file: `${rig.dir}/half.sls`, call: 'runner.manage.up' },
      { id: 'ping_1', file: `${rig.dir}/ping.sls`, call: 'local.test.ping', tgt: 'm1', tgt_type: 'glob' },
    ],
    reactors: { '/typed/t': ['local.test.ping on "m7"'] },
    problems: [expect.stringContaining("half.sls: bad: 'nope.x' begins with none of")],
  });
  expect([rig.published, rig.called, rig.reactor.history(5)]).toEqual([[], [], []]);
});

describe('a typed reactor', () => {
  const reactor = typed('accept_lab', {
    summary: 'Accept the minions of the lab.',
    tag: 'salt/auth',
    event: v.object({ id: v.string(), act: v.string() }),
    async react({ wheel, publish }, { data }) {
      const { id, act } = data as { id: string; act: string };
      if (act !== 'pend') return;
      await wheel('key.accept', { match: id });
      await publish({ tgt: id, fun: 'state.apply', queue_for: 60 });
    },
  });

  test('does what it wants through the same doors, once', async () => {
    const rig = await startReactorRig({ typed: [reactor] });
    await rig.fire('salt/auth', { id: 'lab1', act: 'pend' });
    await rig.fire('salt/auth', { id: 'lab2', act: 'accept' });
    await rig.settled();
    expect(rig.called).toEqual([{ op: 'wheel', fun: 'key.accept', arg: [], kwarg: { match: 'lab1' } }]);
    expect(rig.published).toMatchObject([{ request: { tgt: 'lab1', queue_for: 60 } }]);
    const [record] = rig.reactor.history(5).filter(({ call }) => call === 'react');
    expect(record?.did).toEqual([
      expect.stringMatching(/^wheel\.key\.accept match="lab1" \d{20}$/),
      expect.stringMatching(/^local\.state\.apply \d{20}$/),
    ]);
    await rig.reactor.stop();
    await rig.memory.write([{ table: 'readers', key: ['reactor'], value: 0 }]);
    const again = await startReactorRig({ ...rig, typed: [reactor] });
    await again.settled();
    expect([again.called, again.published]).toEqual([[], []]);
  });

  test('gets no event of another shape; that is a dead letter', async () => {
    const rig = await startReactorRig({ typed: [reactor] });
    await rig.fire('salt/auth', { id: 7, act: 'pend' });
    await rig.settled();
    expect(Object.values(rig.reactor.deadLetters())).toMatchObject([
      { file: '/typed/accept_lab', reason: expect.stringContaining('the event has another shape: id:') },
    ]);
  });

  test('that throws hurts nobody else', async () => {
    const broken = typed('broken', { summary: 'B.', tag: 'a/*', react: () => Promise.reject(new TypeError('oops')) });
    const rig = await startReactorRig({ typed: [broken], rules: { 'a/*': ['ping.sls'] }, files: { 'ping.sls': ping } });
    await rig.fire('a/b', { n: 1, id: 'm1' });
    await rig.settled();
    expect(rig.published).toHaveLength(1);
    expect(Object.values(rig.reactor.deadLetters())).toMatchObject([{ id: 'broken', reason: 'TypeError: oops' }]);
  });
});
