import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, openConnection } from '../../../../shared/client/connection.ts';

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

/**
 * To a broker that takes the connection, and then does with the first request whatever the test says. It closes its side
 * when the test does.
 */
async function connect(requested: (socket: Socket) => void, keepaliveSeconds = 60): Promise<Connection> {
  const path = join(directory, 'broker.sock');
  server = createServer({ allowHalfOpen: true }, (socket) => {
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
    keepaliveSeconds,
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

test('a request to a broker that has fallen silent is told as any other loss of the master', async () => {
  const connection = await connect(() => undefined, 1);
  const requests = [connection.subscribe(['salt/#']), connection.publish(PUBLISH), connection.unsubscribe(['salt/#'])];
  for (const { reason } of (await Promise.allSettled(requests)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ code: 'MASTER_UNREACHABLE' });
  }
  expect(await connection.closed).toBe('Keepalive timeout');
});

test('closing tells the broker, and does not wait until it closes its side', async () => {
  const told: Socket[] = [];
  const connection = await connect((socket) => told.push(socket));
  await connection.close();
  await vi.waitUntil(() => told.length === 1);
  told[0]?.destroy();
});
