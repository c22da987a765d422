import { generateKeyPairSync } from 'node:crypto';
import { connect as connectNet } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { createCertificateAuthority } from '../../../shared/crypto/certificate.ts';
import { until } from '../../support/until.ts';
import { BrokerFixture, closedOf, type Keys } from './broker_fixture.ts';
import { Inbox } from './inbox.ts';

const FINGERPRINT = 'ab'.repeat(32);
const DAY_MS = 86_400_000;

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

/** What a minion keeps of its first TLS handshake to shorten the next one. */
async function connectForSession(keys: Keys): Promise<Buffer> {
  const sessions = new Inbox<Buffer>();
  const open = () => fixture.openTls(keys).on('session', (session: Buffer) => sessions.push(session));
  await fixture.connect(open, { clientId: 'm1' });
  return sessions.waitFor(() => true);
}

const returnCode = (code: number): unknown => expect.objectContaining({ code });

test('whoever opens the unix socket without a user name is its owner', async () => {
  fixture = await BrokerFixture.start();
  const client = await fixture.operator();
  await client.mqtt.subscribeAsync('salt/op/root/rsp/#');
  expect(fixture.subscribed.all).toEqual([{ who: { role: 'operator', id: 'root' }, filter: 'salt/op/root/rsp/#' }]);
});

test.each([
  ['the owner may give his name', 'root', undefined, undefined],
  ['another name with its password is that operator', 'alice', 'secret', undefined],
  ['another name without password is refused', 'alice', undefined, 4],
  ['a wrong password is refused, also of the owner', 'root', 'guess', 4],
])('on the unix socket: %s', async (_name, username, password, code) => {
  fixture = await BrokerFixture.start();
  const attempt = fixture.operator({ username, ...(password && { password }) });
  if (code !== undefined) await expect(attempt).rejects.toEqual(returnCode(code));
  else {
    await (await attempt).mqtt.subscribeAsync('salt/event/#');
    expect(fixture.subscribed.all[0]?.who.id).toBe(username);
  }
});

test.each([
  ['name and password', { username: 'alice', password: 'secret' }, undefined],
  ['a wrong password', { username: 'alice', password: 'wrong' }, 4],
  ['no password', { username: 'alice' }, 4],
  ['nothing at all', {}, 4],
])('the plain TCP door wants name and password, given: %s', async (_name, credentials, code) => {
  fixture = await BrokerFixture.start();
  const attempt = fixture.connect(() => connectNet(fixture.tcpPort, '127.0.0.1'), credentials);
  if (code === undefined) await attempt;
  else await expect(attempt).rejects.toEqual(returnCode(code));
});

test('a minion is who its certificate says', async () => {
  const keys: unknown[] = [];
  fixture = await BrokerFixture.start({
    identities: { refuseMinion: (id, fingerprint) => void keys.push([id, fingerprint]) },
  });
  await fixture.onlineMinion('m1', { username: 'm1' });
  expect(fixture.presence.all).toEqual([{ kind: 'online', id: 'm1', address: '127.0.0.1' }]);
  expect(keys).toEqual([['m1', expect.stringMatching(/^[0-9a-f]{64}$/)]]);
});

test.each([
  ['client id', { clientId: 'm2' }, 2],
  ['user name', { clientId: 'm1', username: 'm2' }, 4],
  ['client id, left out', { clientId: '' }, 2],
])('a minion is refused whose %s is not the name in its certificate', async (_name, claim, code) => {
  fixture = await BrokerFixture.start();
  const attempt = fixture.connect(() => fixture.openTls(fixture.keys('m1')), claim);
  await expect(attempt).rejects.toEqual(returnCode(code));
  expect(fixture.logged.all.filter((line) => line.includes('[WARNING ]'))).toEqual([
    expect.stringContaining('the certificate is of m1'),
  ]);
});

test('a minion whose key is not accepted is refused with the reason in the log', async () => {
  fixture = await BrokerFixture.start({ identities: { refuseMinion: (id) => `the key of ${id} was rejected` } });
  await expect(fixture.minion('m1')).rejects.toEqual(returnCode(5));
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('the key of m1 was rejected'));
});

