import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type Packet, parser } from 'mqtt-packet';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, type ConnectionOptions, openConnection } from '../../../../shared/client/connection.ts';
import { FleetError } from '../../../../shared/errors.ts';

const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const PUBLISH = { topic: 'a', payload: Buffer.from('b'), qos: 1, retain: false } as const;

let directory: string;
let server: Server;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brine-connection-'));
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** To a broker that takes the connection, and then does with the first request whatever the test says. */
async function connect(requested: (socket: Socket) => void): Promise<Connection> {
  const path = join(directory, 'broker.sock');
  server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(CONNACK);
      socket.once('data', () => requested(socket));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return openConnection({
    endpoint: { kind: 'unix', path },
    clientId: 'test',
    keepaliveSeconds: 60,
    connectTimeoutMs: 30_000,
    received: () => undefined,
  });
}

test('a request that was under way when the connection ended is told as any other loss of the master', async () => {
  const connection = await connect((socket) => socket.destroy());
  await expect(connection.unsubscribe(['salt/#'])).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
});

test('a connection that ended before all was acknowledged can be closed', async () => {
  const connection = await connect((socket) => socket.destroy());
  const closing = connection.closed.then(() => connection.close());
  await expect(connection.publish(PUBLISH)).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
  await closing;
});

test('closing waits for no acknowledgement once the connection is gone', async () => {
  const connection = await connect((socket) => setImmediate(() => socket.destroy()));
  const published = connection.publish(PUBLISH);
  const closing = connection.close();
  await expect(published).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
  await closing;
});

/** A broker that answers each packet as the test says: with what `answer` gives for it. */
async function connectTo(
  answer: (packet: Packet, socket: Socket) => Packet | undefined,
  options: Partial<ConnectionOptions> = {},
) {
  const path = join(directory, 'broker.sock');
  const heard: Packet[] = [];
  const sockets: Socket[] = [];
  server = createServer((socket) => {
    sockets.push(socket);
    const packets = parser({ protocolVersion: 4 });
    packets.on('packet', (packet: Packet) => {
      heard.push(packet);
      const given = answer(packet, socket);
      if (given !== undefined) socket.write(generate(given));
    });
    socket.on('data', (bytes) => packets.parse(bytes));
    socket.on('error', () => undefined);
  });
  server.listen(path);
  await once(server, 'listening');
  const connecting = openConnection({
    endpoint: { kind: 'unix', path },
    clientId: 'test',
    keepaliveSeconds: 60,
    connectTimeoutMs: 30_000,
    received: () => undefined,
    ...options,
  });
  const said = (): string[] => heard.map(({ cmd }) => cmd);
  return { connecting, heard, said, socket: () => sockets[0] as Socket };
}

const taken = { cmd: 'connack', returnCode: 0, sessionPresent: false } as const;
const accept = (packet: Packet): Packet | undefined => (packet.cmd === 'connect' ? taken : undefined);
const publishTo = (topic: string, messageId: number): Buffer =>
  generate({ cmd: 'publish', topic, payload: 'x', qos: 1, messageId, dup: false, retain: false });

test.each([
  [2, 'NOT_PERMITTED', /it does not take this client id/],
  [3, 'MASTER_UNREACHABLE', /it is not available/],
  [5, 'NOT_PERMITTED', /not authorized/],
  [77, 'MASTER_UNREACHABLE', /code 77/],
])('return code %i of CONNACK says why there is no connection', async (returnCode, code, message) => {
  const { connecting } = await connectTo(() => ({ ...taken, returnCode }));
  await expect(connecting).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a broker that says nothing is given up', async () => {
  const { connecting } = await connectTo(() => undefined, { connectTimeoutMs: 20 });
  await expect(connecting).rejects.toMatchObject({
    code: 'MASTER_UNREACHABLE',
    message: expect.stringMatching(/no answer in time/),
  });
});

test('what a broker may not say ends the connection', async () => {
  const { connecting, socket } = await connectTo(accept);
  const connection = await connecting;
  socket().write(Buffer.from([0x34, 5, 0, 1, 0x61, 0, 1]));
  expect(await connection.closed).toMatch(/QoS 2/);
});

test('filters that are refused are named', async () => {
  const { connecting } = await connectTo((packet) =>
    packet.cmd === 'subscribe' ? { cmd: 'suback', messageId: packet.messageId!, granted: [1, 0x80] } : accept(packet),
  );
  const connection = await connecting;
  await expect(connection.subscribe(['a', 'b'])).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
    message: expect.stringMatching(/subscription to b$/),
  });
});

