import { afterEach, expect, test } from 'vitest';
import { encodeSign1, sign1Input } from '../../../shared/crypto/cose.ts';
import { encodePayload } from '../../../shared/protocol/codec.ts';
import type { Packet } from '../../../shared/protocol/message.ts';
import { MasterBeacon, MasterEvent } from '../../../shared/protocol/messages/event.ts';
import { Job, JobBlock } from '../../../shared/protocol/messages/job.ts';
import { OperatorResponse } from '../../../shared/protocol/messages/operator.ts';
import { BrokerFixture, type Client } from './broker_fixture.ts';

const JID = '20261122093047146206';

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

const jobFor = (id: string, kwarg: Record<string, unknown> = {}): Packet =>
  Job.encode({ id }, { jid: JID, fun: 'cmd.run', arg: ['uptime'], kwarg, exp: 1795426252 });
const event = (tag: string): Packet => MasterEvent.encode({ tag }, { _stamp: 'now' });

/** All that came before now: the broker's answer to a ping follows it. */
async function drained(client: Client): Promise<readonly string[]> {
  fixture.broker.publish(event('sentinel'));
  await client.messages.waitFor(({ topic }) => topic === 'salt/event/sentinel');
  return client.messages.all.map(({ topic }) => topic).filter((topic) => topic !== 'salt/event/sentinel');
}

test('a job goes to its minion once, as it was encoded, and to observers once, as JSON', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('#', { qos: 1 });
  const minion = await fixture.onlineMinion('m1');
  const packet = jobFor('m1');
  await new Promise<void>((resolve) => expect(fixture.broker.send('m1', packet, resolve)).toBe(true));
  expect(minion.messages.all).toMatchObject([{ topic: 'salt/job/m1', qos: 1, retain: false }]);
  expect(minion.messages.all[0]?.payload).toEqual(Buffer.from(packet.payload));
  const topics = await drained(observer);
  expect(topics.filter((topic) => topic === 'salt/job/m1')).toHaveLength(1);
  const seen = observer.messages.all.find(({ topic }) => topic === 'salt/job/m1');
  expect(JSON.parse(seen?.text ?? '')).toMatchObject({ jid: JID, fun: 'cmd.run', arg: ['uptime'] });
});

test('nothing is sent to a minion that is not there, or does not listen', async () => {
  fixture = await BrokerFixture.start();
  expect(fixture.broker.send('m1', jobFor('m1'))).toBe(false);
  await fixture.minion('m1');
  expect(fixture.broker.send('m1', jobFor('m1'))).toBe(false);
});

test('a minion with one subscription gets its jobs, and what it did not subscribe to is not sent', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  await minion.mqtt.subscribeAsync('salt/job/m1', { qos: 1 });
  const block = JobBlock.encode({ id: 'm1', file: 'abc', n: '0' }, new Uint8Array([1]));
  expect(fixture.broker.send('m1', block)).toBe(false);
  await new Promise<void>((resolve) => fixture.broker.send('m1', jobFor('m1'), resolve));
  expect(minion.messages.all).toHaveLength(1);
});

test('a minion that subscribed with QoS 0 gets its jobs with QoS 0', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  await minion.mqtt.subscribeAsync('salt/job/m1', { qos: 0 });
  fixture.broker.send('m1', jobFor('m1'));
  expect(await minion.messages.waitFor(() => true)).toMatchObject({ qos: 0 });
});

test('each of many jobs is acknowledged by its own PUBACK', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  const held: (() => void)[] = [];
  let isHolding = true;
  minion.mqtt.handleMessage = (packet, done) => {
    if (isHolding && packet.topic === 'salt/job/m1') held.push(() => done());
    else done();
  };
  await minion.mqtt.subscribeAsync('salt/job/m1/#', { qos: 1 });
  const acknowledged: number[] = [];
  fixture.broker.send('m1', jobFor('m1'), () => acknowledged.push(0));
  await minion.messages.waitFor(() => true);
  expect(acknowledged).toEqual([]);
  isHolding = false;
  for (const release of held) release();
  await new Promise<void>((resolve) => {
    for (let n = 1; n <= 200; n++) {
      fixture.broker.send('m1', jobFor('m1'), () => acknowledged.push(n) === 201 && resolve());
    }
  });
  expect(acknowledged).toEqual(Array.from({ length: 201 }, (_, n) => n));
});