test('a minion whose key is rejected between the check of its CONNECT and its session does not come in', async () => {
  let isRejected = false;
  fixture = await BrokerFixture.start({
    identities: {
      refuseMinion(id) {
        if (isRejected) return 'its key was rejected';
        isRejected = true;
        queueMicrotask(() => fixture.broker.disconnect({ role: 'minion', id }, 'its key was rejected'));
        return undefined;
      },
    },
  });
  await expect(fixture.minion('m1')).rejects.toThrow();
  await expect(fixture.minion('m1')).rejects.toEqual(returnCode(5));
  expect(fixture.presence.all).toEqual([]);
  expect(fixture.logged.all).toContainEqual(expect.stringMatching(/client disconnected.*reason=its key was rejected/));
});

test('an operator who leaves while a directory is asked about him leaves nothing behind', async () => {
  const asked = new Inbox<(isRight: boolean) => void>();
  const isExternalOperator = () => new Promise<boolean>((resolve) => asked.push(resolve));
  fixture = await BrokerFixture.start({ identities: { isExternalOperator } });
  const credentials = { username: 'ldap.ada', password: 'right' };
  const leaving = fixture.raw(() => connectNet(fixture.socketPath));
  const protocol = { protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0 } as const;
  leaving.write({ cmd: 'connect', clientId: 'c1', ...protocol, ...credentials, password: Buffer.from('right') });
  await asked.waitForCount(1);
  leaving.socket.destroy();
  await until('the broker has seen it', () => fixture.broker.counters().connections_open === 0);
  const staying = fixture.operator({ ...credentials, clientId: 'c1' });
  for (const answer of await asked.waitForCount(2)) answer(true);
  await (await staying).mqtt.subscribeAsync('salt/event/#');
  expect(fixture.broker.counters()).toMatchObject({ connections_open: 1, connections_taken_over: 0 });
  expect(fixture.logged.all.filter((line) => /\[(WARNING|ERROR)/.test(line))).toEqual([]);
});

test('an identity store that throws costs that connection and not the broker', async () => {
  fixture = await BrokerFixture.start({
    identities: {
      refuseMinion() {
        throw new TypeError('a bug');
      },
    },
  });
  await expect(fixture.minion('m1')).rejects.toThrow('closed');
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('error=a bug'));
  await fixture.operator();
});

test('a certificate of another authority, for another use or that expired is refused with a clear line', async () => {
  fixture = await BrokerFixture.start();
  const stranger = createCertificateAuthority('stranger', generateKeyPairSync('ed25519').privateKey, Date.now());
  const bad = [
    fixture.keys('m1', { ca: stranger }),
    fixture.keys('m1', { usage: 'server' }),
    fixture.keys('m1', { days: 1, nowMs: Date.now() - 3 * DAY_MS }),
  ];
  for (const keys of bad) {
    const attempt = fixture.connect(() => fixture.openTls(keys), { clientId: 'm1' });
    await expect(attempt).rejects.toEqual(returnCode(5));
  }
  const lines = fixture.logged.all.filter((line) => line.includes('the certificate of m1 is refused'));
  expect(lines.map((line) => line.split(': ').at(-1))).toEqual([
    expect.stringContaining('UNABLE_TO'),
    expect.stringContaining('PURPOSE'),
    expect.stringContaining('EXPIRED'),
  ]);
});

test('a certificate that expired since the first handshake does not come in with a resumed TLS session', async () => {
  let nowMs = Date.now();
  fixture = await BrokerFixture.start({ clock: { nowMs: () => nowMs } });
  const keys = fixture.keys('m1', { days: 1 });
  const session = await connectForSession(keys);
  nowMs += 2 * DAY_MS;
  const second = fixture.connect(() => fixture.openTls(keys, { session }), { clientId: 'm1' });
  await expect(second).rejects.toEqual(returnCode(5));
  expect(fixture.logged.all).toContainEqual(expect.stringContaining('it expired on'));
});

test('TLS sessions are resumed and the minion keeps its identity', async () => {
  fixture = await BrokerFixture.start();
  const keys = fixture.keys('m1');
  const session = await connectForSession(keys);
  const again = await fixture.connect(() => fixture.openTls(keys, { session }), { clientId: 'm1' });
  expect((again.socket as TLSSocket).isSessionReused()).toBe(true);
  await again.mqtt.subscribeAsync('salt/job/m1');
  expect(fixture.broker.isOnline('m1')).toBe(true);
});

