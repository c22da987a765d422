import { join } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import { saltSchema } from '../../../shared/salt_yaml.ts';
import type { MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { osErrorText } from '../os_error.ts';
import { exchange, type HttpAnswer } from './exchange.ts';
import { parseXml, XmlError, xmlToDict } from './parse_xml.ts';
import { buildRequest, type QueryOptions } from './query_options.ts';

/** Salt's result: `body`, what was asked for beside it, and `error` when it went wrong. */
export type QueryResult = Readonly<Record<string, unknown>>;

const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Texts are decoded at once on the event loop: beyond this it would be held up for too long. */
const DECODED_CHARACTERS_MAX = 4 * 1024 * 1024;
const PARTS_MAX = 500_000;

/** What goes wrong on the way is a result, as in Salt. Throws ARGS_INVALID, and COMMAND_FAILED when it is cancelled. */
export async function runQuery(
  context: MinionContext,
  url: string,
  options: QueryOptions,
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<QueryResult> {
  const { config, clock, signal } = context;
  if (options.test && options.test_url === undefined) return {};
  const request = await buildRequest(context, options.test ? (options.test_url ?? url) : url, options);
  try {
    const answer = await exchange(request, {
      connectMs: numberOf(config.http_connect_timeout, 20) * 1000,
      totalMs: Math.min(numberOf(config.http_request_timeout, 3600) * 1000, timeoutMs),
      bytesMax: Math.min(numberOf(config.max_return_size, BODY_BYTES_MAX), BODY_BYTES_MAX),
      clock,
      signal,
    });
    return { ...(options.test && { test: true }), ...(await resultOf(context, answer, options)) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...(options.status && { status: 0 }), error: reasonOf(error) };
  }
}

function numberOf(value: unknown, standard: number): number {
  return typeof value === 'number' ? value : standard;
}

function reasonOf(error: unknown): string {
  if (error instanceof FleetError) return error.message;
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  // Numbers of zlib are not those of the system.
  if (code.startsWith('Z_')) return 'the body cannot be unpacked';
  return osErrorText(error) ?? ((error as Error).message || code);
}

async function resultOf(context: MinionContext, answer: HttpAnswer, options: QueryOptions): Promise<QueryResult> {
  const { status, reason, headers } = answer;
  const text = new TextDecoder(charsetOf(headers)).decode(answer.body);
  const decoded = options.decode ? decode(text, decodeTypeOf(headers, options.decode_type)) : undefined;
  const write = async (path: string | undefined, content: string | Uint8Array): Promise<void> => {
    if (path !== undefined) await writeFileAtomically(join(context.root, path), content);
  };
  await write(options.text_out, answer.body);
  await write(options.headers_out, `${JSON.stringify(headers)}\n`);
  if (decoded !== undefined && 'dict' in decoded) await write(options.decode_out, `${JSON.stringify(decoded.dict)}\n`);
  const isFailed = status >= 400 && options.raise_error;
  return {
    body: options.decode_body ? text : answer.body,
    ...((options.text || (options.decode && decoded === undefined)) && { text }),
    ...((options.status || isFailed) && { status }),
    ...(options.headers && { headers }),
    ...decoded,
    ...(isFailed && { error: `HTTP ${status}: ${reason}` }),
  };
}

function headerOf(headers: HttpAnswer['headers'], wanted: string): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
}

/** UTF-8 unless the answer names another that is known. */
function charsetOf(headers: HttpAnswer['headers']): string {
  const charset = /charset="?([\w.:-]+)/i.exec(headerOf(headers, 'content-type'))?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).encoding;
  } catch (error) {
    if (systemErrorCode(error) !== 'ERR_ENCODING_NOT_SUPPORTED') throw error;
    return 'utf-8';
  }
}

function decodeTypeOf(headers: HttpAnswer['headers'], wanted: string): string {
  if (wanted !== 'auto') return wanted;
  const type = headerOf(headers, 'content-type');
  if (type === '') return 'json';
  return ['xml', 'json', 'yaml'].find((known) => type.includes(known)) ?? 'plain';
}

const decoders = {
  json: (text: string): unknown => JSON.parse(text),
  xml: (text: string): unknown => parseXml(text).children.map(xmlToDict),
  yaml: (text: string): unknown => load(text, { schema: saltSchema }),
};

/** Undefined when the text is to be left as it is. */
function decode(text: string, type: string): { readonly dict: unknown } | { readonly error: string } | undefined {
  if (type === 'plain') return undefined;
  if (!Object.hasOwn(decoders, type)) {
    return { error: 'Invalid decode_type specified. Valid decode types are: json, xml, yaml, plain' };
  }
  if (type !== 'json' && text.length > DECODED_CHARACTERS_MAX) {
    return { error: `the body has more than ${DECODED_CHARACTERS_MAX} characters and is not decoded` };
  }
  try {
    const dict = decoders[type as keyof typeof decoders](text);
    // Aliases make of a few lines of YAML what no memory holds once it is written out.
    if (type === 'yaml' && !hasFewerParts(dict, PARTS_MAX)) {
      return { error: `the body has more than ${PARTS_MAX} values when its aliases are written out` };
    }
    return { dict };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof YAMLException || error instanceof XmlError) {
      return { error: `the body is not ${type.toUpperCase()}: ${error.message.split('\n')[0]}` };
    }
    throw error;
  }
}

/** Whether a value has fewer parts than that, each counted as often as it is found. */
function hasFewerParts(value: unknown, max: number): boolean {
  const left = [value];
  for (let count = 0; left.length > 0; count++) {
    if (count + left.length > max) return false;
    const part = left.pop();
    if (typeof part === 'object' && part !== null) for (const inner of Object.values(part)) left.push(inner);
  }
  return true;
}
