import { once } from 'node:events';
import { connect as connectNet } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { generate, type Packet as MqttPacket } from 'mqtt-packet';
import { afterEach, expect, test } from 'vitest';
import { MasterEvent } from '../../../shared/protocol/messages/event.ts';
import { BrokerFixture, type RawClient } from './broker_fixture.ts';

const MB = 1024 * 1024;

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

const warnings = (): string[] => fixture.logged.all.filter((line) => line.includes('[WARNING ]'));

/** A fixed header that announces that many bytes [MQTT-2.2.3]. */
function header(firstByte: number, length: number): Buffer {
  const bytes = [firstByte];
  for (let rest = length; bytes.length < 5; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) | 128 : rest);
    if (rest < 128) break;
  }
  return Buffer.from(bytes);
}

/** Streams until the broker hangs up; how many bytes it could get rid of. */
async function stream(client: RawClient): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let isClosed = false;
  void client.closed.then(() => (isClosed = true));
  while (!isClosed) {
    const drained = new Promise((resolve) => client.socket.once('drain', resolve));
    if (!client.socket.write(chunk)) await Promise.race([client.closed, drained]);
    else await nextTurn();
  }
  return client.socket.bytesWritten;
}

test('an unauthenticated CONNECT of 256 MB is cut off at its header', async () => {
  fixture = await BrokerFixture.start();
  const raw = fixture.raw();
  const before = process.memoryUsage().rss;
  raw.socket.write(header(0x10, 268_435_455));
  expect(await stream(raw)).toBeLessThan(16 * MB);
  expect(process.memoryUsage().rss - before).toBeLessThan(32 * MB);
  expect(warnings()).toEqual([expect.stringContaining('a packet of 268435455 bytes is announced, limit 4096')]);
  expect(fixture.broker.counters()).toMatchObject({ connects_too_large: 1, packets_too_large: 0 });
  await fixture.operator();
});

test('a client may send larger packets after CONNECT, up to the limit', async () => {
  fixture = await BrokerFixture.start({ limits: { packetBytesMax: 10_000 } });
  const raw = fixture.raw();
  await raw.connectAsOperator();
  const publish = { cmd: 'publish', topic: 'nonsense', qos: 1, dup: false, retain: false } as const;
  raw.write({ ...publish, messageId: 1, payload: Buffer.alloc(9000) });
  await raw.packets.waitFor(({ cmd }) => cmd === 'puback');
  raw.socket.write(header(0x32, 10_001));
  await raw.closed;
  expect(warnings()).toEqual([expect.stringContaining('client=alice')]);
});

test('bytes that are not MQTT close the connection with one line, and the broker stays', async () => {
  fixture = await BrokerFixture.start();
  const raw = fixture.raw();
  raw.socket.write('GET / HTTP/1.1\r\nHost: master\r\n\r\n');
  await raw.closed;
  expect(warnings()).toEqual([expect.stringContaining('not MQTT as it should be')]);
  expect(fixture.broker.counters()).toMatchObject({ protocol_errors: 1 });
  await fixture.operator();
});

test.each([
  ['a packet before CONNECT', [{ cmd: 'pingreq' }]],
  ['a second CONNECT', [connectPacket(), connectPacket()]],
  ['MQTT 5', [{ ...connectPacket(), protocolVersion: 5 }]],
  ['a filter with a misplaced wildcard', [connectPacket(), subscribePacket('a/#/b')]],
  ['an empty topic', [connectPacket(), publishPacket('')]],
  ['a topic with a wildcard', [connectPacket(), publishPacket('salt/+')]],
] as [string, MqttPacket[]][])('%s closes the connection with one line', async (_what, packets) => {
  fixture = await BrokerFixture.start();
  const raw = fixture.raw();
  for (const packet of packets) {
    raw.socket.write(packet.cmd === 'publish' ? rawPublish(packet.topic) : generate(packet));
    if (packet !== packets.at(-1)) await raw.packets.waitFor(({ cmd }) => cmd === 'connack');
  }
  await raw.closed;
  expect(warnings()).toHaveLength(1);
});

function connectPacket(): MqttPacket {
  const password = Buffer.from('secret');
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'x', username: 'alice', password };
}
function subscribePacket(topic: string): MqttPacket {
  return { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] };
}
function publishPacket(topic: string): MqttPacket {
  return { cmd: 'publish', topic, payload: '{}', qos: 0, dup: false, retain: false };
}
/** What no library writes. */
function rawPublish(topic: string): Buffer {
  return Buffer.concat([header(0x30, 2 + topic.length), Buffer.from([0, topic.length]), Buffer.from(topic)]);
}

test('no bytes whatever bring the broker down', async () => {
  fixture = await BrokerFixture.start({ limits: { publishesPerSecond: 1e6, refusalsMax: 1e6 } });
  const random = createRandom(20261122);
  const samples = [connectPacket(), subscribePacket('salt/#'), publishPacket('salt/event/x')].map((p) => generate(p));
  for (let round = 0; round < 150; round++) {
    const raw = fixture.raw();
    if (round % 2 === 0) await raw.connectAsOperator(`fuzz${round}`);
    const bytes = Buffer.concat(
      Array.from({ length: 4 }, () => mutate(samples[random(samples.length)] as Buffer, random)),
    );
    raw.socket.end(bytes);
    await raw.closed;
  }
  await fixture.operator();
});

