import { connect as connectNet } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { encodePayload } from '../../../shared/protocol/codec.ts';
import { BrokerFixture, type Client, closedOf } from './broker_fixture.ts';

const JID = '20261122093047146206';
const OTHER_JID = '20261122093047146207';

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

const refusalOf = async (client: Client): Promise<unknown> =>
  JSON.parse((await client.messages.waitFor(({ topic }) => topic.startsWith('salt/err/'))).text);
const json = (value: unknown): string => JSON.stringify(value);

test('an accepted publish is handed over decoded, checked and with its sender', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  const payload = Buffer.from(encodePayload({ data: { build: 42 } }, 'cbor'));
  await minion.mqtt.publishAsync('salt/fire/m1/app/ready', payload, { qos: 1 });
  expect(fixture.received.all).toEqual([
    {
      who: { role: 'minion', id: 'm1' },
      message: expect.objectContaining({ name: 'fire' }),
      topic: 'salt/fire/m1/app/ready',
      params: { id: 'm1', tag: 'app/ready' },
      payload: { data: { build: 42 } },
      retain: false,
      qos: 1,
    },
  ]);
});

test.each([
  ["another minion's topic", 'salt/fire/m2/x', '{}', false, 'acl'],
  ["the master's topic", 'salt/event/x', '{}', false, 'acl'],
  ['presence', 'salt/presence/m1', '{"online":false,"since":1}', true, 'acl'],
  ["the broker's own topic", '$SYS/brine/heartbeat', 'x', false, 'acl'],
  ['the local bus', '$local/x', '{}', false, 'acl'],
  ['a topic of no message', 'hello', '{}', false, 'acl'],
  ['a topic of 13 levels', 'salt/fire/m1/4/5/6/7/8/9/10/11/12/13', '{}', false, 'acl'],
  ['an event of a tag that is not its own', 'salt/fire/m1/salt/key', '{}', false, 'acl'],
  ['a part without a number', `salt/ret/${JID}/m1/x`, 'x', false, 'schema'],
  ['what is not a map', 'salt/fire/m1/app/x', '[1]', false, 'schema'],
  ['a wrong member', `salt/ack/${JID}/m1`, '{"st":"maybe"}', false, 'schema'],
  ['a jid that is none', 'salt/ack/123/m1', '{"st":"run"}', false, 'schema'],
  ['a retained command', 'salt/req/m1/hello', '{"c":"x"}', true, 'schema'],
  ['a forbidden CBOR tag', 'salt/fire/m1/app/x', Buffer.from('a16161c240', 'hex'), false, 'schema'],
  ['too large a payload', 'salt/fire/m1/app/x', `{"x":"${'y'.repeat(256 * 1024)}"}`, false, 'size'],
  ["another minion's return", `salt/ret/${JID}`, '{"id":"m2"}', false, 'acl'],
  ["another minion's return, long form", `salt/ret/${JID}/m2`, '{"id":"m2"}', false, 'acl'],
  ['a long-form return that names another minion', `salt/ret/${JID}/m1`, '{"id":"m2"}', false, 'acl'],
  ['a return that names another job', `salt/ret/${JID}`, json({ id: 'm1', jid: OTHER_JID }), false, 'schema'],
])('a minion that publishes %s is answered, told why and stays', async (_what, topic, payload, retain, reason) => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('#', { qos: 1 });
  const minion = await fixture.minion('m1');
  await minion.mqtt.publishAsync(topic, payload, { qos: 1, retain });
  const refusal = { topic: topic.slice(0, 64), reason, message: expect.any(String), mid: expect.any(Number) };
  expect(await refusalOf(minion)).toEqual(refusal);
  expect(await refusalOf(observer)).toEqual(refusal);
  await minion.mqtt.publishAsync('salt/fire/m1/still/here', '{}', { qos: 1 });
  await observer.messages.waitFor((message) => message.topic === 'salt/fire/m1/still/here');
  expect(observer.messages.all.map((message) => message.topic)).toEqual(['salt/err/m1', 'salt/fire/m1/still/here']);
  expect(fixture.received.all.map((received) => received.topic)).toEqual(['salt/fire/m1/still/here']);
});

test('a refusal fits the packet of a constrained minion, also when its topic does not', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  await minion.mqtt.publishAsync(`salt/fire/${'x'.repeat(300)}/x`, '{}', { qos: 1 });
  const { topic, payload } = await minion.messages.waitFor(() => true);
  expect(topic.length + payload.length + 5).toBeLessThanOrEqual(256);
});

test('a minion that subscribed to its refusals gets each once', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  await minion.mqtt.subscribeAsync('salt/err/m1');
  await minion.mqtt.publishAsync('nonsense', '{}', { qos: 1 });
  await minion.mqtt.publishAsync('more nonsense', '{}', { qos: 1 });
  await minion.messages.waitFor(({ text }) => text.includes('more nonsense'));
  expect(minion.messages.all).toHaveLength(2);
});

