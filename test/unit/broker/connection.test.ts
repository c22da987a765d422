import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import { expect, test, vi } from 'vitest';
import { Connection } from '../../../broker/connection.ts';
import { filterMatches } from '../../../shared/protocol/topic.ts';

vi.mock(import('../../../shared/protocol/topic.ts'), { spy: true });

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
  // As Aedes listens.
  socket.on('error', () => undefined);
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

test('PUBACKs and publishes of one tick go out in one piece', async () => {
  const { connection, given } = openConnection();
  expect([connection.acknowledge(1), connection.acknowledge(2)]).toEqual([true, true]);
  connection.deliver('a/b', Buffer.from('{}'), 0);
  await immediate();
  expect(given).toEqual(['@\x02\0\x01@\x02\0\x020\x07\0\x03a/b{}']);
});

test('nothing is acknowledged into a full socket, nor after the end', async () => {
  const { connection, socket } = openConnection();
  socket.cork();
  socket.write(Buffer.alloc(socket.writableHighWaterMark));
  expect(connection.acknowledge(1)).toBe(false);
  socket.uncork();
  await immediate();
  expect(connection.acknowledge(1)).toBe(true);
  socket.destroy();
  expect(connection.acknowledge(2)).toBe(false);
});

test('what was gathered is sent before the connection ends', async () => {
  const { connection, socket, given } = openConnection();
  connection.gather();
  socket.write('last');
  expect(connection.close()).toBe(true);
  await new Promise((resolve) => socket.once('close', resolve));
  expect(given).toEqual(['last']);
});

test('the quality of service is the best of all filters that match, in whatever way', () => {
  const { connection } = openConnection();
  connection.subscribe('salt/op/alice/rsp/a', 0);
  connection.subscribe('salt/op/alice/rsp/b', 1);
  expect(connection.qosFor('salt/op/alice/rsp/a')).toBe(0);
  expect(connection.qosFor('salt/op/alice/rsp/c')).toBeUndefined();
  connection.subscribe('salt/op/alice/rsp/+', 1);
  connection.subscribe('salt/#', 0);
  expect(connection.qosFor('salt/op/alice/rsp/a')).toBe(1);
  expect(connection.qosFor('salt/event/x')).toBe(0);
  connection.unsubscribe('salt/op/alice/rsp/+');
  connection.unsubscribe('salt/op/alice/rsp/b');
  expect(connection.qosFor('salt/op/alice/rsp/b')).toBe(0);
});

test('of a thousand requests under way, a message is matched with none', () => {
  const { connection } = openConnection();
  for (let n = 0; n < 1000; n++) connection.subscribe(`salt/op/alice/rsp/${n}`, 1);
  connection.subscribe('salt/presence/+', 1);
  vi.mocked(filterMatches).mockClear();
  expect(connection.qosFor('salt/op/alice/rsp/77')).toBe(1);
  expect(connection.qosFor('salt/op/bob/rsp/77')).toBeUndefined();
  expect(vi.mocked(filterMatches).mock.calls).toEqual([['salt/presence/+', 'salt/op/bob/rsp/77']]);
});

test('a watcher whose socket is full is waited for once, however much more it is told', () => {
  const socket = new Duplex({ read: () => undefined, write: () => undefined, writableHighWaterMark: 1 }) as Socket;
  const waiting: (() => void)[] = [];
  const client = { closed: false, waitForDrain: (done: () => void) => waiting.push(done) } as unknown as Client;
  const door = { kind: 'tcp', host: '127.0.0.1', port: 0, role: 'operator' } as const;
  const connection = new Connection({ number: 1, client, socket, door });
  connection.endWhenStuck();
  expect(waiting).toHaveLength(0);
  for (const text of ['a', 'b']) {
    connection.deliver('salt/event/x', Buffer.from(text), 0);
    connection.endWhenStuck();
  }
  expect(waiting).toHaveLength(1);
  waiting[0]?.();
  connection.endWhenStuck();
  expect(waiting).toHaveLength(2);
});

test.each(['close', 'closeNow'] as const)('%s fails all that waits for a slow reader with one error', async (end) => {
  const { connection, socket } = openConnection();
  let finish: () => void = () => undefined;
  socket._write = (_chunk, _encoding, done) => {
    finish = done;
  };
  socket.write('on its way');
  const failures: unknown[] = [];
  for (let n = 0; n < 3; n++) socket.write('waits', (error) => failures.push(error));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  connection[end]();
  await closed;
  finish();
  await immediate();
  expect([failures.length, new Set(failures).size]).toEqual([3, 1]);
});