test('message ids are given out in one row, whichever way a message goes', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1');
  const ids: unknown[] = [];
  minion.mqtt.on('packetreceive', (packet) => packet.cmd === 'publish' && ids.push(packet.messageId));
  await minion.mqtt.subscribeAsync('salt/job/m1/#', { qos: 1 });
  for (let n = 0; n < 5; n++) {
    fixture.broker.publish({ ...jobFor('m1'), topic: 'salt/job/m1/ctl' });
    fixture.broker.send('m1', jobFor('m1'), () => undefined);
  }
  await minion.messages.waitForCount(10);
  expect(ids.toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('an observer of everything misses nothing when QoS 1 and QoS 0 are published in one tick', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('#', { qos: 1 });
  await fixture.onlineMinion('m1');
  const answer = (c: number): Packet =>
    OperatorResponse.encode({ user: 'root', c: String(c) }, { t: 'value', value: c });
  const expected: string[] = [];
  for (let n = 0; n < 50; n++) {
    for (const packet of [answer(n), event(`tag/${n}`)]) {
      fixture.broker.publish(packet);
      expected.push(packet.topic);
    }
    fixture.broker.send('m1', jobFor('m1'));
    expected.push('salt/job/m1');
  }
  await observer.messages.waitForCount(expected.length);
  const topics = (await drained(observer)).filter((topic) => !topic.startsWith('salt/presence/'));
  expect(topics.toSorted()).toEqual(expected.toSorted());
});

test('a minion misses nothing when publish and send interleave', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.onlineMinion('m1');
  const control = (qos: 0 | 1): Packet => ({
    topic: 'salt/job/m1/ctl',
    payload: Buffer.from(`{"op":"probe","jid":"${JID}"}`),
    qos,
    retain: false,
  });
  for (let n = 0; n < 50; n++) {
    fixture.broker.publish(control(1));
    fixture.broker.send('m1', jobFor('m1'));
    fixture.broker.publish(control(0));
  }
  await minion.messages.waitForCount(150);
  expect(minion.messages.all.filter(({ topic }) => topic === 'salt/job/m1')).toHaveLength(50);
});

test('an observer whose filters overlap gets each message once', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync(['#', 'salt/#', 'salt/event/#', 'salt/job/+'], { qos: 1 });
  await fixture.onlineMinion('m1');
  for (let n = 0; n < 20; n++) {
    fixture.broker.publish(event(`tag/${n}`));
    fixture.broker.publish({ ...event(`tag/${n}`), qos: 1 });
    fixture.broker.send('m1', jobFor('m1'));
  }
  await observer.messages.waitForCount(60);
  const topics = (await drained(observer)).filter((topic) => !topic.startsWith('salt/presence/'));
  expect(topics).toHaveLength(60);
});

test('observers see signed jobs without signature and with their secrets hidden', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('salt/job/#', { qos: 1 });
  const minion = await fixture.onlineMinion('m1');
  const value = { jid: JID, fun: 'user.add', arg: ['bob'], kwarg: { password: 'hunter2', shell: '/bin/sh' }, exp: 1 };
  const body = encodePayload(value, 'cbor');
  const signature = new Uint8Array(64).fill(7);
  expect(sign1Input(body, new Uint8Array()).length).toBeGreaterThan(body.length);
  const inCose = encodeSign1({ kid: 'k1', payload: body, signature });
  const inJson = Buffer.from(`${JSON.stringify(value)}\tk1.${Buffer.from(signature).toString('base64url')}`);
  for (const payload of [inCose, inJson]) fixture.broker.send('m1', { ...jobFor('m1'), payload });
  await observer.messages.waitForCount(2);
  const shown = { ...value, kwarg: { password: '**********', shell: '/bin/sh' } };
  expect(observer.messages.all.map(({ text }) => JSON.parse(text))).toEqual([shown, shown]);
  await minion.messages.waitForCount(2);
  expect(minion.messages.all.map(({ payload }) => payload)).toEqual([Buffer.from(inCose), inJson]);
});