test('an operator is told of its own refusals, once', async () => {
  fixture = await BrokerFixture.start();
  const operator = await fixture.operator();
  await operator.mqtt.subscribeAsync('#');
  await operator.mqtt.publishAsync('salt/op/alice/req/a1', '{}', { qos: 1 });
  expect(await refusalOf(operator)).toMatchObject({ reason: 'acl', topic: 'salt/op/alice/req/a1' });
  await operator.mqtt.publishAsync('nonsense', '{}', { qos: 1 });
  await operator.messages.waitFor(({ text }) => text.includes('nonsense'));
  expect(operator.messages.all).toHaveLength(2);
});

test('a client is disconnected when it is refused too often', async () => {
  fixture = await BrokerFixture.start({ limits: { refusalsMax: 3 } });
  const minion = await fixture.minion('m1');
  for (const number of [1, 2, 3]) minion.mqtt.publish(`nonsense/${number}`, '{}', { qos: 0 });
  await closedOf(minion);
  expect(fixture.broker.counters()).toMatchObject({ publishes_refused_acl: 3 });
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('too many refused publishes client=m1 refusals=3'));
  expect(minion.messages.all.map(({ topic }) => topic)).toEqual(Array(3).fill('salt/err/m1'));
});

test('publishes above the rate are refused, and a new second allows new ones', async () => {
  let nowMs = 0;
  fixture = await BrokerFixture.start({ limits: { publishesPerSecond: 2 }, clock: { monotonicMs: () => nowMs } });
  const minion = await fixture.minion('m1');
  const fire = (number: number) => minion.mqtt.publishAsync(`salt/fire/m1/n/${number}`, '{}', { qos: 1 });
  for (let number = 0; number < 11; number++) await fire(number);
  expect(await refusalOf(minion)).toMatchObject({ reason: 'rate', topic: 'salt/fire/m1/n/10' });
  nowMs += 500;
  await fire(11);
  expect(fixture.received.all).toHaveLength(11);
});

test('returns are never refused for their rate', async () => {
  fixture = await BrokerFixture.start({
    limits: { publishesPerSecond: 1 },
    clock: { monotonicMs: () => 0 },
    received: () => Promise.resolve(),
  });
  const minion = await fixture.minion('m1');
  const returns = Array.from({ length: 300 }, () =>
    minion.mqtt.publishAsync(`salt/ret/${JID}`, json({ id: 'm1' }), { qos: 1 }),
  );
  await Promise.all(returns);
  expect(fixture.received.all).toHaveLength(300);
  expect(fixture.broker.counters()).toMatchObject({ publishes_refused_rate: 0 });
});

test('operators are not limited in their rate', async () => {
  fixture = await BrokerFixture.start({ limits: { publishesPerSecond: 1 }, clock: { monotonicMs: () => 0 } });
  const operator = await fixture.operator();
  const request = json({ op: 'runner', fun: 'jobs.active' });
  for (let n = 0; n < 20; n++) await operator.mqtt.publishAsync(`salt/op/root/req/${n}`, request, { qos: 1 });
  expect(fixture.received.all).toHaveLength(20);
});

test.each([
  ['a return', `salt/ret/${JID}`, { id: 'm1', jid: JID }],
  ['an event', 'salt/fire/m1/a/b', { data: {} }],
])('%s is acknowledged when it is stored and not before', async (_what, topic, payload) => {
  let store = (): void => undefined;
  fixture = await BrokerFixture.start({
    received: ({ who }) => (who.id === 'm1' ? new Promise((resolve) => (store = resolve)) : undefined),
  });
  const minion = await fixture.minion('m1');
  let isAcknowledged = false;
  const sent = minion.mqtt.publishAsync(topic, json(payload), { qos: 1 });
  const acknowledged = sent.then(() => (isAcknowledged = true));
  await fixture.received.waitForCount(1);
  const other = await fixture.minion('m2');
  await other.mqtt.publishAsync('salt/fire/m2/a', '{}', { qos: 1 });
  expect(isAcknowledged).toBe(false);
  store();
  await acknowledged;
  expect(fixture.received.all[0]).toMatchObject({ topic, payload });
});

test('a return that cannot be stored is not acknowledged: the connection is closed and the minion sends again', async () => {
  fixture = await BrokerFixture.start({ received: () => Promise.reject(new Error('disk full')) });
  const minion = await fixture.minion('m1');
  let isAcknowledged = false;
  minion.mqtt.publish(`salt/ret/${JID}/m1`, json({ id: 'm1' }), { qos: 1 }, (error) => (isAcknowledged = !error));
  await closedOf(minion);
  expect(isAcknowledged).toBe(false);
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('disk full'));
});

