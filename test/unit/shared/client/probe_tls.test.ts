import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { probeTls } from '../../../../shared/client/probe_tls.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { readCertificate } from '../../../../shared/crypto/certificate.ts';
import { serverCertificate } from '../../../support/server_certificate.ts';

const open = new Set<{ close(): void }>();
afterEach(() => {
  for (const server of open) server.close();
  open.clear();
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.add(server);
  return (server.address() as AddressInfo).port;
}
const probe = (port: number, clock: Parameters<typeof probeTls>[0]['clock'] = systemClock, host = '127.0.0.1') =>
  probeTls({ host, port, servername: 'salt-master', timeoutMs: 5000, clock });

test('a server is told with its certificate and the authority that it shows', async () => {
  const { ca, cert, key } = serverCertificate(['salt-master']);
  const withChain = await probe(await portOf(createTlsServer({ key, cert: cert + ca })));
  expect(withChain).toMatchObject({ addresses: ['127.0.0.1'] });
  expect(withChain).not.toHaveProperty('failure');
  expect(readCertificate(withChain.certPem ?? '').subject).toBe('CN=server');
  expect(readCertificate(withChain.authorityPem ?? '').subject).toBe('CN=test');
  expect(await probe(await portOf(createTlsServer({ key, cert })))).not.toHaveProperty('authorityPem');
});

test('a port that refuses and one that hangs up are told apart by how far it came', async () => {
  const closing = await portOf(createServer((socket) => socket.end('no TLS here')));
  expect((await probe(closing)).failure?.step).toBe('tls');
  const server = createServer();
  const port = await portOf(server);
  server.close();
  expect(await probe(port)).toMatchObject({ failure: { step: 'connect', code: 'ECONNREFUSED' } });
});

test('a port that takes the connection and says nothing is not waited for for ever', async () => {
  const sockets: Socket[] = [];
  let giveUp: (() => void)[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    // What came is the beginning of TLS: now time passes.
    socket.once('data', () => {
      for (const run of giveUp) run();
    });
  });
  const clock = {
    after(_ms: number, run: () => void) {
      giveUp = [...giveUp, run];
      return { stop: () => undefined };
    },
  };
  expect(await probe(await portOf(server), clock)).toMatchObject({ failure: { step: 'tls', code: 'ETIMEDOUT' } });
  for (const socket of sockets) socket.destroy();
});

test('a name that is not found is told before anything is connected to', async () => {
  const found = await probe(8883, systemClock, 'no-such-host.invalid');
  expect(found).toMatchObject({ addresses: [], failure: { step: 'lookup' } });
  expect(found.failure?.code).toMatch(/^(ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/);
});
