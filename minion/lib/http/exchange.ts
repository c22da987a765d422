import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Clock } from '../../../shared/clock.ts';
import { FleetError } from '../../../shared/errors.ts';
import { isSecretName } from '../../../shared/log.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly tls: {
    readonly ca?: Buffer | undefined;
    readonly cert?: Buffer | undefined;
    readonly key?: Buffer | undefined;
    readonly rejectUnauthorized: boolean;
  };
}

export interface HttpLimits {
  readonly connectMs: number;
  /** For all of it, redirections too. */
  readonly totalMs: number;
  /** Of the body, unpacked. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const REDIRECTIONS_MAX = 5;

/**
 * Sends a request, follows redirections and reads the answer whole. Throws TIMED_OUT and LIMIT_EXCEEDED, and what Node
 * throws when there is no answer.
 */
export async function exchange(request: HttpRequest, limits: HttpLimits): Promise<HttpAnswer> {
  const { clock, signal, totalMs } = limits;
  const stop = new AbortController();
  const cancel = (): void => stop.abort(new FleetError('COMMAND_FAILED', 'the request was cancelled'));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const timer = clock.after(totalMs, () => stop.abort(timedOut('no answer', totalMs)));
  try {
    return await follow(request, limits, stop);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    timer.stop();
    signal.removeEventListener('abort', cancel);
  }
}

async function follow(first: HttpRequest, limits: HttpLimits, stop: AbortController): Promise<HttpAnswer> {
  let request = first;
  for (let count = 0; count <= REDIRECTIONS_MAX; count++) {
    const answer = await ask(request, limits, stop);
    const next = redirected(request, answer);
    try {
      if (next === undefined) return { ...answer, body: await readWhole(answer.message, limits.bytesMax) };
    } finally {
      // Who sends too much, or what cannot be unpacked, would have the connection for ever.
      answer.message.destroy();
    }
    request = next;
  }
  throw new FleetError('LIMIT_EXCEEDED', `more than ${REDIRECTIONS_MAX} redirections`);
}

interface AnswerHead extends Omit<HttpAnswer, 'body'> {
  readonly message: IncomingMessage;
}

async function ask(
  { url, method, headers, body, tls }: HttpRequest,
  { clock, connectMs }: HttpLimits,
  stop: AbortController,
): Promise<AnswerHead> {
  const isSecure = url.protocol === 'https:';
  const options = { method, headers, signal: stop.signal, agent: false };
  const outgoing = isSecure ? requestHttps(url, { ...options, ...tls }) : requestHttp(url, options);
  const timer = clock.after(connectMs, () => stop.abort(timedOut('no connection', connectMs)));
  outgoing.once('socket', (socket) => socket.once(isSecure ? 'secureConnect' : 'connect', () => timer.stop()));
  try {
    const message = await sent(outgoing, body);
    const { statusCode = 0, statusMessage = '', rawHeaders } = message;
    return { status: statusCode, reason: statusMessage, headers: headersOf(rawHeaders), message };
  } finally {
    timer.stop();
  }
}

function sent(outgoing: ClientRequest, body: Buffer | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** As they were written; what comes more than once is joined. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  const names = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = '', value = ''] = raw.slice(index, index + 2);
    const known = names.get(name.toLowerCase()) ?? name;
    names.set(name.toLowerCase(), known);
    headers[known] = headers[known] === undefined ? value : `${headers[known]}, ${value}`;
  }
  return headers;
}

function redirected(request: HttpRequest, { status, message }: AnswerHead): HttpRequest | undefined {
  const { location } = message.headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, request.url.href)) return undefined;
  const url = new URL(location, request.url);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const becomesGet = status < 307 && request.method !== 'HEAD' && request.method !== 'GET';
  const isElsewhere = url.origin !== request.url.origin;
  const isDropped = (name: string): boolean =>
    (becomesGet && ['content-type', 'content-length'].includes(name)) || (isElsewhere && isForOneHost(name));
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !isDropped(name.toLowerCase())),
  );
  return { ...request, url, headers, ...(becomesGet && { method: 'GET', body: undefined }) };
}

/** Another host must not learn what lets somebody in here; nor has it this one's name. */
function isForOneHost(name: string): boolean {
  return name === 'host' || isSecretName(name);
}

async function readWhole(message: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of unpacked(message) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new FleetError('LIMIT_EXCEEDED', `the body has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unpacked(message: IncomingMessage): Readable {
  const unpackers = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };
  const encoding = message.headers['content-encoding']?.toLowerCase() ?? '';
  if (!Object.hasOwn(unpackers, encoding)) return message;
  const unpacker = unpackers[encoding as keyof typeof unpackers]();
  message.on('error', (error) => unpacker.destroy(error));
  return message.pipe(unpacker);
}

function timedOut(what: string, ms: number): FleetError {
  return new FleetError('TIMED_OUT', `${what} within ${ms / 1000} s`);
}
