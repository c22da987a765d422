import { FleetError } from '../errors.ts';

/**
 * COSE_Sign1 (RFC 9052 §4.2) with Ed25519, written and read byte by byte: one shape is accepted, the one written here.
 * `[ h'a10127' (alg: EdDSA), {4: kid}, payload, signature ]` under tag 18.
 */
export interface Sign1 {
  readonly kid: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const PROTECTED = Buffer.from([0x43, 0xa1, 0x01, 0x27]);
const CONTEXT = Buffer.concat([textHead('Signature1'), Buffer.from('Signature1')]);
const SIGNATURE_BYTES = 64;

/** Sig_structure: what is signed (RFC 9052 §4.4). */
export function sign1Input(payload: Uint8Array, externalAad: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from([0x84]),
    CONTEXT,
    PROTECTED,
    head(2, externalAad.length),
    externalAad,
    head(2, payload.length),
    payload,
  ]);
}

export function encodeSign1({ kid, payload, signature }: Sign1): Buffer {
  if (signature.length !== SIGNATURE_BYTES) throw new TypeError('an Ed25519 signature has 64 bytes');
  const name = Buffer.from(kid);
  return Buffer.concat([
    Buffer.from([0xd2, 0x84]),
    PROTECTED,
    Buffer.from([0xa1, 0x04]),
    head(2, name.length),
    name,
    head(2, payload.length),
    payload,
    head(2, SIGNATURE_BYTES),
    signature,
  ]);
}

/** Throws MESSAGE_INVALID for anything but the one shape. The payload is a view, not a copy. */
export function parseSign1(bytes: Uint8Array): Sign1 {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const expect = (wanted: Uint8Array): void => {
    if (!data.subarray(position, position + wanted.length).equals(wanted)) throw invalid();
    position += wanted.length;
  };
  const byteString = (): Buffer => {
    const { value, size } = readByteStringHead(data, position);
    const start = position + size;
    if (start + value > data.length) throw invalid();
    position = start + value;
    return data.subarray(start, position);
  };
  expect(Buffer.from([0xd2, 0x84]));
  expect(PROTECTED);
  expect(Buffer.from([0xa1, 0x04]));
  const kid = byteString();
  const payload = byteString();
  const signature = byteString();
  if (position !== data.length || signature.length !== SIGNATURE_BYTES || kid.length > 16) throw invalid();
  return { kid: kid.toString('latin1'), payload, signature };
}

function readByteStringHead(data: Buffer, position: number): { value: number; size: number } {
  const initial = data[position];
  if (initial === undefined || initial >> 5 !== 2) throw invalid();
  const info = initial & 31;
  if (info < 24) return { value: info, size: 1 };
  if (info === 24 && position + 1 < data.length) return { value: data.readUInt8(position + 1), size: 2 };
  if (info === 25 && position + 2 < data.length) return { value: data.readUInt16BE(position + 1), size: 3 };
  if (info === 26 && position + 4 < data.length) return { value: data.readUInt32BE(position + 1), size: 5 };
  throw invalid();
}

function head(major: number, length: number): Buffer {
  const type = major << 5;
  if (length < 24) return Buffer.from([type | length]);
  if (length < 0x100) return Buffer.from([type | 24, length]);
  if (length < 0x10000) return Buffer.from([type | 25, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(5);
  bytes[0] = type | 26;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function textHead(text: string): Buffer {
  return head(3, text.length);
}

function invalid(): FleetError {
  return new FleetError('MESSAGE_INVALID', 'not a COSE_Sign1 of the shape RFC 9052 §4.2 with EdDSA and a kid');
}
