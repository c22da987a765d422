import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import { expect, test } from 'vitest';
import { Connection } from '../../../broker/connection.ts';

/** A connection and what its socket was given, each time it was given something. */
function openConnection() {
  const given: string[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      given.push(String(chunk));
      done();
    },
    writev(chunks, done) {
      given.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  }) as Socket;
  const client = { closed: false, close: () => socket.destroy() } as unknown as Client;
  const door = { kind: 'tcp', host: '127.0.0.1', port: 0, role: 'operator' } as const;
  return { connection: new Connection({ number: 1, client, socket, door }), socket, given };
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is written in immediates after gathering goes out in one piece', async () => {
  const { connection, socket, given } = openConnection();
  for (const text of ['a', 'b', 'c']) {
    connection.gather();
    setImmediate(() => socket.write(text));
  }
  await immediate();
  expect(given).toEqual([]);
  await immediate();
  await immediate();
  expect(given).toEqual(['abc']);
  socket.write('d');
  expect(given).toEqual(['abc', 'd']);
});

test('what was gathered is sent before the connection ends', async () => {
  const { connection, socket, given } = openConnection();
  connection.gather();
  socket.write('last');
  expect(connection.close()).toBe(true);
  await once(socket, 'close');
  expect(given).toEqual(['last']);
});
