import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { useHostileFleet } from '../support/hostile_fleet.ts';

const hostile = useHostileFleet();
const JID = '20260101000000000000';
const REFUSED = 128;
const owner = userInfo().username;

/** Topics of other parties of the table, one of each kind, and what is in no table. */
test.each([
  'salt/job/m1',
  'salt/job/evil',
  'salt/job/m1/ctl',
  'salt/job/m1/rsp/x',
  'salt/job/m1/blk/f/0',
  'salt/err/m1',
  'salt/err/evil',
  'salt/event/salt/key',
  'salt/presence/m1',
  'salt/presence/evil',
  'salt/master',
  'salt/info/m1',
  'salt/req/m1/hello',
  'salt/req/m1/publish',
  `salt/enroll/${'ab'.repeat(32)}`,
  `salt/enroll/${'ab'.repeat(32)}/rsp`,
  `salt/op/${owner}/req/x`,
  `salt/op/${owner}/rsp/x`,
  '$SYS/broker/x',
  '$SYS/brine/new/clients',
  '$local/x',
  '$share/g/salt/job/m1',
  '$nowhere',
  'salt',
  'salt/',
  '/salt/job/m1',
  'salt/job/m1/',
  'salt//job/m1',
  'SALT/JOB/M1',
  'ѕalt/job/m1',
  'salt/fire/еvil/x',
  'salt/fire/evil',
  'salt/fire/evil/',
  'salt/fire/EVIL/x',
  'salt/fire/../m1/x',
  'salt/req/evil/../m1/hello',
])('a minion that publishes to %s is refused and told, the operator sees it, and nobody gets it', async (topic) => {
  const { evil, refusals, counters, expectUnharmed, attacker, openOperators } = hostile();
  const watcher = attacker(openOperators());
  await watcher.connect('watcher');
  await watcher.subscribe('#', '$SYS/brine/new/clients');
  await watcher.settled();
  const from = watcher.got.length;
  const before = counters().publishes_refused_acl ?? 0;
  const minion = await evil();
  await minion.publish(topic, {
    c: 'x',
    online: false,
    since: 1,
    op: 'job',
    tgt: '*',
    fun: 'test.ping',
    forged: 'mark',
  });
  // As much of it as fits the packet of a constrained minion.
  const told = topic.slice(0, 64);
  expect(minion.refusals).toEqual([expect.objectContaining({ topic: told, reason: 'acl' })]);
  await refusals.waitFor(({ topic: at, text }) => at === 'salt/err/evil' && text.includes(JSON.stringify(told)));
  expect(counters().publishes_refused_acl).toBe(before + 1);
  await watcher.settled();
  expect(watcher.got.slice(from).filter(({ text }) => text.includes('mark'))).toEqual([]);
  await expectUnharmed();
});

test.each([
  ...['#', '+', '+/#', '+/+/+', 'salt/#', 'salt/+/evil', 'salt/job/#', 'salt/job/+', 'salt/job/+/#', 'salt/job/m1'],
  ...['salt/job/m1/#', 'salt/ret/#', 'salt/ret/+/evil', `salt/ret/${JID}`, 'salt/ack/#', 'salt/req/#'],
  ...['salt/fire/#', 'salt/fire/evil/#', 'salt/event/#', 'salt/presence/#', 'salt/info/#', 'salt/err/#', 'salt/err/+'],
  ...['salt/err/m1', 'salt/enroll/#', 'salt/op/#', `salt/op/${owner}/rsp/#`, 'salt/master/#', '+/master', 'salt/+'],
  ...['$SYS/#', '$SYS/+/new/clients', '$local/#', '$local/x', '$nowhere', '$share/g/salt/job/evil'],
  ...[
    '$share/g/#',
    '$share/salt/job/evil',
    '/salt/job/evil',
    'salt//job',
    'salt/job/EVIL',
    'salt/job/еvil',
    'salt/job/evil\u0000',
  ],
  ...['salt/job', `salt/job/evil/${'x'.repeat(200)}`, 'salt/job/../m1'],
])('a minion that subscribes to %s is refused', async (filter) => {
  const { evil, counters } = hostile();
  const before = counters().subscriptions_refused ?? 0;
  const minion = await evil();
  expect(await minion.subscribe(filter)).toEqual([REFUSED]);
  expect(counters().subscriptions_refused).toBe(before + 1);
  expect(await minion.subscribe('salt/job/evil')).toEqual([1]);
});