/** A repeatable source of numbers below a bound. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutate(sample: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(sample);
  for (let n = random(4); n >= 0; n--) bytes[random(bytes.length)] = random(256);
  return random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}

test('strangers cannot flood the log', async () => {
  fixture = await BrokerFixture.start({ clock: { monotonicMs: () => 0 } });
  const strangers = Array.from({ length: 30 }, () => fixture.raw());
  for (const raw of strangers) raw.socket.write('nonsense nonsense');
  await Promise.all(strangers.map(({ closed }) => closed));
  expect(warnings()).toHaveLength(10);
  expect(fixture.broker.counters()).toMatchObject({ protocol_errors: 30 });
});

test('connections above the limit are closed and counted, but for the owner on the unix socket', async () => {
  fixture = await BrokerFixture.start({ limits: { connectionsMax: 2 } });
  const first = fixture.raw();
  await first.connectAsOperator('first');
  await fixture.raw().connectAsOperator('second');
  const third = fixture.raw();
  await third.closed;
  expect(fixture.broker.counters()).toMatchObject({ connections_over_limit: 1 });
  expect(warnings()).toEqual([expect.stringContaining('connectionsMax of 2 reached')]);
  await fixture.operator();
});

test('a connection that ended makes room for another', async () => {
  fixture = await BrokerFixture.start({ limits: { connectionsMax: 1 } });
  const first = fixture.raw();
  await first.connectAsOperator();
  first.socket.write('nonsense nonsense');
  await first.closed;
  await fixture.raw().connectAsOperator();
});

test('connections above the rate are closed and counted; a second later others may come', async () => {
  let nowMs = 0;
  fixture = await BrokerFixture.start({ limits: { connectsPerSecond: 2 }, clock: { monotonicMs: () => nowMs } });
  await fixture.raw().connectAsOperator('first');
  await fixture.raw().connectAsOperator('second');
  await fixture.raw().closed;
  expect(fixture.broker.counters()).toMatchObject({ connections_over_limit: 1 });
  nowMs += 500;
  await fixture.raw().connectAsOperator('third');
});

test('what is no TLS handshake costs one debug line', async () => {
  fixture = await BrokerFixture.start();
  const raw = fixture.raw(() => connectNet(fixture.tlsPort, '127.0.0.1'));
  raw.socket.write('nonsense nonsense nonsense');
  await raw.closed;
  expect(fixture.logged.all).toEqual([expect.stringMatching(/\[DEBUG {3}\] TLS handshake failed/)]);
});

test('a TLS 1.1 client is turned away', async () => {
  fixture = await BrokerFixture.start();
  const raw = fixture.raw(() => fixture.openTls(undefined, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
  await raw.closed;
  expect(fixture.broker.counters()).toMatchObject({ connections_accepted: 0 });
});

/** Publishes events of 16 kB until `isEnough`; a healthy subscriber has got all of them when it returns. */
async function publishUntil(isEnough: (published: number) => boolean): Promise<void> {
  const healthy = await fixture.operator();
  await healthy.mqtt.subscribeAsync('salt/event/#');
  const text = 'x'.repeat(16 * 1024);
  for (let published = 0; !isEnough(published); ) {
    for (let n = 0; n < 20; n++) {
      fixture.broker.publish(MasterEvent.encode({ tag: `n/${published++}` }, { _stamp: 'now', text }));
    }
    await healthy.messages.waitForCount(published);
  }
}

async function freezeSubscriber(): Promise<void> {
  const frozen = fixture.raw();
  await frozen.connectAsOperator();
  frozen.write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'salt/event/#', qos: 0 }] });
  await frozen.packets.waitFor(({ cmd }) => cmd === 'suback');
  frozen.socket.pause();
}

test('a subscriber that does not read is disconnected, and all others get everything meanwhile', async () => {
  fixture = await BrokerFixture.start({ limits: { backlogBytesMax: MB } });
  await freezeSubscriber();
  await publishUntil((published) => fixture.broker.counters().readers_too_slow === 1 || published > 4000);
  expect(fixture.broker.counters()).toMatchObject({ readers_too_slow: 1, connections_open: 1 });
  expect(warnings()).toEqual([expect.stringContaining('it does not read')]);
});

test('a subscriber that does not read holds nobody up while its backlog is within the limit', async () => {
  fixture = await BrokerFixture.start({ limits: { backlogBytesMax: 64 * MB } });
  await freezeSubscriber();
  await publishUntil((published) => published >= 1000);
  expect(fixture.broker.counters()).toMatchObject({ readers_too_slow: 0, connections_open: 2 });
});

test('a minion that does not read its jobs is disconnected, and is offline', async () => {
  fixture = await BrokerFixture.start({ limits: { backlogBytesMax: MB } });
  const minion = await fixture.onlineMinion('m1');
  const healthy = await fixture.onlineMinion('m2');
  minion.socket.pause();
  const block = (id: string, n: number) =>
    ({ topic: `salt/job/${id}/blk/f/${n}`, payload: Buffer.alloc(64 * 1024), qos: 0, retain: false }) as const;
  for (let n = 0; fixture.broker.isOnline('m1') && n < 2000; n++) {
    fixture.broker.send('m1', block('m1', n));
    fixture.broker.send('m2', block('m2', n));
    await healthy.messages.waitForCount(n + 1);
  }
  await fixture.presence.waitFor(({ kind }) => kind === 'offline');
  expect(fixture.broker.counters()).toMatchObject({ readers_too_slow: 1 });
});

test('connections that are cut in the middle of CONNECT leave nothing behind', async () => {
  fixture = await BrokerFixture.start();
  for (let n = 0; n < 30; n++) {
    const raw = fixture.raw();
    await once(raw.socket, 'connect');
    raw.write({ ...connectPacket(), clientId: `cut${n}` } as MqttPacket);
    raw.socket.resetAndDestroy();
    await raw.closed;
  }
  // The door takes connections in their order: all those before this one have been seen.
  await fixture.raw().connectAsOperator('last');
  while (fixture.broker.counters().connections_open !== 1) await nextTurn();
});