test('blocks of files are for their minion alone, byte for byte', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('#');
  const minion = await fixture.onlineMinion('m1');
  const bytes = new Uint8Array([0, 255, 123, 10]);
  fixture.broker.send('m1', JobBlock.encode({ id: 'm1', file: 'abc', n: '0' }, bytes));
  fixture.broker.send('m1', { topic: 'salt/job/m1/blk/abc/1', payload: bytes, qos: 0, retain: false });
  await minion.messages.waitForCount(2);
  expect(minion.messages.all[1]?.payload).toEqual(Buffer.from(bytes));
  expect(await drained(observer)).toEqual(['salt/presence/m1']);
});

test("an operator does not get another operator's answers, whatever it subscribed to", async () => {
  fixture = await BrokerFixture.start();
  const root = await fixture.operator();
  const alice = await fixture.operator({ username: 'alice', password: 'secret' });
  for (const client of [root, alice]) await client.mqtt.subscribeAsync('#');
  fixture.broker.publish(OperatorResponse.encode({ user: 'root', c: 'x' }, { t: 'end' }));
  await root.messages.waitFor(({ topic }) => topic === 'salt/op/root/rsp/x');
  expect(await drained(alice)).toEqual([]);
});

test("a minion gets the master's beacon when it subscribes, and nobody else's state", async () => {
  fixture = await BrokerFixture.start();
  fixture.broker.publish(MasterBeacon.encode({}, { boot: 'b', time: 1, v: 1, kid: 'k' }, 'json'));
  const minion = await fixture.onlineMinion('m1');
  expect(minion.messages.all).toEqual([]);
  await minion.mqtt.subscribeAsync('salt/master', { qos: 1 });
  expect(await minion.messages.waitFor(() => true)).toMatchObject({ topic: 'salt/master', retain: true });
});

test('retained state reaches a late observer with the quality of service that it asked for', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.onlineMinion('m1');
  await minion.mqtt.publishAsync('salt/info/m1', Buffer.from(encodePayload({ v: 1 }, 'cbor')), {
    qos: 1,
    retain: true,
  });
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('salt/+/m1', { qos: 0 });
  await observer.messages.waitForCount(2);
  const byTopic = Object.fromEntries(observer.messages.all.map((message) => [message.topic, message]));
  expect(byTopic['salt/info/m1']).toMatchObject({ text: '{"v":1}', qos: 0, retain: true });
  expect(byTopic['salt/presence/m1']).toMatchObject({ qos: 0, retain: true });
});

test('an empty retained publish of the master takes the state back', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.onlineMinion('m1');
  await minion.mqtt.endAsync();
  await fixture.presence.waitFor(({ kind }) => kind === 'offline');
  const watching = await fixture.operator();
  await watching.mqtt.subscribeAsync('salt/presence/#', { qos: 1 });
  await watching.messages.waitFor(({ text }) => text.includes('"online":false'));
  fixture.broker.publish({ topic: 'salt/presence/m1', payload: new Uint8Array(), qos: 1, retain: true });
  await watching.messages.waitFor(({ text }) => text === '');
  const late = await fixture.operator();
  await late.mqtt.subscribeAsync(['salt/presence/#', 'salt/event/#'], { qos: 1 });
  expect(await drained(late)).toEqual([]);
});

test('operators can watch connections on $SYS as with any MQTT broker', async () => {
  fixture = await BrokerFixture.start();
  const operator = await fixture.operator();
  await operator.mqtt.subscribeAsync('$SYS/#');
  await fixture.minion('m1');
  const { text } = await operator.messages.waitFor(({ topic }) => topic.endsWith('/new/clients'));
  expect(text).toMatch(/^minion:m1#/);
});

test('payloads that cannot be shown are held back from observers, with a line in the log', async () => {
  fixture = await BrokerFixture.start();
  const observer = await fixture.operator();
  await observer.mqtt.subscribeAsync('salt/event/#');
  fixture.broker.publish({ topic: 'salt/event/x', payload: Buffer.from('nonsense'), qos: 0, retain: false });
  expect(await drained(observer)).toEqual([]);
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('a payload cannot be shown as JSON'));
});