test('a handler that throws at what need not be stored costs neither the connection nor the broker', async () => {
  fixture = await BrokerFixture.start({
    received() {
      throw new TypeError('a bug');
    },
  });
  const minion = await fixture.minion('m1');
  await minion.mqtt.publishAsync(`salt/ack/${JID}/m1`, json({ st: 'run' }), { qos: 1 });
  await minion.mqtt.publishAsync(`salt/ack/${JID}/m1`, json({ st: 'run' }), { qos: 1 });
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('TypeError: a bug'));
});

test('a return whose handler throws is not acknowledged', async () => {
  fixture = await BrokerFixture.start({
    received() {
      throw new TypeError('a bug');
    },
  });
  const minion = await fixture.minion('m1');
  let isAcknowledged = false;
  minion.mqtt.publish(`salt/ret/${JID}`, json({ id: 'm1' }), { qos: 1 }, (error) => (isAcknowledged = !error));
  await closedOf(minion);
  expect(isAcknowledged).toBe(false);
});

test('a will passes the same checks as a publish', async () => {
  fixture = await BrokerFixture.start();
  const good = await fixture.minion('m1', {
    will: { topic: 'salt/fire/m1/app/gone', payload: Buffer.from('{}'), qos: 1, retain: false },
  });
  const bad = await fixture.minion('m2', {
    will: { topic: 'salt/presence/m1', payload: Buffer.from('{"online":false,"since":1}'), qos: 1, retain: true },
  });
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('#');
  bad.socket.destroy();
  expect(await refusalOf(observer)).toMatchObject({ topic: 'salt/presence/m1', reason: 'acl' });
  good.socket.destroy();
  expect(await fixture.received.waitFor(() => true)).toMatchObject({ topic: 'salt/fire/m1/app/gone' });
  const late = await fixture.operator();
  await late.mqtt.subscribeAsync('salt/presence/#');
  await late.mqtt.publishAsync('nonsense', '');
  await late.messages.waitFor(({ topic }) => topic === 'salt/err/root');
  expect(late.messages.all).toHaveLength(1);
});

test('a client that publishes with QoS 2 is served, and its observers get QoS 1', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('salt/#', { qos: 2 });
  const minion = await fixture.minion('m1');
  await minion.mqtt.publishAsync('salt/fire/m1/app/a', '{}', { qos: 2 });
  expect(await observer.messages.waitFor(() => true)).toMatchObject({ topic: 'salt/fire/m1/app/a', qos: 1 });
  expect(fixture.received.all).toHaveLength(1);
});

test('what follows the publish that was one too many is dropped', async () => {
  fixture = await BrokerFixture.start({ limits: { refusalsMax: 1 } });
  const raw = fixture.raw(() => connectNet(fixture.tcpPort, '127.0.0.1'));
  await raw.connectAsOperator();
  const publish = { cmd: 'publish', payload: '{}', qos: 0, dup: false, retain: false } as const;
  raw.write({ ...publish, topic: 'nonsense' }, { ...publish, topic: 'more/nonsense' });
  await raw.closed;
  expect(fixture.broker.counters()).toMatchObject({ publishes_refused_acl: 1 });
});

test('however many clients publish at the same time, each turn of the event loop handles some of them', async () => {
  const handledIn: number[] = [];
  let turn = 0;
  fixture = await BrokerFixture.start({
    received() {
      handledIn[turn] = (handledIn[turn] ?? 0) + 1;
      const untilMs = performance.now() + 2;
      while (performance.now() < untilMs);
      return undefined;
    },
  });
  const clients = await Promise.all(Array.from({ length: 40 }, () => fixture.operator()));
  const request = json({ op: 'runner', fun: 'jobs.active' });
  let isOver = false;
  const countTurns = (): void => {
    turn++;
    if (!isOver) setImmediate(countTurns);
  };
  countTurns();
  await Promise.all(clients.map(({ mqtt }, n) => mqtt.publishAsync(`salt/op/root/req/${n}`, request, { qos: 1 })));
  isOver = true;
  expect(fixture.received.all).toHaveLength(clients.length);
  expect(Math.max(...handledIn.filter((count) => count !== undefined))).toBeLessThan(clients.length / 4);
});

test('what a client sent before it went away is handled, though it had to wait for its turn', async () => {
  const fired: string[] = [];
  fixture = await BrokerFixture.start({
    received({ topic }) {
      fired.push(topic);
      const untilMs = performance.now() + 2;
      while (performance.now() < untilMs);
      return undefined;
    },
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => fixture.operator()));
  const request = json({ op: 'runner', fun: 'jobs.active' });
  const gone = clients.map(({ mqtt, socket }, n) => {
    mqtt.publish(`salt/op/root/req/${n}`, request, { qos: 0 });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end();
    return closed;
  });
  await Promise.all(gone);
  await fixture.received.waitForCount(clients.length);
  expect(fired).toHaveLength(clients.length);
});
