import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Dict, Flag, Line, Real, Text } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { osErrorText } from '../os_error.ts';
import type { HttpRequest } from './exchange.ts';

const off = v.optional(Flag, false);
const path = v.optional(AbsolutePath);

export const HttpUrl = v.pipe(
  Text,
  v.check((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https URL'),
);

/** The keyword arguments of a query, by Salt's names. */
export const queryOptions = {
  method: v.optional(v.pipe(Text, v.toUpperCase(), v.regex(/^[A-Z]+$/, 'must be a method such as GET')), 'GET'),
  params: v.optional(Dict),
  data: v.optional(v.union([Text, Dict, v.array(v.unknown())])),
  data_file: path,
  header_dict: v.optional(Dict, {}),
  header_list: v.optional(v.array(Line, 'must be a list'), []),
  header_file: path,
  username: v.optional(Text),
  password: v.optional(Text),
  /** The two above in one. */
  auth: v.optional(v.tuple([Text, Text], 'must be a name and a password')),
  agent: v.optional(Line),
  formdata: off,
  formdata_fieldname: v.optional(Text),
  formdata_filename: v.optional(Text),
  decode: off,
  decode_type: v.optional(Text, 'auto'),
  decode_body: v.optional(Flag, true),
  status: off,
  headers: off,
  text: off,
  text_out: path,
  headers_out: path,
  decode_out: path,
  ca_bundle: path,
  verify_ssl: v.optional(Flag, true),
  cert: v.optional(v.union([AbsolutePath, v.array(AbsolutePath)])),
  raise_error: v.optional(Flag, true),
  test: off,
  test_url: v.optional(HttpUrl),
  /** What Salt keeps out of its log; here no log has a URL or what is sent. */
  hide_fields: v.optional(v.array(v.unknown())),
  /** Which library Salt uses: there is one here. */
  backend: v.optional(Text),
};

/** Of `http.wait_for_successful_query`, too: seconds between two queries. */
export const waitOptions = { ...queryOptions, request_interval: v.optional(v.pipe(Real, v.minValue(0.1)), 1) };

export type QueryOptions = v.InferOutput<v.ObjectSchema<typeof queryOptions, undefined>>;

/** Throws ARGS_INVALID, and COMMAND_FAILED for files that cannot be read. */
export async function buildRequest(context: MinionContext, text: string, options: QueryOptions): Promise<HttpRequest> {
  const url = new URL(text);
  for (const [name, value] of Object.entries(options.params ?? {})) url.searchParams.append(name, pyStr(value));
  const [certFile, keyFile = certFile] = [options.cert].flat();
  const content = await bodyOf(context, options);
  const { body, type } = options.formdata ? await formOf(content, options) : { body: content, type: undefined };
  return {
    url,
    method: options.method,
    headers: {
      'User-Agent': options.agent ?? `Brine/${context.version}`,
      'Accept-Encoding': 'gzip, deflate',
      ...(body !== undefined && { 'Content-Length': String(body.length) }),
      ...(await headersOf(context, options, type)),
    },
    body,
    tls: {
      ca: await readOptional(context, options.ca_bundle),
      cert: await readOptional(context, certFile),
      key: await readOptional(context, keyFile),
      rejectUnauthorized: options.verify_ssl,
    },
  };
}

async function bodyOf(context: MinionContext, { data, data_file: file }: QueryOptions): Promise<Buffer | undefined> {
  if (file !== undefined) return readOptional(context, file);
  if (data === undefined) return undefined;
  if (typeof data === 'string') return Buffer.from(data);
  if (Array.isArray(data)) return Buffer.from(JSON.stringify(data));
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data)) form.append(name, pyStr(value));
  return Buffer.from(form.toString());
}

/** A form with one file, which has what is to be sent. Throws ARGS_INVALID. */
async function formOf(
  content: Buffer | undefined,
  { formdata_fieldname: field, formdata_filename: name }: QueryOptions,
): Promise<{ readonly body: Buffer; readonly type: string }> {
  if (field === undefined) {
    throw new FleetError('ARGS_INVALID', 'formdata_fieldname is required when formdata=True');
  }
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(content ?? [])]), name ?? field);
  const encoded = new Response(form);
  return { body: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get('content-type') ?? '' };
}

async function headersOf(
  context: MinionContext,
  options: QueryOptions,
  formType: string | undefined,
): Promise<Record<string, string>> {
  const { data, header_dict: dict } = options;
  const [username, password = ''] = options.auth ?? [options.username, options.password];
  const fileLines = (await readOptional(context, options.header_file))?.toString('utf8').split('\n') ?? [];
  const lines = [...fileLines.filter((line) => line.trim() !== ''), ...options.header_list].map(splitHeader);
  const headers = Object.fromEntries([...lines, ...Object.entries(dict).map(([name, value]) => [name, pyStr(value)])]);
  const isGiven = (wanted: string) => Object.keys(headers).some((name) => name.toLowerCase() === wanted);
  if (formType !== undefined) headers['Content-Type'] = formType;
  else if (data !== undefined && !isGiven('content-type')) {
    headers['Content-Type'] = Array.isArray(data) ? 'application/json' : 'application/x-www-form-urlencoded';
  }
  if (username !== undefined && !isGiven('authorization')) {
    headers.Authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  return headers;
}

function splitHeader(line: string): [string, string] {
  const [, name, value = ''] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
  if (name === undefined) throw new FleetError('ARGS_INVALID', 'a header must be such as Name: value');
  return [name, value];
}

async function readOptional({ root }: MinionContext, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(join(root, file));
  } catch (error) {
    throw commandFailed(`cannot read ${file}: ${osErrorText(error) ?? String(error)}`);
  }
}
