import { createHash } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { addDevice, openDevice, startDevice, TestDevice } from '../../support/test_device.ts';

let fleet: TestFleet;
const devices: TestDevice[] = [];

beforeAll(async () => {
  fleet = await startFleet({ master: { tcp_interface: '127.0.0.1', tcp_port: 0 } });
});
afterAll(() => fleet.stop());
afterEach(() => {
  for (const device of devices.splice(0)) device.socket.destroy();
});

let count = 0;
/** A new one each time: nothing is left of another test. */
async function newDevice(declared: Readonly<Record<string, unknown>> = {}, filter?: (id: string) => string) {
  const added = await addDevice(fleet, `device-${String(++count).padStart(5, '0')}`, declared);
  const device = await startDevice(fleet, added, filter?.(added.id));
  devices.push(device);
  return { added, device, id: added.id };
}

const stepOf = (steps: readonly { readonly t: string }[], t: string) => steps.find((step) => step.t === t);

test('a signed test.ping and a command of 26 characters fit 256 bytes whole', async () => {
  const { device, id } = await newDevice();
  const ping = fleet.run(id, 'test.ping');
  const first = await device.nextJob('test.ping');
  expect(first).toMatchObject({ isSigned: true, job: { fun: 'test.ping' } });
  expect(first.bytes).toBeLessThanOrEqual(256);
  device.answer(first.job.jid, true);
  expect(stepOf(await ping, 'ret')).toMatchObject({ id, return: true, success: true });

  const command = 'logger -p user.notice done';
  const run = fleet.run(id, 'cmd.run', [command]);
  const second = await device.nextJob('cmd.run');
  expect(command).toHaveLength(26);
  expect(second).toMatchObject({ isSigned: true, job: { arg: [command] } });
  expect(second.bytes).toBeLessThanOrEqual(256);
  device.answer(second.job.jid, '', 1);
  expect(stepOf(await run, 'ret')).toMatchObject({ return: '' });
});

test('it is listed as accepted, and jobs for it are not signed when it trusts its connection', async () => {
  const { device, id } = await newDevice({ trust: 'connection' });
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: expect.arrayContaining([id]) });
  const ping = fleet.run(id, 'test.ping');
  const { job, envelope } = await device.nextJob('test.ping');
  expect(envelope).toBe('');
  device.answer(job.jid, true);
  expect(stepOf(await ping, 'ret')).toMatchObject({ success: true });
});

test.each(['hmac', 'connection'])('a return without QoS is answered: it is stored (trust: %s)', async (trust) => {
  const { device, id } = await newDevice({ trust }, (name) => `salt/job/${name}/#`);
  const ping = fleet.run(id, 'test.ping');
  const { job } = await device.nextJob('test.ping');
  device.answer(job.jid, true, 0);
  const { payload, bytes } = await device.next(({ topic }) => topic.endsWith('/ctl'));
  const { value, isSigned, envelope } = device.open(payload, 'ctl');
  expect(value).toEqual({ op: 'stored', jid: job.jid, exp: expect.any(Number) });
  expect([isSigned, envelope === '']).toEqual(trust === 'hmac' ? [true, false] : [false, true]);
  expect(bytes).toBeLessThanOrEqual(256);
  await ping;
});

test('MQTT 3.1, no keepalive and a subscription without QoS are enough', async () => {
  const added = await addDevice(fleet, 'old-device');
  const device = openDevice(fleet, added);
  devices.push(device);
  expect(await device.login(added.password, { protocolId: 'MQIsdp', protocolVersion: 3, keepalive: 0 })).toBe(0);
  expect(await device.subscribe('salt/job/old-device', 0)).toBe(0);
  const ping = fleet.run('old-device', 'test.ping');
  device.answer((await device.nextJob('test.ping')).job.jid, true);
  expect(stepOf(await ping, 'ret')).toMatchObject({ success: true });
});

test('what it was declared without is refused before it is asked', async () => {
  const { id } = await newDevice({ functions: ['led.set'] });
  const steps = await fleet.run(id, 'cmd.run', ['reboot']);
  expect(JSON.stringify(steps)).toContain(`${id} has no cmd.run, only test.ping, led.set`);
});

test('a job that is too large is refused with both sizes, and the next one arrives', async () => {
  const { device, id } = await newDevice();
  const steps = await fleet.run(id, 'cmd.run', ['x'.repeat(300)]);
  expect(JSON.stringify(steps)).toMatch(/the job is \d+ bytes as a packet, the minion takes 256 \(max_packet\)/);
  const ping = fleet.run(id, 'test.ping');
  device.answer((await device.nextJob('test.ping')).job.jid, true);
  expect(stepOf(await ping, 'ret')).toMatchObject({ success: true });
});

