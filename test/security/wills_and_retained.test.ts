import type { IPublishPacket, Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { useHostileFleet } from '../support/hostile_fleet.ts';

const hostile = useHostileFleet();
const JID = '20260101000000000000';

/** What a client that comes now is given of retained state. */
async function retained(): Promise<readonly string[]> {
  const { attacker, openOperators } = hostile();
  const newcomer = attacker(openOperators());
  await newcomer.connect(`newcomer${Math.random()}`);
  await newcomer.subscribe('#');
  // It comes last.
  await newcomer.packets.waitFor((packet) => packet.cmd === 'publish' && packet.topic === 'salt/master');
  await newcomer.settled();
  newcomer.socket.destroy();
  const isState = (packet: Packet): packet is IPublishPacket => packet.cmd === 'publish' && packet.retain;
  return newcomer.packets.all.filter(isState).map(({ topic, payload }) => `${topic} ${payload}`);
}

const willOf = (topic: string, payload: object, retain = true) => ({
  topic,
  payload: Buffer.from(JSON.stringify(payload)),
  qos: 1 as const,
  retain,
});

test.each([
  ['a job', 'salt/job/m1', { jid: JID, fun: 'cmd.run', arg: ['id'], exp: 4_000_000_000 }],
  ['presence', 'salt/presence/m1', { online: false, since: 1 }],
  ['the master', 'salt/master', { boot: 'x', time: 1, v: 1, kid: 'x' }],
  ['a return of another', `salt/ret/${JID}`, { id: 'm1', return: 'forged' }],
  ['an event of the master', 'salt/event/salt/key', { act: 'accept' }],
  ['the info of another', 'salt/info/m1', { max_packet: 1 }],
  ['an event of another', 'salt/fire/m1/app/x', {}],
])('a will is no way around the access rules: %s', async (_what, topic, payload) => {
  const { evil, refusals, expectUnharmed, counters } = hostile();
  const before = await retained();
  const refused = (): number => Number(counters().publishes_refused_acl) + Number(counters().publishes_refused_schema);
  const refusedBefore = refused();
  const told = refusals.all.length;
  const minion = await evil({ will: willOf(topic, payload) });
  minion.socket.destroy();
  await refusals.waitFor((message) => refusals.all.indexOf(message) >= told && message.text.includes(topic));
  expect(refused()).toBe(refusedBefore + 1);
  await expectUnharmed();
  expect(await retained()).toEqual(before);
});

test('a will that is published is an event like any other and is not retained', async () => {
  const { evil, fleet, refusals, expectUnharmed } = hostile();
  const kept = await evil({ will: willOf('salt/fire/evil/app/gone', { n: 1 }, false) });
  kept.socket.destroy();
  const { data } = await fleet.events.waitFor(({ tag }) => tag === 'app/gone');
  expect(data).toMatchObject({ id: 'evil', data: { n: 1 } });
  const retaining = await evil({ will: willOf('salt/fire/evil/app/stays', { n: 2 }) });
  retaining.socket.destroy();
  await refusals.waitFor(({ text }) => text.includes('app/stays'));
  expect((await retained()).filter((line) => line.includes('app/'))).toEqual([]);
  await expectUnharmed();
});

test('the will of a minion whose key is deleted is not published', async () => {
  const { evil, fleet, expectUnharmed, refusals } = hostile();
  const told = refusals.all.length;
  const minion = await evil({ will: willOf('salt/fire/evil/app/last_word', {}, false) });
  await fleet.call('wheel', 'key.reject', [['evil']], { include_accepted: true });
  await minion.closed;
  await fleet.call('wheel', 'key.accept', [['evil']], { include_rejected: true });
  // Whatever the end of the connection brings has come before this.
  const again = await evil();
  await again.publish('salt/fire/evil/app/after', {});
  expect(fleet.events.all.filter(({ tag }) => tag === 'app/last_word')).toEqual([]);
  expect(refusals.all).toHaveLength(told);
  await expectUnharmed();
});

test('nothing of a minion but its own info can be retained, and nothing of another can be taken back', async () => {
  const { evil, fleet, expectUnharmed } = hostile();
  const minion = await evil();
  const before = await retained();
  for (const topic of ['salt/fire/evil/app/x', 'salt/req/evil/hello', `salt/ret/${JID}`, `salt/ack/${JID}/evil`]) {
    await minion.publish(topic, { id: 'evil', c: 'x', st: 'run' }, true);
  }
  expect(minion.refusals.map(({ reason }) => reason)).toEqual(Array(4).fill('schema'));
  for (const topic of ['salt/info/m1', 'salt/presence/m1', 'salt/master']) await minion.publish(topic, '', true);
  expect(minion.refusals.slice(4).map(({ reason }) => reason)).toEqual(Array(3).fill('acl'));
  expect(await retained()).toEqual(before);
  expect(before.some((line) => line.startsWith('salt/presence/m1 '))).toBe(true);
  expect(fleet.events.all.filter(({ tag }) => tag === 'app/x')).toEqual([]);
  await expectUnharmed();
});

test('what a minion says of itself counts for itself alone', async () => {
  const { evil, expectUnharmed } = hostile();
  const minion = await evil();
  const info = { v: 1, version: 'x', max_packet: 1, window: 1, enc: 'json' };
  await minion.publish('salt/info/evil', info, true);
  await minion.publish('salt/info/evil', { ...info, max_packet: 1e12, window: 1e9 }, true);
  await minion.publish('salt/info/evil', { ...info, max_packet: -1 }, true);
  await expectUnharmed();
  expect((await retained()).filter((line) => line.startsWith('salt/info/')).length).toBeLessThanOrEqual(2);
});
