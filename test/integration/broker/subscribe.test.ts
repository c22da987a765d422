import { afterEach, expect, test } from 'vitest';
import { BrokerFixture, type Client } from './broker_fixture.ts';

const FINGERPRINT = 'ab'.repeat(32);

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

/** SUBACK's answer, one number a filter; MQTT.js makes an error of a refused one. */
async function granted(client: Client, ...filters: string[]): Promise<readonly number[]> {
  const answer = new Promise<readonly number[]>((resolve) => {
    client.mqtt.on('packetreceive', (packet) => packet.cmd === 'suback' && resolve(packet.granted as number[]));
  });
  client.mqtt.subscribe(filters, { qos: 1 }, () => undefined);
  return answer;
}

test.each([
  ['salt/job/m1', 1],
  ['salt/job/m1/#', 1],
  ['salt/err/m1', 1],
  ['salt/master', 1],
  ['salt/job/m2', 128],
  ['salt/job/+', 128],
  ['salt/job/#', 128],
  ['#', 128],
  ['salt/presence/m2', 128],
  ['$SYS/#', 128],
  ['$local/#', 128],
  ['$share/group/salt/job/m1', 128],
])('a minion that subscribes to %s is answered %i', async (filter, answer) => {
  fixture = await BrokerFixture.start();
  expect(await granted(await fixture.minion('m1'), filter)).toEqual([answer]);
});

test.each([
  ['#', 1],
  ['salt/job/+', 1],
  ['$SYS/#', 1],
  ['$local/#', 128],
  ['$share/group/salt/#', 128],
  ['$nowhere', 128],
])('an operator that subscribes to %s is answered %i', async (filter, answer) => {
  fixture = await BrokerFixture.start();
  expect(await granted(await fixture.operator(), filter)).toEqual([answer]);
});

test('an unenrolled client may wait for its own answer alone', async () => {
  fixture = await BrokerFixture.start();
  const client = await fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  const own = `salt/enroll/${FINGERPRINT}/rsp`;
  expect(await granted(client, own, `salt/enroll/${'cd'.repeat(32)}/rsp`, 'salt/enroll/#')).toEqual([1, 128, 128]);
});

test('a refused filter beside a granted one delivers nothing, and the connection stays', async () => {
  fixture = await BrokerFixture.start();
  const minion = await fixture.minion('m1', { clean: false });
  expect(await granted(minion, 'salt/job/m1/#', 'salt/job/m2/#')).toEqual([1, 128]);
  const control = { payload: Buffer.from('{}'), qos: 1, retain: false } as const;
  fixture.broker.publish({ ...control, topic: 'salt/job/m2/ctl' });
  fixture.broker.publish({ ...control, topic: 'salt/job/m1/ctl' });
  await minion.messages.waitFor(() => true);
  expect(minion.messages.all.map(({ topic }) => topic)).toEqual(['salt/job/m1/ctl']);
});

test('filters above the limit are refused; those it has may be renewed, and others take their place', async () => {
  fixture = await BrokerFixture.start({ limits: { subscriptionsMax: 2 } });
  const operator = await fixture.operator();
  expect(await granted(operator, 'a', 'b', 'c')).toEqual([1, 1, 128]);
  expect(await granted(operator, 'b')).toEqual([1]);
  await operator.mqtt.unsubscribeAsync('a');
  expect(await granted(operator, 'c', 'd')).toEqual([1, 128]);
  expect(fixture.broker.counters()).toMatchObject({ subscriptions_refused: 2 });
});

test('only granted filters of operators are told to the owner of the broker', async () => {
  fixture = await BrokerFixture.start();
  await granted(await fixture.minion('m1'), 'salt/job/m1');
  await granted(await fixture.operator(), 'salt/event/#', '$local/#');
  expect(fixture.subscribed.all).toEqual([{ who: { role: 'operator', id: 'root' }, filter: 'salt/event/#' }]);
});

test('after UNSUBSCRIBE nothing more is delivered', async () => {
  fixture = await BrokerFixture.start();
  const operator = await fixture.operator();
  await operator.mqtt.subscribeAsync(['salt/event/a', 'salt/event/b']);
  await operator.mqtt.unsubscribeAsync('salt/event/a');
  for (const tag of ['a', 'b']) {
    fixture.broker.publish({ topic: `salt/event/${tag}`, payload: Buffer.from('{}'), qos: 0, retain: false });
  }
  await operator.messages.waitFor(() => true);
  expect(operator.messages.all.map(({ topic }) => topic)).toEqual(['salt/event/b']);
});