test.each(['salt/job/e+', 'salt/#/x', 'salt/job/evil#', ''])(
  'a minion that subscribes to %j, which is no filter, is cut off as MQTT has it, and said so in the log',
  async (filter) => {
    const { evil, fleet, counters, expectUnharmed } = hostile();
    const before = counters().protocol_errors ?? 0;
    const lines = fleet.masterLog.all.length;
    const minion = await evil();
    void minion.subscribe(filter);
    await minion.closed;
    expect(counters().protocol_errors).toBe(before + 1);
    expect(fleet.masterLog.all.slice(lines)).toContainEqual(expect.stringContaining('not MQTT as it should be'));
    await expectUnharmed();
  },
);

test('refused filters beside good ones deliver nothing, also not to a session that wants to be kept', async () => {
  const { evil, expectUnharmed, fleet } = hostile();
  const filters = ['salt/job/evil/#', 'salt/job/m1/#', '#', 'salt/event/#', 'salt/presence/#', '$SYS/#'];
  for (const round of [1, 2]) {
    const minion = await evil({ clean: false });
    if (round === 1) {
      const [first, ...others] = await minion.subscribe(...filters);
      expect([first, ...others]).toEqual([1, ...others.map(() => REFUSED)]);
    }
    await fleet.call('wheel', 'key.list_all');
    await expectUnharmed();
    await minion.settled();
    const foreign = minion.got.filter(({ topic }) => !topic.startsWith('salt/job/evil/'));
    expect(foreign).toEqual([]);
    minion.socket.destroy();
    await minion.closed;
  }
});

test('a client that was never enrolled hears nothing but answers to itself, and says nothing but its offer', async () => {
  const { attacker, openTls, refusals, expectUnharmed } = hostile();
  const fingerprint = 'cd'.repeat(32);
  const stranger = attacker(openTls());
  expect(await stranger.connect(fingerprint)).toBe(0);
  const filters = ['#', 'salt/job/m1', 'salt/enroll/#', `salt/enroll/${'ab'.repeat(32)}/rsp`, 'salt/master', '$SYS/#'];
  expect(await stranger.subscribe(...filters)).toEqual(filters.map(() => REFUSED));
  const topics = ['salt/event/x', `salt/ret/${JID}`, 'salt/fire/m1/a/b', 'salt/req/m1/hello', `salt/op/${owner}/req/x`];
  for (const topic of topics) await stranger.publish(topic, { id: 'm1', c: 'x' });
  await refusals.waitFor(() => topics.every((topic) => refusals.all.some(({ text }) => text.includes(`"${topic}"`))));
  await stranger.settled();
  expect(stranger.got).toEqual([]);
  await expectUnharmed();
});

test('answers to one operator are not heard by another, whatever he subscribes to, and he cannot ask in its name', async () => {
  const { fleet, attacker, openOperators, expectUnharmed } = hostile();
  const password = String(await fleet.call('runner', 'operators.add', ['mallory']));
  const other = attacker(openOperators());
  expect(await other.connect('other', { username: 'mallory', password })).toBe(0);
  await other.subscribe('#', `salt/op/${owner}/rsp/#`, `salt/op/${owner}/req/#`, 'salt/op/+/rsp/+');
  await expectUnharmed();
  await other.publish(`salt/op/${owner}/req/x`, { op: 'job', tgt: 'm1', fun: 'test.ping' });
  await other.publish(`salt/op/${owner}/fire/app/forged`);
  await other.settled();
  expect(other.got.filter(({ topic }) => topic.startsWith(`salt/op/${owner}/`))).toEqual([]);
  expect(other.refusals.filter(({ reason }) => reason === 'acl')).toHaveLength(2);
  expect(fleet.events.all.filter(({ tag }) => tag === 'app/forged')).toEqual([]);
});
