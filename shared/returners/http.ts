import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { FleetError, systemErrorCode } from '../errors.ts';
import { AbsolutePath, Real, Text } from '../plugin/args.ts';
import { readPem } from '../plugin/read_pem.ts';
import { defineReturner, setting } from '../plugin/returner.ts';
import { toJsonLine } from '../protocol/codec.ts';

/** How much of an answer is shown to the operator. */
const ANSWER_CHARACTERS = 200;

const HttpUrl = v.pipe(
  v.string('must be a URL'),
  v.check((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https URL'),
  v.transform((text) => new URL(text)),
);

export default defineReturner({
  summary: 'Posts each return to a URL as a JSON object, and events as a JSON list of objects with tag and data.',
  config: {
    url: setting(HttpUrl, 'Where to. https is verified, always. Every answer of 200 to 299 means stored.'),
    header_dict: setting(v.optional(v.record(v.string(), Text), {}), 'Further headers.'),
    token: setting(v.optional(Text), 'Sent as `Authorization: Bearer <token>`.'),
    ca_bundle: setting(
      v.optional(AbsolutePath),
      'File of the certificates to trust, PEM, in place of the well-known ones.',
    ),
    timeout: setting(v.optional(v.pipe(Real, v.minValue(0.1)), 30), 'Longest time a whole request may take, seconds.'),
  },
  async open({ url, header_dict, token, ca_bundle, timeout }, { root, clock }) {
    const ca = await readPem(root, 'ca_bundle', ca_bundle);
    const agent =
      url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true, ca }) : new HttpAgent({ keepAlive: true });
    const headers = {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...header_dict,
    };
    const target: Target = { url, headers, agent, clock, timeoutMs: timeout * 1000 };
    return {
      store: (result) => post(target, toJsonLine(result)),
      storeEvents: (events) => post(target, toJsonLine(events)),
      close: async () => agent.destroy(),
    };
  },
});

interface Target {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: HttpAgent;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Throws LIMIT_EXCEEDED or MESSAGE_INVALID when this body will never be taken, COMMAND_FAILED when it may be later. */
async function post({ url, headers, agent, clock, timeoutMs }: Target, body: Buffer): Promise<void> {
  const timeout = new AbortController();
  const timer = clock.after(timeoutMs, () => timeout.abort());
  // Neither credentials nor the query, which may hold a token, are for the log.
  const place = `POST ${url.origin}${url.pathname}`;
  try {
    const { status, text } = await exchange(url, { headers, agent, signal: timeout.signal }, body);
    if (status < 200 || status > 299) throw refused(`${place} answered ${status}`, status, text);
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    const why = timeout.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause);
    throw new FleetError('COMMAND_FAILED', `${place}: ${why}`, { cause });
  } finally {
    timer.stop();
  }
}

function exchange(
  url: URL,
  options: { readonly headers: Target['headers']; readonly agent: HttpAgent; readonly signal: AbortSignal },
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method: 'POST', ...options }, (answer) => {
      readStart(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** To its end, so that the connection can be used again; only the beginning is kept. */
async function readStart(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    if (text.length < ANSWER_CHARACTERS) text += String(chunk);
  }
  return text.slice(0, ANSWER_CHARACTERS).trim();
}

function refused(what: string, status: number, text: string): FleetError {
  const message = text === '' ? what : `${what}: ${text}`;
  if (status === 413) return new FleetError('LIMIT_EXCEEDED', message, { hint: 'let the server take larger bodies' });
  if (status === 422) return new FleetError('MESSAGE_INVALID', message);
  if (status === 401 || status === 403)
    return new FleetError('COMMAND_FAILED', message, { hint: 'see token and header_dict' });
  if (status >= 300 && status < 400) {
    return new FleetError('COMMAND_FAILED', message, {
      hint: 'redirections are not followed: set url to where it leads',
    });
  }
  return new FleetError('COMMAND_FAILED', message);
}

function reasonOf(error: unknown): string {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return code;
}