test('a device that pulls blocks gets a signed stub, the blocks that it names, and runs the whole job', async () => {
  const { device, id } = await newDevice({ blocks: true }, (name) => `salt/job/${name}/#`);
  const text = 'é'.repeat(200);
  const run = fleet.run(id, 'file.write', ['/etc/motd'], { args: text });
  const { job, isSigned, bytes } = await device.nextJob('file.write');
  expect({ isSigned, keys: Object.keys(job) }).toEqual({ isSigned: true, keys: ['jid', 'fun', 'exp', 'ref'] });
  expect(bytes).toBeLessThanOrEqual(256);
  const { f, z, h } = job.ref;
  const total = Math.ceil(z / 128);
  // All but the second in one question, then the one that is missing.
  const wanted = (2 ** total - 1 - 2 ** (total - 2)).toString(2).padStart(total, '0').padEnd(8, '0');
  const bitmap = Number.parseInt(wanted, 2).toString(16).padStart(2, '0');
  device.publish(`salt/req/${id}/blk`, { c: 'b1', f, l: 128, o: 0, n: total, b: bitmap });
  device.publish(`salt/req/${id}/blk`, { c: 'b2', f, l: 128, o: 1, n: 1 });
  const blocks: Buffer[] = [];
  for (let block = 0; block < total; block++) {
    const got = await device.next(({ topic }) => topic === `salt/job/${id}/blk/${f}/${block}`);
    expect(got.bytes).toBeLessThanOrEqual(256);
    blocks.push(got.payload);
  }
  const body = Buffer.concat(blocks);
  expect(createHash('sha256').update(body).digest('base64url')).toBe(h);
  expect(JSON.parse(body.toString())).toEqual({ arg: ['/etc/motd'], kwarg: { args: text } });
  device.answer(job.jid, 'written');
  expect(stepOf(await run, 'ret')).toMatchObject({ return: 'written' });
});

test('blocks are for the minion of that job alone, and must fit its packets', async () => {
  const one = await newDevice({ blocks: true }, (name) => `salt/job/${name}/#`);
  const other = await newDevice({ blocks: true }, (name) => `salt/job/${name}/#`);
  const run = fleet.run(one.id, 'test.echo', ['x'.repeat(300)]);
  const { job } = await one.device.nextJob('test.echo');
  const question = { c: 'b1', f: job.ref.f, l: 128 };
  other.device.publish(`salt/req/${other.id}/blk`, question);
  const refused = await other.device.next(({ topic }) => topic.endsWith('/rsp/b1'));
  expect(refused.payload.toString()).toContain(`no job that is open for ${other.id} has arguments`);
  one.device.publish(`salt/req/${one.id}/blk`, { ...question, l: 250 });
  const tooLarge = await one.device.next(({ topic }) => topic.endsWith('/rsp/b1'));
  expect(tooLarge.payload.toString()).toContain('do not fit packets of 256');
  one.device.answer(job.jid, true);
  await run;
});

test('next brings what was sent and not answered once more', async () => {
  const { device, id } = await newDevice();
  const ping = fleet.run(id, 'test.ping');
  const { job } = await device.nextJob('test.ping');
  const from = device.packets.all.length;
  device.publish(`salt/req/${id}/next`, { c: 'n1' });
  const again = await device.packets.waitFor(
    (packet) => packet.cmd === 'publish' && device.packets.all.indexOf(packet) >= from,
  );
  expect(again.cmd === 'publish' && again.payload.toString()).toContain(job.jid);
  device.answer(job.jid, true);
  expect(stepOf(await ping, 'ret')).toMatchObject({ success: true });
});

test('a second connection under another client id speaks for it, hears nothing and is nobody', async () => {
  const { device, added, id } = await newDevice();
  const speaker = openDevice(fleet, added);
  devices.push(speaker);
  expect(await speaker.login(added.password, { clientId: 'mosq-1234' })).toBe(0);
  expect(await speaker.subscribe(`salt/job/${id}`)).toBe(128);
  const ping = fleet.run(id, 'test.ping');
  speaker.answer((await device.nextJob('test.ping')).job.jid, true);
  expect(stepOf(await ping, 'ret')).toMatchObject({ success: true });
  speaker.socket.destroy();
  await speaker.closed;
  expect(fleet.context().fleet.isOnline(id)).toBe(true);
});

test('deleted, it is disconnected at once and its password is worth nothing', async () => {
  const { device, added, id } = await newDevice();
  expect(await fleet.call('wheel', 'key.delete', [[id]])).toMatchObject({ minions: [id] });
  await device.closed;
  const again = openDevice(fleet, added);
  devices.push(again);
  expect(await again.login(added.password)).toBe(4);
  expect(fleet.context().fleet.ids()).not.toContain(id);
});

test('over TLS its password is enough', async () => {
  const added = await addDevice(fleet, 'tls-device');
  const [host = '', port] = fleet.address().split(':');
  const open = () => connectTls({ host, port: Number(port), rejectUnauthorized: false });
  const device = new TestDevice(open(), added);
  const stranger = new TestDevice(open(), added);
  devices.push(device, stranger);
  expect(await device.login(added.password)).toBe(0);
  expect(await device.subscribe('salt/job/tls-device')).toBe(1);
  expect(await stranger.login('guessed')).toBe(4);
});

test('it may not speak for another', async () => {
  const { device } = await newDevice();
  const before = fleet.context().counters().publishes_refused_acl ?? 0;
  device.publish('salt/ret/20261126000000000000', { id: 'm1', return: true }, 1);
  await device.packets.waitFor(({ cmd }) => cmd === 'puback');
  expect(fleet.context().counters().publishes_refused_acl).toBe(before + 1);
});
