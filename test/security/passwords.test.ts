import { createHmac } from 'node:crypto';
import { connect as connectNet } from 'node:net';
import { expect, test } from 'vitest';
import { type Attacker, useHostileFleet } from '../support/hostile_fleet.ts';
import { addDevice, startDevice } from '../support/test_device.ts';

/** Whoever comes with a name and a password: observers, who say nothing, and constrained minions. */
const hostile = useHostileFleet({ master: { tcp_interface: '127.0.0.1', tcp_port: 0 } });
const REFUSED = 128;
const JID = '20260101000000000000';

async function overTcp(username: string, password: string, clientId = username) {
  const { fleet, attacker } = hostile();
  const client = attacker(connectNet(Number(fleet.master().addresses[2]?.split(':').at(-1)), '127.0.0.1'));
  return { client, code: await client.connect(clientId, { username, password }) };
}

async function observer(name: string, topics: readonly string[]): Promise<Attacker> {
  const password = String(await hostile().fleet.call('runner', 'observers.add', [name], { topics }));
  const { client, code } = await overTcp(name, password, `${name}-client`);
  expect(code).toBe(0);
  return client;
}

test.each([
  'salt/job/m1',
  'salt/event/x',
  'salt/op/watcher/req/x',
  'salt/op/watcher/fire/app/x',
  'salt/op/root/req/x',
  'salt/fire/watcher/app/x',
  `salt/ret/${JID}`,
  'salt/presence/m1',
  '$SYS/x',
  '$local/x',
])('an observer that publishes to %s is refused, and nothing comes of it', async (topic) => {
  const { fleet, refusals, expectUnharmed } = hostile();
  const client = await observer('watcher', ['#']);
  const from = fleet.events.all.length;
  const told = refusals.all.length;
  await client.publish(topic, { op: 'job', tgt: '*', fun: 'test.ping', id: 'm1', forged: 'mark' });
  await refusals.waitFor((message) => refusals.all.indexOf(message) >= told && message.text.includes('"acl"'));
  await expectUnharmed();
  expect(fleet.events.all.slice(from).filter(({ data }) => JSON.stringify(data).includes('mark'))).toEqual([]);
});

test('an observer sees what it was given and no more, whatever it subscribes to, and no secret', async () => {
  const { fleet, expectUnharmed } = hostile();
  const client = await observer('narrow', ['salt/presence/+']);
  const codes = await client.subscribe('salt/presence/+', '#', 'salt/job/#', 'salt/presence/#', '+/+/+', '$SYS/#');
  expect(codes[0]).toBe(1);
  await fleet.run('m1', 'test.kwarg', [], { password: 'hunter2' });
  await expectUnharmed();
  await client.settled();
  expect(client.got.filter(({ topic }) => !topic.startsWith('salt/presence/'))).toEqual([]);
  const wide = await observer('wide', ['#']);
  await wide.subscribe('#', 'salt/op/#');
  await fleet.run('m1', 'test.kwarg', [], { password: 'hunter2' });
  await wide.settled();
  expect(wide.got.some(({ topic }) => topic === 'salt/job/m1')).toBe(true);
  expect(wide.got.filter(({ topic }) => topic.startsWith('salt/op/'))).toEqual([]);
  expect(JSON.stringify(wide.got.filter(({ topic }) => topic.startsWith('salt/job/')))).not.toContain('hunter2');
});

test('a password opens the one name that it was made for, and nothing when it is taken away', async () => {
  const { fleet, expectUnharmed } = hostile();
  const password = String(await fleet.call('runner', 'observers.add', ['gone'], { topics: ['#'] }));
  const operator = String(await fleet.call('runner', 'operators.add', ['boss']));
  const device = await addDevice(fleet, 'led1');
  for (const [name, secret] of [
    ['boss', password],
    ['led1', password],
    ['m1', password],
    ['m1', device.password],
    ['gone', device.password],
    ['gone', operator],
    ['led1', operator],
    ['Gone', password],
    ['gone', `${password} `],
    ['gone', ''],
  ] as const) {
    const { client, code } = await overTcp(name, secret);
    expect([2, 4, 5], `${name} ${secret}`).toContain(code);
    await client.closed;
  }
  const { client, code } = await overTcp('gone', password);
  expect(code).toBe(0);
  await fleet.call('runner', 'observers.remove', ['gone']);
  await client.closed;
  expect((await overTcp('gone', password)).code).toBe(4);
  await expectUnharmed();
});

test('a device speaks for itself alone, and its second connection hears nothing', async () => {
  const { fleet, expectUnharmed } = hostile();
  const added = await addDevice(fleet, 'led2');
  const speaking = await overTcp('led2', added.password, 'another-client');
  expect(speaking.code).toBe(0);
  expect(await speaking.client.subscribe('salt/job/led2', 'salt/job/m1', '#')).toEqual([REFUSED, REFUSED, REFUSED]);
  await speaking.client.publish(`salt/ret/${JID}`, { id: 'm1', return: 'forged' });
  await speaking.client.publish('salt/fire/m1/app/x', { forged: true });
  await speaking.client.publish('salt/fire/led2/salt/key', { forged: true });
  await expectUnharmed();
  expect(JSON.stringify(fleet.events.all)).not.toContain('forged');
});

test('the job of one device is worthless to another: each has a key of its own', async () => {
  const { fleet } = hostile();
  const [first, second] = [await addDevice(fleet, 'led3'), await addDevice(fleet, 'led4')];
  const devices = await Promise.all([startDevice(fleet, first), startDevice(fleet, second)]);
  const steps = fleet.run('led3,led4', 'test.ping', [], {}, { tgt_type: 'list' });
  const jobs = await Promise.all(devices.map((device) => device.nextJob('test.ping')));
  expect(jobs.map(({ isSigned }) => isSigned)).toEqual([true, true]);
  expect(jobs[0]?.envelope).not.toBe(jobs[1]?.envelope);
  const text = JSON.stringify(jobs[0]?.job);
  const forged = createHmac('sha256', Buffer.from(second.hmac_key, 'hex'))
    .update(`salt-job-v1\0led3\0${text}`)
    .digest();
  expect(jobs[0]?.envelope).not.toBe(`h.${forged.subarray(0, 16).toString('base64url')}`);
  for (const [index, device] of devices.entries()) device.answer(String(jobs[index]?.job.jid), true);
  await steps;
  for (const { socket } of devices) socket.destroy();
});

test('a key cannot be enrolled in the name of a device, and a device not in the name of a minion', async () => {
  const { fleet, expectUnharmed } = hostile();
  await addDevice(fleet, 'led5');
  await fleet.launchMinion('led5');
  await fleet.events.waitFor(({ tag, data }) => tag === 'salt/auth' && data.id === 'led5' && data.result === false);
  await fleet.stopMinion('led5');
  await expect(addDevice(fleet, 'm1')).rejects.toThrow();
  await expectUnharmed();
});
