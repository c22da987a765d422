import { Decoder, Encoder } from 'cbor-x';
import { parseSign1 } from '../crypto/cose.ts';
import { FleetError } from '../errors.ts';
import { PAYLOAD_LIMITS, scanCbor } from './cbor_scan.ts';

/**
 * Payloads describe themselves by their first byte: `{` is JSON, 0xA0 to 0xBF a CBOR map, 0xD2 a COSE_Sign1 around a
 * CBOR map. Signed JSON is compact JSON, one TAB, `kid.base64url(signature)`.
 */
export type Encoding = 'cbor' | 'json';

export interface Signature {
  readonly kid: string;
  readonly bytes: Uint8Array;
}

export interface Payload {
  readonly encoding: Encoding;
  /** The bytes that were signed, or all of them. */
  readonly body: Uint8Array;
  readonly signature: Signature | undefined;
}

// Plain RFC 8949: no records, no shared structures, nothing that another library could not read. Integers of eight bytes,
// which other libraries write for 33 bits and more, become numbers and not bigints.
const options = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: false,
  int64AsNumber: true,
} as const;
const encoder = new Encoder(options);
const decoder = new Decoder(options);

const OPEN_BRACE = 0x7b;
const TAB = 0x09;

export function encodePayload(value: unknown, encoding: Encoding): Uint8Array {
  return encoding === 'cbor' ? encoder.encode(value) : toJsonLine(value);
}

/** Splits body and signature without decoding either. Throws MESSAGE_INVALID. */
export function openPayload(bytes: Uint8Array): Payload {
  const first = bytes[0] ?? 0;
  if (first === OPEN_BRACE) return openJson(bytes);
  if (first >= 0xa0 && first <= 0xbf) return { encoding: 'cbor', body: bytes, signature: undefined };
  if (first === 0xd2) {
    const { payload, kid, signature } = parseSign1(bytes);
    return { encoding: 'cbor', body: payload, signature: { kid, bytes: signature } };
  }
  throw new FleetError('MESSAGE_INVALID', 'payload is neither a JSON object, a CBOR map nor a COSE_Sign1');
}

function openJson(bytes: Uint8Array): Payload {
  const tab = bytes.indexOf(TAB);
  if (tab === -1) return { encoding: 'json', body: bytes, signature: undefined };
  const match = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]{22,86})\s*$/.exec(
    Buffer.from(bytes.subarray(tab + 1)).toString('latin1'),
  );
  if (match === null) throw new FleetError('MESSAGE_INVALID', 'what follows the TAB is not kid.signature');
  const [, kid = '', signature = ''] = match;
  return {
    encoding: 'json',
    body: bytes.subarray(0, tab),
    signature: { kid, bytes: Buffer.from(signature, 'base64url') },
  };
}

/** The value inside, of whatever shape; the message's schema judges it. Throws MESSAGE_INVALID. */
export function decodeBody(payload: Payload): unknown {
  if (payload.encoding === 'cbor') {
    scanCbor(payload.body);
    return decoder.decode(payload.body);
  }
  return parseJson(payload.body);
}

/** Decodes what this very process encoded before: of any shape, and trusted. */
export function decodeStored(bytes: Uint8Array): unknown {
  return decoder.decode(bytes);
}

/** Throws MESSAGE_INVALID. */
export function decodePayload(bytes: Uint8Array): unknown {
  return decodeBody(openLimited(bytes));
}

/** Of what clients say, which nobody signs: an envelope that nobody checks would be believed. Throws MESSAGE_INVALID. */
export function decodeUnsigned(bytes: Uint8Array): unknown {
  const payload = openLimited(bytes);
  if (payload.signature === undefined) return decodeBody(payload);
  throw new FleetError('MESSAGE_INVALID', 'the payload is signed, and only the master signs');
}

function openLimited(bytes: Uint8Array): Payload {
  if (bytes.length <= PAYLOAD_LIMITS.bytes) return openPayload(bytes);
  throw new FleetError('MESSAGE_INVALID', `payload of ${bytes.length} bytes, limit ${PAYLOAD_LIMITS.bytes}`);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    if (isDeeper(value, PAYLOAD_LIMITS.depth)) throw new Error(`deeper than ${PAYLOAD_LIMITS.depth} levels`);
    return value;
  } catch (error) {
    throw new FleetError('MESSAGE_INVALID', `JSON refused: ${error instanceof Error ? error.message : 'unreadable'}`, {
      cause: error,
    });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Counts containers, as the scan of CBOR does; looks no deeper than the limit. */
function isDeeper(value: unknown, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return limit === 0 || Object.values(value).some((item) => isDeeper(item, limit - 1));
}

/** The same value as one line of JSON, for people and for clients that read nothing else; bytes become base64. */
export function toJsonLine(value: unknown): Buffer {
  return Buffer.from(toJsonText(value));
}

/** The same as a text. */
export function toJsonText(value: unknown): string {
  // A replacer makes it take several times as long.
  return hasForeignValues(value) ? JSON.stringify(value, jsonMember) : JSON.stringify(value);
}

/** What JSON has no word for. */
function hasForeignValues(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint';
  if (value instanceof Uint8Array) return true;
  for (const key in value) if (hasForeignValues((value as Record<string, unknown>)[key])) return true;
  return false;
}

/** `this[key]` and not `item`: JSON.stringify has called Buffer's toJSON before it asks. */
function jsonMember(this: Record<string, unknown>, key: string, item: unknown): unknown {
  const raw = this[key];
  if (raw instanceof Uint8Array) return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64');
  return typeof raw === 'bigint' ? raw.toString() : item;
}
