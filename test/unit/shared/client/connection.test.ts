import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openConnection } from '../../../../shared/client/connection.ts';

const CONNACK = Buffer.from([0x20, 2, 0, 0]);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brine-connection-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a request that was under way when the connection ended is told as any other loss of the master', async () => {
  const path = join(directory, 'broker.sock');
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(CONNACK);
      socket.once('data', () => socket.destroy());
    });
  });
  server.listen(path);
  await once(server, 'listening');
  const connection = await openConnection({
    endpoint: { kind: 'unix', path },
    clientId: 'test',
    keepaliveSeconds: 60,
    connectTimeoutMs: 30_000,
    received: () => undefined,
  });
  await expect(connection.unsubscribe(['salt/#'])).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' });
  server.close();
});
