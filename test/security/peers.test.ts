import { expect, test } from 'vitest';
import { type Attacker, useHostileFleet } from '../support/hostile_fleet.ts';

/** `evil` may ping `m1` and call `manage.up`, and nothing else. */
const hostile = useHostileFleet({
  minions: ['db1'],
  master: {
    peer: { evil: [{ m1: ['test\\.ping'] }], 'm.*': ['test\\..*'] },
    peer_run: { evil: ['manage\\.up'] },
  },
});

let count = 0;
async function ask(minion: Attacker, payload: object) {
  const c = `p${++count}`;
  await minion.publish('salt/req/evil/publish', { c, ...payload });
  const isAnswer = ({ topic }: { readonly topic: string }): boolean => topic === `salt/job/evil/rsp/${c}`;
  await minion.packets.waitFor((packet) => packet.cmd === 'publish' && isAnswer(packet));
  return JSON.parse(minion.got.find(isAnswer)?.text ?? '') as {
    value?: unknown;
    error?: { code: string; hint?: string };
  };
}

async function connected(): Promise<Attacker> {
  const minion = await hostile().evil();
  await minion.publish('salt/info/evil', { v: 1, version: 'x', max_packet: 262144, window: 1, enc: 'json' }, true);
  await minion.subscribe('salt/job/evil/#');
  return minion;
}

const job = (members: object) => ({ op: 'publish', tgt: 'm1', fun: 'test.ping', timeout: 5, ...members });
const newJobs = (): readonly string[] =>
  hostile()
    .fleet.events.all.filter(({ tag, data }) => tag.endsWith('/new') && data.user === 'minion evil')
    .map(({ data }) => String(data.fun));

test('a minion runs what it may', async () => {
  const minion = await connected();
  expect(await ask(minion, job({}))).toMatchObject({ value: { returns: { m1: { ret: true } } } });
  expect(await ask(minion, { op: 'runner', fun: 'manage.up' })).toMatchObject({
    value: expect.arrayContaining(['m1']),
  });
});

test.each([
  ['another function', { fun: 'cmd.run', arg: ['id'] }],
  ['a function whose name begins so', { fun: 'test.ping_all' }],
  ['a function whose name ends so', { fun: 'xtest.ping' }],
  ['another minion', { tgt: 'db1' }],
  ['all minions, one of which it may', { tgt: '*' }],
  ['a list with one that it may', { tgt: 'm1,db1', tgt_type: 'list' }],
  ['those that match an expression', { tgt: '.*', tgt_type: 'pcre' }],
  ['those that match a grain', { tgt: 'os:*', tgt_type: 'grain' }],
  ['itself, to be answered', { tgt: 'evil' }],
  ['publishing, by which others would ask in its name', { fun: 'publish.publish', arg: ['*', 'cmd.run', 'id'] }],
])('a job for %s is refused, and none is made', async (_what, members) => {
  const { expectUnharmed } = hostile();
  const minion = await connected();
  const before = newJobs();
  const { error } = await ask(minion, job(members));
  expect(error).toMatchObject({ code: 'NOT_PERMITTED', hint: expect.stringContaining("'peer'") });
  expect(newJobs()).toEqual(before);
  await expectUnharmed();
});

test.each([
  ['another runner', { op: 'runner', fun: 'manage.down' }, 'NOT_PERMITTED'],
  ['a runner that changes the master', { op: 'runner', fun: 'operators.add', arg: ['evil'] }, 'NOT_PERMITTED'],
  ['a wheel function', { op: 'wheel', fun: 'key.accept', arg: [['*']] }, 'MESSAGE_INVALID'],
  ['a wheel function as a runner', { op: 'runner', fun: 'key.accept', arg: [['*']] }, 'NOT_PERMITTED'],
  ['an execution function as a runner', { op: 'runner', fun: 'cmd.run', arg: ['id'] }, 'NOT_PERMITTED'],
  ['a request of an operator', { op: 'job', tgt: '*', fun: 'cmd.run', arg: ['id'] }, 'MESSAGE_INVALID'],
  ['events', { op: 'events', tag: '*' }, 'MESSAGE_INVALID'],
  ['the parts of a return', { op: 'parts', jid: '20260101000000000000', id: 'm1', from: 0 }, 'MESSAGE_INVALID'],
])('%s is refused through the door of peers', async (_what, payload, code) => {
  const { expectUnharmed, fleet } = hostile();
  const minion = await connected();
  expect((await ask(minion, payload)).error).toMatchObject({ code });
  expect(await fleet.call('runner', 'operators.list')).toEqual([]);
  await expectUnharmed();
});

test.each([
  ['the user', { user: 'root' }],
  ['a batch', { batch: { size: 1 } }],
  ['a queue for days', { queue_for: 86_400 }],
  ['that it is asynchronous', { async: true }],
  ['its metadata', { metadata: { forged: true } }],
])('what a minion may not choose of its job is not taken from it: %s', async (_what, members) => {
  const { fleet, expectUnharmed } = hostile();
  const minion = await connected();
  const { value } = await ask(minion, job(members));
  const { jid } = value as { jid: string };
  const { data } = await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/new`);
  expect(data).toMatchObject({ user: 'minion evil', fun: 'test.ping' });
  expect(JSON.stringify(data)).not.toContain('forged');
  await expectUnharmed();
});

test('a minion whose key goes while its job for others runs is answered by nobody', async () => {
  const { fleet, expectUnharmed } = hostile();
  const minion = await connected();
  minion.send('salt/req/evil/publish', { c: 'last', ...job({}) });
  await fleet.call('wheel', 'key.reject', [['evil']], { include_accepted: true });
  await minion.closed;
  await expectUnharmed();
  await fleet.call('wheel', 'key.accept', [['evil']], { include_rejected: true });
  expect(fleet.masterLog.all.filter((line) => /\bbug\b/.test(line))).toEqual([]);
});
