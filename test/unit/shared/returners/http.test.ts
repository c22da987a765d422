import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OpenReturner } from '../../../../shared/plugin/returner.ts';
import { type FakeClock, fakeClock } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { openReturner, storedReturn } from '../../../support/sample_deliveries.ts';
import { type ServerCertificate, serverCertificate } from '../../../support/server_certificate.ts';

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

interface Collector {
  readonly url: URL;
  readonly received: Received[];
  /** TCP connections so far. */
  connections(): number;
}

type Answer = (response: ServerResponse, count: number) => void;

async function collector(answer: Answer, tls?: ServerCertificate): Promise<Collector> {
  const received: Received[] = [];
  let connections = 0;
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      received.push({ method, path, headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      answer(response, received.length);
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/salt?key=s3cret`);
  return { url, received, connections: () => connections };
}

const ok: Answer = (response) => void response.writeHead(204).end();

function open(
  url: URL,
  settings: Readonly<Record<string, unknown>> = {},
  deps: { readonly clock?: FakeClock; readonly root?: string } = {},
): Promise<OpenReturner> {
  return openReturner('http', { url: url.href, ...settings }, deps);
}

describe('the http returner', () => {
  test('posts a return as JSON, with its headers and its token', async () => {
    const { url, received } = await collector(ok);
    const { store } = await open(url, { header_dict: { 'x-fleet': 'eu', 'x-level': 5 }, token: 'abc' });
    await store(storedReturn({ return: 'ünïcode' }));
    expect(received).toEqual([
      {
        method: 'POST',
        path: '/salt?key=s3cret',
        headers: expect.objectContaining({
          'content-type': 'application/json',
          authorization: 'Bearer abc',
          'x-fleet': 'eu',
          'x-level': '5',
        }),
        body: storedReturn({ return: 'ünïcode' }),
      },
    ]);
  });

  test('posts events as a list', async () => {
    const { url, received } = await collector(ok);
    const { storeEvents } = await open(url);
    await storeEvents?.([{ tag: 'a/b', data: { n: 1 } }]);
    expect(received[0]?.body).toEqual([{ tag: 'a/b', data: { n: 1 } }]);
  });

  test('keeps its connection', async () => {
    const { url, connections } = await collector((response) => void response.end('stored'));
    const { store } = await open(url);
    for (let n = 0; n < 5; n++) await store(storedReturn());
    expect(connections()).toBe(1);
  });

  test('fails while the server fails, saying what it answered and nothing of the query', async () => {
    const { url } = await collector(
      (response, count) => void response.writeHead(count === 1 ? 500 : 200).end('disk full'),
    );
    const { store } = await open(url);
    const error: unknown = await store(storedReturn()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'COMMAND_FAILED',
      message: `POST ${url.origin}/salt answered 500: disk full`,
    });
    await store(storedReturn());
  });

  test.each([
    [413, 'LIMIT_EXCEEDED'],
    [422, 'MESSAGE_INVALID'],
    [400, 'COMMAND_FAILED'],
    [401, 'COMMAND_FAILED'],
    [302, 'COMMAND_FAILED'],
    [429, 'COMMAND_FAILED'],
  ])('takes %i for %s', async (status, code) => {
    const { url, received } = await collector(
      (response) => void response.writeHead(status, { location: '/other' }).end(),
    );
    const { store } = await open(url);
    await expect(store(storedReturn())).rejects.toMatchObject({ code });
    expect(received).toHaveLength(1);
  });

  test('gives a server that does not answer up after its timeout', async () => {
    const clock = fakeClock();
    const { url } = await collector(() => clock.advance(2000));
    const { store } = await open(url, { timeout: 2 }, { clock });
    await expect(store(storedReturn())).rejects.toMatchObject({
      message: `POST ${url.origin}/salt: no answer within 2 s`,
    });
  });

  test('gives a server that never ends its answer up after its timeout', async () => {
    const clock = fakeClock();
    const { url } = await collector((response) => {
      response.writeHead(200).write('a');
      setImmediate(() => clock.advance(2000));
    });
    const { store } = await open(url, { timeout: 2 }, { clock });
    await expect(store(storedReturn())).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  test('says that nobody listens', async () => {
    const { store } = await open(new URL('http://127.0.0.1:1/salt'));
    await expect(store(storedReturn())).rejects.toMatchObject({
      message: 'POST http://127.0.0.1:1/salt: ECONNREFUSED',
    });
  });
});

describe('the http returner over TLS', () => {
  test('trusts the authority of ca_bundle', async () => {
    const certificate = serverCertificate(['127.0.0.1']);
    const { url, received } = await collector(ok, certificate);
    const root = await fixtureRoot({ 'ca.pem': certificate.ca });
    const { store } = await open(url, { ca_bundle: '/ca.pem' }, { root });
    await store(storedReturn());
    expect(received).toHaveLength(1);
  });

  test('sends nothing to a server that it cannot trust', async () => {
    const stranger = await collector(ok, serverCertificate(['127.0.0.1']));
    await expect((await open(stranger.url)).store(storedReturn())).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(stranger.received).toEqual([]);

    const certificate = serverCertificate(['other.example']);
    const other = await collector(ok, certificate);
    const root = await fixtureRoot({ 'ca.pem': certificate.ca });
    const { store } = await open(other.url, { ca_bundle: '/ca.pem' }, { root });
    await expect(store(storedReturn())).rejects.toMatchObject({
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    expect(other.received).toEqual([]);
  });

  test('names a ca_bundle that is not there', async () => {
    const root = await fixtureRoot({});
    await expect(open(new URL('https://127.0.0.1:1/'), { ca_bundle: '/ca.pem' }, { root })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'ca_bundle: /ca.pem cannot be read: ENOENT',
    });
  });
});