test.each([
  ['the same keys for tickets', Buffer.alloc(48, 1), true],
  ['others', Buffer.alloc(48, 2), false],
])('after a change to %s a TLS session of before is resumed: %s', async (_name, ticketKeys, isResumed) => {
  fixture = await BrokerFixture.start();
  const keys = fixture.keys('m1');
  const tls = fixture.tlsDoor();
  if (tls.kind !== 'tls') throw new Error('not a TLS door');
  fixture.broker.replaceTls({ ...tls, ticketKeys: Buffer.alloc(48, 1) });
  const session = await connectForSession(keys);
  fixture.broker.replaceTls({ ...tls, ticketKeys });
  const again = await fixture.connect(() => fixture.openTls(keys, { session }), { clientId: 'm1' });
  expect((again.socket as TLSSocket).isSessionReused()).toBe(isResumed);
});

test('a TLS client without certificate is known by its fingerprint alone', async () => {
  fixture = await BrokerFixture.start();
  const client = await fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  await client.mqtt.publishAsync(`salt/enroll/${FINGERPRINT}`, JSON.stringify({ id: 'm1', csr: 'x' }), { qos: 1 });
  const { who, params } = await fixture.received.waitFor(() => true);
  expect(who).toEqual({ role: 'unenrolled', id: FINGERPRINT });
  expect(params).toEqual({ fingerprint: FINGERPRINT });
  await expect(fixture.connect(() => fixture.openTls(), { clientId: 'm1' })).rejects.toEqual(returnCode(2));
});

test('a claimed fingerprint does not disturb another connection that claims it', async () => {
  fixture = await BrokerFixture.start();
  const first = await fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  const second = await fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  for (const client of [first, second]) await client.mqtt.subscribeAsync(`salt/enroll/${FINGERPRINT}/rsp`);
  expect(fixture.broker.counters()).toMatchObject({ connections_taken_over: 0, connections_open: 2 });
});

test('clients that wait for enrolment may not take all the connections', async () => {
  fixture = await BrokerFixture.start({ limits: { connectionsMax: 20 } });
  await fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  await fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  const third = fixture.connect(() => fixture.openTls(), { clientId: FINGERPRINT });
  await expect(third).rejects.toEqual(returnCode(3));
  await fixture.minion('m1');
});

const asDevice = (clientId: string) => ({ clientId, username: 'led1', password: 'flashed' });
const asObserver = (clientId: string) => ({ clientId, username: 'dash', password: 'board' });

test.each([
  ['a constrained minion', asDevice],
  ['an observer', asObserver],
])('whoever has the password of %s may not take all the connections with it', async (_name, claim) => {
  fixture = await BrokerFixture.start({ limits: { connectionsMax: 20 } });
  const connect = (clientId: string) => fixture.connect(() => fixture.openTls(), claim(clientId));
  const [first] = [await connect('pub-1'), await connect('pub-2')];
  await expect(connect('pub-3')).rejects.toEqual(returnCode(3));
  expect(fixture.logged.all).toContainEqual(expect.stringMatching(/has 2 connections.*max_connections/));
  await fixture.minion('m1');
  await fixture.operator();
  first.mqtt.end(true);
  await until('it is gone', () => fixture.broker.counters().connections_open === 3);
  await connect('pub-3');
});

test('all connections of one minion together may publish as often as one', async () => {
  fixture = await BrokerFixture.start({ limits: { publishesPerSecond: 2 }, clock: { monotonicMs: () => 0 } });
  const topic = 'salt/fire/led1/app/tick';
  for (const clientId of ['led1', 'pub-1', 'pub-2']) {
    const client = await fixture.connect(() => fixture.openTls(), asDevice(clientId));
    for (let n = 0; n < 6; n++) await client.mqtt.publishAsync(topic, '{}', { qos: 1 });
  }
  const again = await fixture.connect(() => fixture.openTls(), asDevice('led1'));
  await again.mqtt.publishAsync(topic, '{}', { qos: 1 });
  expect(fixture.received.all).toHaveLength(10);
  expect(fixture.broker.counters()).toMatchObject({ publishes_refused_rate: 9 });
});

