import { execFile } from 'node:child_process';
import { lstat, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectNet, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ListenerOptions } from '../../../broker/broker_options.ts';
import { listenError } from '../../../broker/listeners.ts';
import { BrokerFixture, closedOf } from './broker_fixture.ts';

let directory: string;
let fixture: BrokerFixture | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-listen-'));
});
afterEach(async () => {
  await fixture?.stop();
  fixture = undefined;
  await rm(directory, { recursive: true });
});

const unixDoor = (path: string, mode = 0o600): ListenerOptions => ({ kind: 'unix', path, role: 'operator', mode });
const tcpDoor = (port: number): ListenerOptions => ({ kind: 'tcp', host: '127.0.0.1', port, role: 'operator' });
const startWith = (...doors: ListenerOptions[]): Promise<BrokerFixture> =>
  BrokerFixture.start({ listeners: () => doors });

test('addresses are told as they came up, in the order given', async () => {
  fixture = await BrokerFixture.start();
  const address = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(fixture.broker.addresses).toEqual([fixture.socketPath, address, address]);
});

test('an IPv6 address is written in brackets', async () => {
  fixture = await startWith({ kind: 'tcp', host: '::1', port: 0, role: 'operator' });
  expect(fixture.broker.addresses).toEqual([expect.stringMatching(/^\[::1\]:\d+$/)]);
});

test.each([0o600, 0o660, 0o666])('a socket file has the mode that was asked for: %o', async (mode) => {
  const path = join(directory, 's');
  fixture = await startWith(unixDoor(path, mode));
  expect((await lstat(path)).mode & 0o777).toBe(mode);
});

test('the socket of a process that was killed is replaced', async () => {
  const path = join(directory, 's');
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await expect(promisify(execFile)(process.execPath, ['-e', program])).rejects.toMatchObject({ signal: 'SIGKILL' });
  expect((await lstat(path)).isSocket()).toBe(true);
  fixture = await startWith(unixDoor(path));
  await fixture.connect(() => connectNet(path));
});

test('the socket of a living process is left alone', async () => {
  const path = join(directory, 's');
  fixture = await startWith(unixDoor(path));
  await expect(startWith(unixDoor(path))).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: `another process listens on ${path}`,
    hint: expect.stringContaining('sock_dir'),
  });
  await fixture.connect(() => connectNet(path));
});

test('a file that is no socket is left alone', async () => {
  const path = join(directory, 's');
  await writeFile(path, 'precious');
  await expect(startWith(unixDoor(path))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `${path} exists and is not a socket`,
  });
});

test('a port that is taken is named, and the doors that were open are closed again', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const path = join(directory, 's');
  await expect(startWith(unixDoor(path), tcpDoor(port))).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: `another process listens on 127.0.0.1:${port}`,
    hint: 'stop it, or choose another port',
  });
  await expect(lstat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  await new Promise((resolve) => taken.close(resolve));
});

test('a socket path longer than the kernel takes is refused as such', async () => {
  const path = join(directory, 'x'.repeat(108 - directory.length));
  await expect(startWith(unixDoor(path))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`has ${path.length} bytes, limit 107`),
  });
  fixture = await startWith(unixDoor(path.slice(0, 107)));
});

test.each([
  ['a directory that does not exist', unixDoor('/nonexistent/brine/s'), 'CONFIG_INVALID', 'directory'],
  ["another machine's address", { ...tcpDoor(0), host: '192.0.2.1' } as ListenerOptions, 'CONFIG_INVALID', '192.0.2.1'],
])('%s is refused with what to do', async (_what, door, code, words) => {
  const hint = expect.any(String);
  await expect(startWith(door)).rejects.toMatchObject({ code, message: expect.stringContaining(words), hint });
});

test.each([
  [unixDoor('/run/s'), 'no permission to create /run/s'],
  [tcpDoor(80), 'no permission to listen on 127.0.0.1:80'],
])('a lack of permission is told as such', (door, message) => {
  const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
  expect(listenError(error, door)).toMatchObject({ code: 'NOT_PERMITTED', message, hint: expect.any(String) });
});

test('a directory that may not be written to, not even by root, is told as such', async () => {
  await expect(startWith(unixDoor('/sys/s'))).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
});

test('a door for local clients is not opened to other machines', async () => {
  const door: ListenerOptions = { kind: 'tcp', host: '0.0.0.0', port: 0, role: 'local' };
  await expect(startWith(door)).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: 'use 127.0.0.1' });
});

test('a certificate that cannot be read is a configuration error', async () => {
  const door: ListenerOptions = { kind: 'tls', host: '127.0.0.1', port: 0, keyPem: 'x', certPem: 'y', caPem: 'z' };
  await expect(startWith(door)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('close ends all connections without their wills and removes the socket file', async () => {
  fixture = await BrokerFixture.start();
  const will = { topic: 'salt/fire/m1/app/gone', payload: Buffer.from('{}'), qos: 1, retain: false } as const;
  const clients = [await fixture.onlineMinion('m1', { will }), await fixture.operator()];
  const silent = fixture.raw();
  const handshaking = fixture.raw(() => connectNet((fixture as BrokerFixture).tlsPort, '127.0.0.1'));
  await Promise.all(
    [silent, handshaking].map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))),
  );
  await fixture.broker.close();
  await Promise.all([...clients.map(closedOf), silent.closed, handshaking.closed]);
  await expect(lstat(fixture.socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(fixture.received.all).toEqual([]);
  expect(fixture.presence.all.map(({ kind }) => kind)).toEqual(['online']);
});

test('publishing after close is silently void', async () => {
  fixture = await BrokerFixture.start();
  await fixture.broker.close();
  fixture.broker.publish({ topic: 'salt/event/x', payload: Buffer.from('{}'), qos: 1, retain: false });
  expect(fixture.broker.send('m1', { topic: 'salt/job/m1', payload: Buffer.from('{}'), qos: 1, retain: false })).toBe(
    false,
  );
  expect(fixture.logged.all.filter((line) => line.includes('ERROR'))).toEqual([]);
});
