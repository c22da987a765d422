import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import http from '../../../../minion/modules/http.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { type FakeContextOverrides, fakeClock, fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';
import { serverCertificate } from '../../../support/server_certificate.ts';

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

/** Answers with what it was asked. */
const echo: RequestListener = async (request, response) => {
  const { method, url, headers } = request;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('X-Twice', ['a', 'b']);
  response.end(JSON.stringify({ method, url, headers, body: await bodyOf(request) }));
};

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function query(url: string, kwargs: Record<string, unknown> = {}, overrides: FakeContextOverrides = {}) {
  const context = fakeContext({ clock: systemClock, ...overrides });
  return runFunction(context, http, 'http.query', [url], kwargs) as Promise<Record<string, unknown>>;
}

test('a query returns the body, and beside it what was asked for', async () => {
  const url = await serve(echo);
  const plain = await query(`${url}/a?b=c`);
  expect(Object.keys(plain)).toEqual(['body']);
  expect(JSON.parse(String(plain.body))).toMatchObject({ method: 'GET', url: '/a?b=c', body: '' });
  const all = await query(url, { status: true, headers: true, text: true, decode: true, params: { q: 'x y' } });
  expect(all).toMatchObject({
    status: 200,
    headers: { 'Content-Type': 'application/json', 'X-Twice': 'a, b' },
    dict: { url: '/?q=x+y', headers: { 'user-agent': 'Brine/0.1.0' } },
  });
  expect(all.text).toBe(all.body);
});

test('data goes as a file of a form', async () => {
  const url = await serve(echo);
  const form = { formdata: true, formdata_fieldname: 'upload', formdata_filename: 'a "b".txt' };
  const { dict } = await query(url, { method: 'POST', data: 'some text', decode: true, ...form });
  const { headers, body } = dict as { readonly headers: Record<string, string>; readonly body: string };
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  expect(body.startsWith(`--${boundary}\r\n`)).toBe(true);
  expect(body).toContain('name="upload"; filename="a %22b%22.txt"');
  expect(body).toContain('\r\n\r\nsome text\r\n');
  expect(headers['content-length']).toBe(String(body.length));
  await expect(query(url, { formdata: true, data: 'x' })).rejects.toThrow('formdata_fieldname is required');
});

test('credentials may be a list, and a body may be left as bytes', async () => {
  const url = await serve(echo);
  const { dict } = await query(url, { auth: ['anna', 'pw'], decode: true, hide_fields: ['password'] });
  expect(dict).toMatchObject({ headers: { authorization: `Basic ${Buffer.from('anna:pw').toString('base64')}` } });
  const bytes = Buffer.from([0, 255, 1]);
  const raw = await serve((_request, response) => void response.end(bytes));
  expect((await query(raw, { decode_body: false })).body).toEqual(bytes);
});

