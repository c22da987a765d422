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

// Plain RFC 8949: no records, no shared structures, nothing that another library could not read.
const options = { useRecords: false, mapsAsObjects: true, variableMapSize: true, tagUint8Array: false } as const;
const encoder = new Encoder(options);
const decoder = new Decoder(options);

const OPEN_BRACE = 0x7b;
const TAB = 0x09;

export function encodePayload(value: unknown, encoding: Encoding): Uint8Array {
  return encoding === 'cbor' ? encoder.encode(value) : Buffer.from(JSON.stringify(value));
}

/** Splits body and signature without decoding either. Throws MESSAGE_INVALID. */
export function openPayload(bytes: Uint8Array): Payload {
  if (bytes.length > PAYLOAD_LIMITS.bytes) {
    throw new FleetError('MESSAGE_INVALID', `payload of ${bytes.length} bytes, limit ${PAYLOAD_LIMITS.bytes}`);
  }
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

/** Throws MESSAGE_INVALID. */
export function decodePayload(bytes: Uint8Array): unknown {
  return decodeBody(openPayload(bytes));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    if (depthOf(value, 0) > PAYLOAD_LIMITS.depth) throw new Error(`deeper than ${PAYLOAD_LIMITS.depth} levels`);
    return value;
  } catch (error) {
    throw new FleetError('MESSAGE_INVALID', `JSON refused: ${error instanceof Error ? error.message : 'unreadable'}`, {
      cause: error,
    });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function depthOf(value: unknown, depth: number): number {
  if (value === null || typeof value !== 'object' || depth > PAYLOAD_LIMITS.depth) return depth;
  let deepest = depth;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item, depth + 1));
  return deepest;
}

/** The same value as one line of JSON, for people and for clients that read nothing else; bytes become base64. */
export function toJsonLine(value: unknown): Buffer {
  return Buffer.from(
    JSON.stringify(value, (_key, item: unknown) =>
      item instanceof Uint8Array
        ? Buffer.from(item.buffer, item.byteOffset, item.byteLength).toString('base64')
        : typeof item === 'bigint'
          ? item.toString()
          : item,
    ),
  );
}