test('a publish with QoS 1 resolves with its own PUBACK, and rejects with what the broker said of it', async () => {
  const { connecting, heard, socket } = await connectTo(accept);
  const connection = await connecting;
  const first = connection.publish(PUBLISH);
  const second = connection.publish(PUBLISH);
  await vi.waitFor(() => expect(heard).toHaveLength(3));
  const ids = heard.slice(1).map(({ messageId }) => messageId as number);
  connection.refuse(ids[1]!, new FleetError('LIMIT_EXCEEDED', 'too fast'));
  for (const messageId of [4711, ...ids.reverse()]) socket().write(generate({ cmd: 'puback', messageId }));
  await expect(second).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  await first;
});

test('a publish with QoS 0 resolves when it is written', async () => {
  const { connecting, said } = await connectTo(accept);
  const connection = await connecting;
  await connection.publish({ ...PUBLISH, qos: 0 });
  await vi.waitFor(() => expect(said()).toEqual(['connect', 'publish']));
});

test('PUBACK waits for what takes the message, and so does whatever comes behind it', async () => {
  const topics: string[] = [];
  let done: () => void = () => undefined;
  const { connecting, said, socket } = await connectTo(accept, {
    received(topic) {
      topics.push(topic);
      return topic === 'b' ? undefined : new Promise((resolve) => (done = resolve));
    },
  });
  const connection = await connecting;
  socket().write(publishTo('a', 1));
  socket().write(publishTo('b', 2));
  await vi.waitFor(() => expect(topics).toEqual(['a']));
  // The broker has heard what was sent meanwhile, and no PUBACK ahead of it.
  await connection.publish({ ...PUBLISH, qos: 0 });
  await vi.waitFor(() => expect(said()).toEqual(['connect', 'publish']));
  expect(topics).toEqual(['a']);
  done();
  await vi.waitFor(() => expect(said()).toEqual(['connect', 'publish', 'puback', 'puback']));
  expect(topics).toEqual(['a', 'b']);
});

test('what is said in one moment goes in one write', async () => {
  const pieces: Buffer[] = [];
  const { connecting, said, socket } = await connectTo(accept, {
    received: () => void connecting.then((connection) => connection.publish(PUBLISH)).catch(() => undefined),
  });
  await connecting;
  socket().on('data', (bytes: Buffer) => pieces.push(bytes));
  socket().write(publishTo('a', 1));
  await vi.waitFor(() => expect(said()).toEqual(['connect', 'puback', 'publish']));
  expect(pieces).toHaveLength(1);
});

test('who takes a message and throws ends the connection', async () => {
  const { connecting, socket } = await connectTo(accept, { received: () => Promise.reject(new Error('a bug')) });
  const connection = await connecting;
  socket().write(publishTo('a', 1));
  expect(await connection.closed).toBe('a bug');
});

test('closing waits for acknowledgements, then says so and hears no more', async () => {
  const topics: string[] = [];
  const { connecting, said, socket } = await connectTo(accept, { received: (topic) => void topics.push(topic) });
  const connection = await connecting;
  const published = connection.publish(PUBLISH);
  const closing = connection.close();
  await expect(connection.publish(PUBLISH)).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
  await vi.waitFor(() => expect(said()).toEqual(['connect', 'publish']));
  socket().write(generate({ cmd: 'puback', messageId: 1 }));
  await published;
  await closing;
  expect(said()).toEqual(['connect', 'publish', 'disconnect']);
  expect(topics).toEqual([]);
});

test('a connection whose messages nobody takes can be closed', async () => {
  const { connecting, socket } = await connectTo(accept, { received: () => new Promise(() => undefined) });
  const connection = await connecting;
  for (const mid of [1, 2, 3]) {
    socket().write(publishTo('a', mid));
    await connection.publish({ ...PUBLISH, qos: 0 });
  }
  await connection.close();
});

test('a connection that is closed twice is over at once', async () => {
  const { connecting } = await connectTo(accept);
  const connection = await connecting;
  const published = connection.publish(PUBLISH);
  void connection.close();
  void connection.close();
  await expect(published).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
  await connection.closed;
});

test('silence is broken by pings, and a broker that does not answer them is given up', async () => {
  const answering = (packet: Packet): Packet | undefined =>
    packet.cmd === 'pingreq' && pings++ < 2 ? { cmd: 'pingresp' } : accept(packet);
  let pings = 0;
  const { connecting, said } = await connectTo(answering, { keepaliveSeconds: 0.1 });
  const connection = await connecting;
  expect(await connection.closed).toBe('no answer in time');
  expect(said().slice(0, 4)).toEqual(['connect', 'pingreq', 'pingreq', 'pingreq']);
});