test.each(['a/../b', 'a\u0007b', 'a b', 'x'.repeat(65), 'ä'])(
  'the client id %j is refused with one line',
  async (clientId) => {
    fixture = await BrokerFixture.start();
    await expect(fixture.operator({ clientId })).rejects.toEqual(returnCode(2));
    const lines = fixture.logged.all.filter((line) => !line.includes('[DEBUG'));
    expect(lines).toEqual([expect.stringContaining('the client id is not')]);
  },
);

test.each(['../root', 'ro\u0000ot', 'x'.repeat(65)])('the user name %j is refused with one line', async (username) => {
  fixture = await BrokerFixture.start();
  await expect(fixture.operator({ username, password: 'x' })).rejects.toEqual(returnCode(2));
  expect(fixture.logged.all.filter((line) => !line.includes('[DEBUG'))).toEqual([
    expect.stringContaining('the user name is not'),
  ]);
});

test('an operator with the client id of a minion does not take its session over', async () => {
  fixture = await BrokerFixture.start();
  await fixture.onlineMinion('m1');
  await fixture.operator({ clientId: 'm1' });
  expect(fixture.broker.isOnline('m1')).toBe(true);
  expect(fixture.broker.counters()).toMatchObject({ connections_taken_over: 0 });
});

test('two machines with the key of one minion are told, when they have closed the connection of each other often', async () => {
  fixture = await BrokerFixture.start();
  const quarrels = (): string[] => fixture.logged.all.filter((line) => line.includes('close each other'));
  for (let times = 0; times < 5; times++) await fixture.minion('m1');
  expect(quarrels()).toEqual([]);
  await fixture.minion('m1');
  expect(quarrels()).toEqual([
    expect.stringMatching(/\[WARNING \] .*minion=m1 address=127\.0\.0\.1 earlier=127\.0\.0\.1 times=5/),
  ]);
});

test('operators without a client id do not take each other over, those with the same one do', async () => {
  fixture = await BrokerFixture.start();
  await Promise.all([fixture.operator(), fixture.operator()]);
  expect(fixture.broker.counters()).toMatchObject({ connections_taken_over: 0 });
  const first = await fixture.operator({ clientId: 'same' });
  await fixture.operator({ clientId: 'same' });
  await closedOf(first);
  expect(fixture.broker.counters()).toMatchObject({ connections_taken_over: 1 });
});

test('a client that asks for a persistent session gets a clean one', async () => {
  fixture = await BrokerFixture.start();
  const first = await fixture.operator({ clientId: 'keeper', clean: false });
  await first.mqtt.subscribeAsync('salt/event/#', { qos: 1 });
  await first.mqtt.endAsync();
  fixture.broker.publish({ topic: 'salt/event/a', payload: Buffer.from('{}'), qos: 1, retain: false });
  const second = fixture.raw(() => connectNet(fixture.socketPath));
  second.write({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: 'keeper',
    clean: false,
    keepalive: 0,
  });
  expect(await second.packets.waitFor(() => true)).toMatchObject({ cmd: 'connack', sessionPresent: false });
  second.write({ cmd: 'pingreq' });
  await second.packets.waitFor(({ cmd }) => cmd === 'pingresp');
  expect(second.packets.all.map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp']);
});

test('local clients need no credentials and see the local bus alone', async () => {
  fixture = await BrokerFixture.start({
    listeners: ({ socketPath }) => [
      { kind: 'unix', path: socketPath, role: 'local', mode: 0o660 },
      { kind: 'tcp', host: '127.0.0.1', port: 0, role: 'local' },
    ],
  });
  const listening = await fixture.operator();
  const firing = await fixture.connect(() => connectNet(fixture.tcpPort, '127.0.0.1'));
  await listening.mqtt.subscribeAsync('$local/#');
  await expect(listening.mqtt.subscribeAsync('salt/#')).rejects.toThrow('Unspecified error');
  await firing.mqtt.publishAsync('$local/app/ready', '{"port":8080}', { qos: 1 });
  expect(await listening.messages.waitFor(() => true)).toMatchObject({ topic: '$local/app/ready' });
  expect(fixture.received.all[0]?.who.role).toBe('local');
});
