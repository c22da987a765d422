import { FleetError } from '../errors.ts';

/**
 * DER (X.690 §10), as much of it as certificates need: one-byte tags, definite lengths, one encoding of each value.
 * Object identifiers are compared by their bytes, so there is a writer for them and no reader.
 */
export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
  context3: 0xa3,
} as const;

export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly raw: Buffer;
}

// Certificates and requests are a few hundred bytes; three length bytes are never needed for honest ones.
const LENGTH_BYTES_MAX = 2;

/** The one value that the bytes are. Throws MESSAGE_INVALID, also when anything follows it. */
export function readDer(bytes: Uint8Array): DerValue {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = readValue(data);
  if (value.raw.length !== data.length) throw invalid('bytes after the end');
  return value;
}

/** The values that a SEQUENCE, SET or context-specific value holds. Throws MESSAGE_INVALID. */
export function derChildren(parent: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let rest = parent.content; rest.length > 0; ) {
    const child = readValue(rest);
    children.push(child);
    rest = rest.subarray(child.raw.length);
  }
  return children;
}

function readValue(data: Buffer): DerValue {
  const [tag, first] = data;
  if (tag === undefined || first === undefined) throw invalid('truncated');
  if ((tag & 0x1f) === 0x1f) throw invalid('a tag of several bytes');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first >= 0x80 && (lengthBytes === 0 || lengthBytes > LENGTH_BYTES_MAX)) throw invalid('length not accepted');
  const start = 2 + lengthBytes;
  if (data.length < start) throw invalid('truncated');
  const length = lengthBytes === 0 ? first : data.readUIntBE(2, lengthBytes);
  if (lengthBytes > 0 && length < (lengthBytes === 1 ? 0x80 : 0x100)) throw invalid('length not minimal');
  if (data.length < start + length) throw invalid('truncated');
  return { tag, content: data.subarray(start, start + length), raw: data.subarray(0, start + length) };
}

function invalid(what: string): FleetError {
  return new FleetError('MESSAGE_INVALID', `DER: ${what}`);
}

export function sequence(...children: readonly Uint8Array[]): Buffer {
  return encode(derTag.sequence, ...children);
}

export function set(...children: readonly Uint8Array[]): Buffer {
  return encode(derTag.set, ...children);
}

/** An unsigned integer of big-endian bytes without needless leading zeros. */
export function integer(bytes: Uint8Array): Buffer {
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return encode(derTag.integer, ...(negative ? [Buffer.of(0)] : []), bytes);
}

export function boolean(value: boolean): Buffer {
  return encode(0x01, Buffer.of(value ? 0xff : 0));
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return encode(derTag.bitString, Buffer.of(unusedBits), bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return encode(0x04, bytes);
}

/** `objectId('2.5.4.3')`. */
export function objectId(dotted: string): Buffer {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  return encode(0x06, Buffer.of(Number(first * 40n + second), ...rest.flatMap(base128)));
}

/** Numbers below 2.25 have up to 128 bits. */
function base128(number: bigint): number[] {
  const bytes = [Number(number & 0x7fn)];
  for (let rest = number >> 7n; rest > 0n; rest >>= 7n) bytes.unshift(Number(rest & 0x7fn) | 0x80);
  return bytes;
}

export function utf8String(text: string): Buffer {
  return encode(derTag.utf8String, Buffer.from(text));
}

/** Milliseconds since 1970 as UTCTime, from 2050 on as GeneralizedTime (RFC 5280 §4.1.2.5). */
export function time(ms: number): Buffer {
  const date = new Date(ms);
  const text = `${date.toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
  return date.getUTCFullYear() < 2050 ? encode(0x17, Buffer.from(text.slice(2))) : encode(0x18, Buffer.from(text));
}

/** A context-specific value that holds other values: `[0] EXPLICIT`. */
export function explicit(number: number, ...children: readonly Uint8Array[]): Buffer {
  return encode(0xa0 | number, ...children);
}

/** A context-specific value that replaces another's tag: `[0] IMPLICIT` of a primitive. */
export function implicit(number: number, bytes: Uint8Array): Buffer {
  return encode(0x80 | number, bytes);
}

function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  if (length < 0x10000) return Buffer.of(0x82, length >> 8, length & 0xff);
  throw new RangeError(`a DER value of ${length} bytes is not a certificate of ours`);
}
