import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OpenReturner } from '../../../../shared/plugin/returner.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { openReturner, storedReturn } from '../../../support/sample_deliveries.ts';
import { type ServerCertificate, serverCertificate } from '../../../support/server_certificate.ts';

function open(settings: Readonly<Record<string, unknown>>, root = '/'): Promise<OpenReturner> {
  return openReturner('syslog', settings, { root });
}

/** A syslog server that takes what RFC 6587 calls octet counting. */
async function streamServer(tls?: ServerCertificate) {
  const sockets: Socket[] = [];
  const frames: string[] = [];
  let wake = (): void => undefined;
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.push(socket);
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const space = rest.indexOf(' ');
        const end = space + 1 + Number(rest.toString('latin1', 0, space));
        if (space === -1 || rest.length < end) break;
        frames.push(rest.toString('utf8', space + 1, end));
        rest = rest.subarray(end);
      }
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    frames,
    sockets,
    async received(count: number): Promise<string[]> {
      while (frames.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return frames;
    },
  };
}

describe('the syslog returner', () => {
  test('writes a return as RFC 5424 says: facility and level in one number, time, host, tag, then JSON', async () => {
    const server = await streamServer();
    const { store } = await open({ port: server.port, facility: 'LOG_LOCAL0', level: 'err', tag: 'brine' });
    await store(storedReturn({ return: 'zwei\nZeilen ü' }));
    const [frame] = await server.received(1);
    const [head, json] = [frame?.slice(0, frame.indexOf('{')), frame?.slice(frame.indexOf('{'))];
    expect(head).toBe('<131>1 2026-01-01T00:00:00.000Z m1 brine - return - ');
    expect(JSON.parse(json ?? '')).toEqual(storedReturn({ return: 'zwei\nZeilen ü' }));
  });

  test('sends one message an event, over one connection', async () => {
    const server = await streamServer();
    const { storeEvents } = await open({ port: server.port });
    await storeEvents?.([
      { tag: 'a', data: {} },
      { tag: 'b', data: {} },
    ]);
    const frames = await server.received(2);
    expect(frames.map((frame) => frame.slice(frame.indexOf('m1')))).toEqual([
      'm1 salt - event - {"tag":"a","data":{}}',
      'm1 salt - event - {"tag":"b","data":{}}',
    ]);
    expect(server.sockets).toHaveLength(1);
  });

  test('sends a return that no datagram could carry over TCP', async () => {
    const server = await streamServer();
    const { store } = await open({ port: server.port });
    await store(storedReturn({ return: 'x'.repeat(200_000) }));
    expect((await server.received(1))[0]?.length).toBeGreaterThan(200_000);
  });

  test('fails when nobody listens, and after the server went away', async () => {
    await expect(open({ port: 1 })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'syslog at 127.0.0.1:1: ECONNREFUSED',
    });
    const server = await streamServer();
    const { store } = await open({ port: server.port });
    await store(storedReturn());
    await server.received(1);
    const closed = once(server.sockets[0] as Socket, 'close');
    server.sockets[0]?.end();
    await closed;
    await expect(store(storedReturn())).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  test('sends a datagram by udp, and refuses what does not fit into one', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void socket.close());
    const { store } = await open({ port: socket.address().port, protocol: 'udp' });
    const message = once(socket, 'message');
    await store(storedReturn());
    expect(String((await message)[0])).toMatch(/^<14>1 2026-01-01T00:00:00\.000Z m1 salt - return - \{"jid":/);
    await expect(store(storedReturn({ return: 'x'.repeat(70_000) }))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('talks over TLS to a server that it can trust, and to no other', async () => {
    const certificate = serverCertificate(['127.0.0.1']);
    const server = await streamServer(certificate);
    const root = await fixtureRoot({ 'ca.pem': certificate.ca });
    const { store } = await open({ port: server.port, protocol: 'tls', ca_bundle: '/ca.pem' }, root);
    await store(storedReturn());
    expect(await server.received(1)).toHaveLength(1);
    await expect(open({ port: server.port, protocol: 'tls' })).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});
