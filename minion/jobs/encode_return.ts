import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { type ErrorReport, FleetError, toReport } from '../../shared/errors.ts';
import { PAYLOAD_LIMITS, scanCbor } from '../../shared/protocol/cbor_scan.ts';
import { decodePayload, encodePayload, toJsonLine } from '../../shared/protocol/codec.ts';
import { Retcode } from '../../shared/protocol/fields.ts';
import { RETURN_VALUE_MAX, scanJson } from '../../shared/protocol/json_scan.ts';
import { ReturnLong, type ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { END_CHARACTERS, endsOfText } from '../lib/ends_of_text.ts';

/** Largest return that goes in one packet, bytes; a packet takes 264 KiB, with its topic. */
const SINGLE_BYTES_MAX = 250 * 1024;
/** Bytes of one part: the master stores one before it reads the next, and others wait for no longer than that. */
const PART_BYTES = 240 * 1024;

export interface EncodedReturn {
  readonly payload: Uint8Array;
  /** The value, when it goes ahead in parts. */
  readonly content?: Uint8Array;
}

/** A return that nobody could take is replaced by one that says so: never trimmed, never lost in silence. */
export function encodeReturn(result: ReturnPayload, bytesMax: number): EncodedReturn {
  const { return: value } = result;
  try {
    // The usual large value is a text, and too large in any encoding.
    if (typeof value === 'string' && value.length > bytesMax) throw tooLarge(value.length, bytesMax);
    if (typeof value === 'string' && value.length > SINGLE_BYTES_MAX) return encodeInParts(result, bytesMax);
    const payload = encodePayload(result, 'cbor');
    if (payload.length > bytesMax) throw tooLarge(payload.length, bytesMax);
    // The master would refuse it, and nobody would hear of the job again: a date, a cycle, a list a thousand levels deep.
    const items = scanCbor(payload, RETURN_VALUE_MAX);
    if (payload.length > SINGLE_BYTES_MAX || items > PAYLOAD_LIMITS.items) return encodeInParts(result, bytesMax);
    ReturnLong.check(result);
    return { payload };
  } catch (cause) {
    return { payload: encodePayload(unsendable(result, toReport(cause)), 'cbor') };
  }
}

function encodeInParts(result: ReturnPayload, bytesMax: number): EncodedReturn {
  // As JSON: who asks for it is an operator, and the master need not decode what it only hands on.
  const content = toJsonLine(result.return);
  if (content.length > bytesMax) throw tooLarge(content.length, bytesMax);
  scanJson(content);
  const { length: bytes } = content;
  const parts = {
    count: Math.ceil(bytes / PART_BYTES),
    bytes,
    sha256: createHash('sha256').update(content).digest('hex'),
  };
  const note = `a value of ${bytes} bytes, see salt-run jobs.lookup_jid ${result.jid}`;
  // The arguments are what the master gave; as large as the rest they need not be repeated.
  const { fun_args: args, ...rest } = result;
  const header = { ...rest, return: note, parts };
  const whole = encodePayload({ ...header, fun_args: args }, 'cbor');
  const payload = whole.length <= SINGLE_BYTES_MAX ? whole : encodePayload(header, 'cbor');
  ReturnLong.check(decodePayload(payload));
  return { payload, content };
}

function tooLarge(bytes: number, bytesMax: number): FleetError {
  return new FleetError(
    'LIMIT_EXCEEDED',
    `its return of ${bytes} bytes is larger than max_return_size (${bytesMax} bytes)`,
    { hint: 'let the function write to a file, or narrow what it returns' },
  );
}

function unsendable({ id, jid, fun, ended, retcode, return: value }: ReturnPayload, why: ErrorReport): ReturnPayload {
  const message = `the job ended with return code ${retcode}, but ${why.message}`;
  const code = retcode !== 0 && v.is(Retcode, retcode) ? retcode : 1;
  const error = { ...why, message };
  const rest = why.code === 'LIMIT_EXCEEDED' ? `\n${endsOf(value)}` : '';
  return { id, jid, fun, return: `ERROR: ${message}${rest}`, retcode: code, success: false, error, ended };
}

function endsOf(value: unknown): string {
  if (typeof value === 'string') return endsOfText(value.slice(0, END_CHARACTERS), value.slice(-END_CHARACTERS));
  const text = textOf(value);
  return endsOfText(
    text.subarray(0, END_CHARACTERS).toString(),
    text.subarray(Math.max(0, text.length - END_CHARACTERS)).toString(),
  );
}

/** Empty for what is larger than a string of V8 can be. */
function textOf(value: unknown): Buffer {
  try {
    return toJsonLine(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Buffer.alloc(0);
  }
}
