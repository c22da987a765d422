import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { secureWhenItSpeaks } from '../../../broker/secure_when_it_speaks.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { TakeTurn } from '../../../shared/pace.ts';

let server: Server | undefined;
let client: Socket | undefined;
afterEach(() => {
  client?.destroy();
  server?.close();
});

const atOnce: TakeTurn = (task) => task();

/** A client that connected, and whom TLS would begin with. */
async function meet(
  timeoutMs: number,
  takeTurn = atOnce,
): Promise<{ readonly client: Socket; readonly secured: Promise<Socket> }> {
  const tls = new EventEmitter();
  server = createServer((socket) =>
    secureWhenItSpeaks(tls as TlsServer, socket, { clock: systemClock, timeoutMs, takeTurn }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  client = connect(port, '127.0.0.1');
  const secured = once(tls, 'connection').then(([socket]) => socket as Socket);
  await once(client, 'connect');
  return { client, secured };
}

test('TLS begins when the first bytes are there, and finds them in the socket', async () => {
  const { client, secured } = await meet(60_000);
  client.write('hello');
  const socket = await secured;
  expect(socket.read()).toEqual(Buffer.from('hello'));
  socket.destroy();
});

test('its turn comes for each; who has gone by then costs no TLS', async () => {
  const tasks: (() => void)[] = [];
  const waiting = new EventEmitter();
  const { client, secured } = await meet(60_000, (task) => {
    tasks.push(task);
    waiting.emit('task');
  });
  const isWaiting = once(waiting, 'task');
  client.write('hello');
  await isWaiting;
  client.resetAndDestroy();
  const isOver = new Promise<string>((resolve) => server?.close(() => resolve('over')));
  expect(await Promise.race([secured, isOver])).toBe('over');
  for (const task of tasks) task();
  const nextTurn = new Promise<string>((resolve) => setImmediate(() => resolve('nothing')));
  expect(await Promise.race([secured, nextTurn])).toBe('nothing');
});

test('who says nothing is disconnected after a while, without TLS', async () => {
  const { client, secured } = await meet(1);
  const first = await Promise.race([secured, once(client, 'close').then(() => 'disconnected')]);
  expect(first).toBe('disconnected');
});

test.each([
  ['leaves', (socket: Socket) => socket.end()],
  ['breaks off', (socket: Socket) => socket.resetAndDestroy()],
])('who %s before a word is forgotten', async (_how, go) => {
  const { client, secured } = await meet(60_000);
  go(client);
  const isOver = new Promise<string>((resolve) => server?.close(() => resolve('over')));
  expect(await Promise.race([secured, isOver])).toBe('over');
});
