import { afterEach, expect, test } from 'vitest';
import { Presence } from '../../../shared/protocol/messages/event.ts';
import { BrokerFixture, closedOf } from './broker_fixture.ts';

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

const ONLINE = { kind: 'online', id: 'm1', address: '127.0.0.1' } as const;
const OFFLINE = { kind: 'offline', id: 'm1' } as const;

test.each(['salt/job/m1', 'salt/job/m1/#'])('a minion is online when it has subscribed to %s', async (filter) => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  await minion.mqtt.subscribeAsync('salt/err/m1');
  expect(fixture.broker.isOnline('m1')).toBe(false);
  await minion.mqtt.subscribeAsync(filter);
  expect(fixture.broker.isOnline('m1')).toBe(true);
  expect(fixture.presence.all).toEqual([ONLINE]);
});

test('a minion is offline when its connection ends, however it ends', async () => {
  fixture = await BrokerFixture.start();
  const leaving = await fixture.onlineMinion('m1');
  await leaving.mqtt.endAsync();
  await fixture.presence.waitForCount(2);
  const cut = await fixture.onlineMinion('m1');
  cut.socket.destroy();
  expect(await fixture.presence.waitForCount(4)).toEqual([ONLINE, OFFLINE, ONLINE, OFFLINE]);
  expect(fixture.broker.isOnline('m1')).toBe(false);
});

test('a minion that gives up its jobs is offline', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.onlineMinion('m1');
  await minion.mqtt.unsubscribeAsync('salt/job/m1/#');
  expect(fixture.presence.all).toEqual([ONLINE, OFFLINE]);
});

test('a minion that connects again before its old connection ended was never offline', async () => {
  fixture = await BrokerFixture.start();
  const old = await fixture.onlineMinion('m1');
  await fixture.onlineMinion('m1');
  await closedOf(old);
  expect(fixture.presence.all).toEqual([ONLINE, ONLINE]);
  expect(fixture.broker.isOnline('m1')).toBe(true);
});

test('between takeover and the new subscription nothing is sent into the void', async () => {
  fixture = await BrokerFixture.start();
  await fixture.onlineMinion('m1');
  const newer = await fixture.minion('m1');
  const packet = { topic: 'salt/job/m1', payload: Buffer.from('{}'), qos: 1, retain: false } as const;
  expect(fixture.broker.send('m1', packet)).toBe(false);
  newer.socket.destroy();
  expect(await fixture.presence.waitForCount(2)).toEqual([ONLINE, OFFLINE]);
});

test('of many connections of one minion at once, one stays and is online', async () => {
  fixture = await BrokerFixture.start();
  await fixture.onlineMinion('m1');
  const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => fixture.onlineMinion('m1')));
  const alive = attempts.filter((attempt) => attempt.status === 'fulfilled' && attempt.value.mqtt.connected);
  expect(alive.length).toBeGreaterThanOrEqual(1);
  expect(fixture.broker.isOnline('m1')).toBe(true);
  expect(fixture.presence.all.every(({ kind }) => kind === 'online')).toBe(true);
  const told = new Promise<void>((resolve) => {
    const job = { topic: 'salt/job/m1', payload: Buffer.from('{}'), qos: 1, retain: false } as const;
    expect(fixture.broker.send('m1', job, resolve)).toBe(true);
  });
  await told;
});

test('presence is retained, written by the broker and read by operators', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.onlineMinion('m1');
  const operator = await fixture.operator();
  await operator.mqtt.subscribeAsync('salt/presence/+', { qos: 1 });
  const first = await operator.messages.waitFor(({ retain }) => retain);
  expect(Presence.decode(first.topic, first.payload)).toEqual({
    params: { id: 'm1' },
    payload: { online: true, since: expect.any(Number), address: '127.0.0.1' },
  });
  minion.socket.destroy();
  const second = await operator.messages.waitFor(({ retain }) => !retain);
  expect(Presence.decode(second.topic, second.payload)?.payload.online).toBe(false);
});

test('a minion whose will claims that it is gone stays online while it is connected again', async () => {
  fixture = await BrokerFixture.start();
  const will = { topic: 'salt/fire/m1/app/gone', payload: Buffer.from('{}'), qos: 1, retain: false } as const;
  await fixture.onlineMinion('m1', { will });
  await fixture.onlineMinion('m1');
  await fixture.received.waitFor(({ topic }) => topic === 'salt/fire/m1/app/gone');
  expect(fixture.broker.isOnline('m1')).toBe(true);
});

test('disconnect ends all connections of one client, without their wills, and no other', async () => {
  fixture = await BrokerFixture.start();
  const will = { topic: 'salt/fire/m1/app/gone', payload: Buffer.from('{}'), qos: 1, retain: false } as const;
  const minion = await fixture.onlineMinion('m1', { will });
  const other = await fixture.onlineMinion('m2');
  fixture.broker.disconnect({ role: 'minion', id: 'm1' }, 'its key was deleted');
  await closedOf(minion);
  await fixture.presence.waitFor(({ kind }) => kind === 'offline');
  await other.mqtt.publishAsync('salt/fire/m2/still/here', '{}', { qos: 1 });
  expect(fixture.received.all.map(({ topic }) => topic)).toEqual(['salt/fire/m2/still/here']);
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('reason=its key was deleted'));
  expect(fixture.broker.isOnline('m2')).toBe(true);
});

test('of a minion that is forgotten nothing stays retained, and it is offline before its connection has ended', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.onlineMinion('m1');
  await minion.mqtt.publishAsync('salt/info/m1', '{"v":1,"max_packet":256}', { qos: 1, retain: true });
  await fixture.onlineMinion('m2');
  const watching = await fixture.operator();
  await watching.mqtt.subscribeAsync('salt/+/m1', { qos: 1 });
  await watching.messages.waitFor(({ topic }) => topic === 'salt/info/m1');
  fixture.broker.forget('m1', 'its key was deleted');
  expect(fixture.presence.all.at(-1)).toEqual(OFFLINE);
  await closedOf(minion);
  await watching.messages.waitFor(({ topic, text }) => topic === 'salt/info/m1' && text === '');
  const told = watching.messages.all.filter(({ topic, retain }) => topic === 'salt/presence/m1' && !retain);
  expect(told.map(({ text }) => text)).toEqual([expect.stringContaining('"online":false'), '']);
  const later = await fixture.operator();
  await later.mqtt.subscribeAsync(['salt/presence/+', 'salt/info/+'], { qos: 1 });
  await later.messages.waitFor(({ topic }) => topic === 'salt/presence/m2');
  expect(later.messages.all.map(({ topic }) => topic)).toEqual(['salt/presence/m2']);
  expect(fixture.presence.all.filter(({ kind, id }) => kind === 'offline' && id === 'm1')).toHaveLength(1);
});