test('data, headers and credentials are sent', async () => {
  const root = await fixtureRoot({ 'body.txt': 'from a file', headers: 'X-File: yes\n' });
  const url = await serve(echo);
  const sent = async (kwargs: Record<string, unknown>) =>
    (await query(url, { method: 'post', decode: true, ...kwargs }, { root })).dict;
  expect(await sent({ data: { a: 1, b: 'x y' } })).toMatchObject({
    method: 'POST',
    body: 'a=1&b=x+y',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(await sent({ data: '{}', header_dict: { 'content-type': 'application/json' } })).toMatchObject({
    body: '{}',
    headers: { 'content-type': 'application/json', 'content-length': '2' },
  });
  const more = { data_file: '/body.txt', header_file: '/headers', header_list: ['X-List: a: b'] };
  expect(await sent({ ...more, username: 'amy', password: 'pa55' })).toMatchObject({
    body: 'from a file',
    headers: { 'x-file': 'yes', 'x-list': 'a: b', authorization: 'Basic YW15OnBhNTU=' },
  });
  await expect(sent({ data_file: '/nothing' })).rejects.toThrow('cannot read /nothing');
});

test('an answer of 400 and more is an error with its body, unless it shall be none', async () => {
  const url = await serve((_request, response) => void response.writeHead(404).end('no such thing'));
  expect(await query(url)).toEqual({ body: 'no such thing', status: 404, error: 'HTTP 404: Not Found' });
  expect(await query(url, { raise_error: false, status: true })).toEqual({ body: 'no such thing', status: 404 });
});

test('bodies are decoded by their content type or as is said', async () => {
  const url = await serve((request, response) => {
    const isLatin = request.url === '/latin1';
    response.setHeader('content-type', isLatin ? 'text/plain; charset=ISO-8859-1' : 'text/yaml');
    if (request.url !== '/latin1' && request.url !== '/') response.setHeader('content-encoding', 'gzip');
    response.end(request.url === '/gzip' ? gzipSync('a: 1') : isLatin ? Buffer.from([0xe9]) : 'a: [1, yes]');
  });
  expect(await query(url, { decode: true })).toMatchObject({ dict: { a: [1, true] } });
  expect(await query(`${url}/latin1`, { decode: true })).toEqual({ body: 'é', text: 'é' });
  expect(await query(`${url}/gzip`)).toEqual({ body: 'a: 1' });
  expect(await query(`${url}/broken`)).toEqual({ error: 'the body cannot be unpacked' });
  expect(await query(url, { decode: true, decode_type: 'json' })).toMatchObject({
    error: expect.stringContaining('the body is not JSON'),
  });
  expect(await query(url, { decode: true, decode_type: 'xml' })).toMatchObject({
    error: 'the body is not XML: there is not one root element',
  });
  expect(await query(url, { decode: true, decode_type: 'ini' })).toMatchObject({
    error: 'Invalid decode_type specified. Valid decode types are: json, xml, yaml, plain',
  });
});

test('redirections are followed, and credentials stay with the host that they are for', async () => {
  const other = await serve(echo);
  const url = await serve((request, response) => {
    const location = { '/other': other, '/loop': '/loop', '/own': '/end' }[request.url ?? ''];
    if (location === undefined) return void echo(request, response);
    response.writeHead(302, { location }).end();
  });
  const options = { decode: true, method: 'POST', data: 'x', username: 'amy', password: 'pa55' };
  expect((await query(`${url}/own`, options)).dict).toMatchObject({
    method: 'GET',
    url: '/end',
    body: '',
    headers: { authorization: expect.any(String) },
  });
  const { dict } = await query(`${url}/other`, options);
  expect(dict).not.toHaveProperty('headers.authorization');
  expect(await query(`${url}/loop`)).toEqual({ error: 'more than 5 redirections' });
});

test('another host learns no token, and is not asked for by the name of the first', async () => {
  const other = await serve(echo);
  const url = await serve((_request, response) => void response.writeHead(307, { location: other }).end());
  const header_dict = { Host: 'first.example', 'X-Auth-Token': 'secret', Cookie: 'a=b', Accept: 'text/x' };
  const { headers } = (await query(url, { decode: true, header_dict })).dict as { headers: object };
  expect(headers).toMatchObject({ host: new URL(other).host, accept: 'text/x' });
  expect(JSON.stringify(headers)).not.toMatch(/secret|a=b/);
});

test('a connection on which too much is sent is closed', async () => {
  let closed: Promise<unknown> | undefined;
  const url = await serve((request, response) => {
    closed = once(request.socket, 'close');
    response.setHeader('content-encoding', 'gzip');
    response.write(gzipSync(randomBytes(100_000)));
  });
  expect(await query(url, {}, { config: { max_return_size: 4 } })).toMatchObject({ error: expect.any(String) });
  await closed;
});

test('a body of YAML that grows without measure by its aliases is refused', async () => {
  const tens = (name: string) => `[${Array.from({ length: 10 }, () => name)}]`;
  const lines = Array.from({ length: 12 }, (_, index) => `l${index + 1}: &l${index + 1} ${tens(`*l${index}`)}`);
  const bomb = ['l0: &l0 x', ...lines].join('\n');
  const url = await serve((request, response) => void response.end(request.url === '/' ? bomb : 'a: &a [*a]'));
  const error = 'the body has more than 500000 values when its aliases are written out';
  for (const path of ['/', '/self']) {
    expect(await query(url + path, { decode: true, decode_type: 'yaml' })).toMatchObject({ error });
  }
});

test('what goes wrong on the way is a result', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  expect(await query(`http://127.0.0.1:${port}/`, { status: true })).toEqual({
    status: 0,
    error: expect.stringContaining('Connection refused'),
  });
  const url = await serve((_request, response) => void response.end('12345'));
  expect(await query(url, {}, { config: { max_return_size: 4 } })).toEqual({ error: 'the body has more than 4 bytes' });
  await expect(query('file:///etc/passwd')).rejects.toThrow('url: must be an http or https URL');
  await expect(query(url, { metod: 'GET' })).rejects.toThrow("metod='GET'");
});

test('a server that does not answer in time is an error, and a cancelled job an end', async () => {
  const clock = fakeClock();
  const abort = new AbortController();
  let hangs = (): void => undefined;
  const url = await serve(() => hangs());
  hangs = () => clock.advance(30_000);
  expect(await query(url, {}, { clock, config: { http_request_timeout: 30 } })).toEqual({
    error: 'no answer within 30 s',
  });
  hangs = () => abort.abort();
  await expect(query(url, {}, { clock, signal: abort.signal })).rejects.toThrow('the request was cancelled');
});

test('the answer is written to files', async () => {
  const root = await fixtureRoot({ 'out/': '' });
  const url = await serve((_request, response) => void response.end('{"a": 1}'));
  await query(url, { text_out: '/out/text', decode: true, decode_out: '/out/dict' }, { root });
  expect(await readFile(join(root, 'out/text'), 'utf8')).toBe('{"a": 1}');
  expect(await readFile(join(root, 'out/dict'), 'utf8')).toBe('{"a":1}\n');
});

test('a query is repeated until it succeeds or the time is over', async () => {
  const clock = fakeClock();
  let count = 0;
  const url = await serve((_request, response) => {
    response.writeHead(++count < 3 ? 503 : 200).end(String(count));
  });
  const context = fakeContext({
    clock: {
      ...clock,
      // Waiting between two queries takes no time here.
      after(ms, run) {
        const timer = clock.after(ms, run);
        if (ms === 5000) queueMicrotask(() => clock.advance(5000));
        return timer;
      },
    },
  });
  const wait = (seconds: number) =>
    runFunction(context, http, 'http.wait_for_successful_query', [url, seconds], { request_interval: 5 });
  expect(await wait(60)).toEqual({ body: '3' });
  count = -10;
  expect(await wait(12)).toMatchObject({ error: 'HTTP 503: Service Unavailable' });
  expect(count).toBe(-7);
});

test('the certificate of a server is verified unless somebody says otherwise', async () => {
  const { ca, cert, key } = serverCertificate(['127.0.0.1']);
  const server = createSecureServer({ cert, key }, (_request, response) => void response.end('secure'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const root = await fixtureRoot({ 'ca.pem': ca });
  expect(await query(url)).toEqual({ error: expect.stringMatching(/certificate/) });
  expect(await query(url, { verify_ssl: false })).toEqual({ body: 'secure' });
  expect(await query(url, { ca_bundle: '/ca.pem' }, { root })).toEqual({ body: 'secure' });
});

test('XML becomes what Salt makes of it', async () => {
  const url = await serve((_request, response) => {
    response.setHeader('content-type', 'application/xml');
    response.end(
      '<?xml version="1.0"?><!DOCTYPE r><r xmlns:x="u"><x:one a="1 > 0">a &lt;&#228;<!-- no --> <![CDATA[<b>]]></x:one>' +
        '<two><three>1</three><three>2</three><four/></two></r>',
    );
  });
  expect((await query(url, { decode: true })).dict).toEqual([
    { one: 'a <ä <b>' },
    { three: ['1', { three: '2' }], four: null },
  ]);
});

test('a bundle of certificates is fetched, and only certificates are written', async () => {
  const [one, other] = [serverCertificate(['one']), serverCertificate(['other'])];
  const target = '/etc/ssl/certs/ca-certificates.crt';
  const root = await fixtureRoot({ [target]: 'old\n', 'mine.pem': other.ca, 'text.pem': 'no certificate' });
  const url = await serve((request, response) => void response.end(request.url === '/' ? one.ca : '<html></html>'));
  const context = fakeContext({ clock: systemClock, root });
  const update = (kwargs: Record<string, unknown>) => runFunction(context, http, 'http.update_ca_bundle', [], kwargs);
  const read = () => readFile(join(root, target), 'utf8');
  await expect(update({ source: `${url}/other` })).rejects.toThrow('/other does not hold certificates');
  await expect(update({ source: url, merge_files: '/text.pem' })).rejects.toThrow(
    '/text.pem does not hold certificates',
  );
  await expect(update({ source: url, merge_files: '/none.pem' })).rejects.toThrow('cannot read /none.pem');
  expect(await read()).toBe('old\n');
  expect(await update({ source: url, merge_files: '/mine.pem' })).toBeNull();
  expect(await read()).toBe(`${one.ca}${other.ca}`);
});
