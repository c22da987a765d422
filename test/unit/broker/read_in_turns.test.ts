import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { readInTurns } from '../../../broker/read_in_turns.ts';

let server: Server | undefined;
let client: Socket | undefined;
let accepted: Socket | undefined;
afterEach(() => {
  client?.destroy();
  accepted?.destroy();
  server?.close();
});

/** A client, and the broker's side of it, read as Aedes reads. Tasks wait until the test has them run. */
async function meet() {
  const waiting = new EventEmitter();
  const tasks: (() => void)[] = [];
  const told: string[] = [];
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [socket]: Socket[] = await once(server, 'connection');
  accepted = socket!;
  const parser = { parse: (bytes: Buffer) => void told.push(bytes.toString()) };
  readInTurns(accepted, parser as never, (task) => {
    tasks.push(task);
    waiting.emit('task');
  });
  accepted.on('readable', () => Reflect.apply(accepted!.read, accepted, [null])).on('end', () => told.push('end'));
  const task = async (): Promise<() => void> => {
    if (tasks.length === 0) await once(waiting, 'task');
    return tasks.shift()!;
  };
  return { client, socket: accepted, task, told };
}

test('what came is read in its turn, and the end has a turn of its own after it', async () => {
  const { client, socket, task, told } = await meet();
  client.end('all');
  const read = await task();
  const end = await task();
  expect(told).toEqual([]);
  read();
  expect(told).toEqual(['all']);
  end();
  await once(socket, 'close');
  expect(told).toEqual(['all', 'end']);
});

test('a socket that was destroyed before its turn came ends once', async () => {
  const { client, socket, task, told } = await meet();
  client.end();
  const end = await task();
  socket.destroy();
  await once(socket, 'close');
  end();
  expect(told).toEqual([]);
  expect(socket.errored).toBeNull();
});
