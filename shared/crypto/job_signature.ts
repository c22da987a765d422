import { createHmac, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { FleetError } from '../errors.ts';
import { type Encoding, openPayload, type Payload } from '../protocol/codec.ts';
import { encodeSign1, sign1Input } from './cose.ts';
import { fingerprintOf } from './fingerprint.ts';

/** What is signed, in the word that stands before it (`salt-job-v1`, `salt-ctl-v1`): none passes for the other. */
export type SignedKind = 'job' | 'ctl';

const NAMES: Readonly<Record<SignedKind, string>> = { job: 'job', ctl: 'message about a job' };
const SIGNATURE_BYTES = 64;
/** HMAC-SHA-256/128: half of the digest (RFC 2104 §5). */
const MAC_BYTES = 16;
/** Stands where the name of a signing key would: a minion has one HMAC key. */
const MAC_KEY_ID = 'h';
// With a callback the work is done in the thread pool: a large fan-out must not hold the event loop.
const signInPool: (algorithm: null, data: Buffer, key: KeyObject) => Promise<Buffer> = promisify(sign);
// The same: to check one takes more than all else that a minion does for a ping.
const verifyInPool: (algorithm: null, data: Buffer, key: KeyObject, signature: Uint8Array) => Promise<boolean> =
  promisify(verify);

/** Names a signing key on the wire: the first 8 hex digits of its fingerprint. */
export function keyId(publicKey: KeyObject): string {
  return fingerprintOf(publicKey).slice(0, 8);
}

export interface JobToSign {
  /** A CBOR map, or compact JSON without a TAB. */
  readonly payload: Uint8Array;
  readonly encoding: Encoding;
  /** The minion that it is for. */
  readonly id: string;
  readonly kid: string;
  /** Ed25519. */
  readonly privateKey: KeyObject;
  /** Left out: a job. */
  readonly kind?: SignedKind;
}

/**
 * The payload in its envelope: a COSE_Sign1 around CBOR, or JSON, TAB and `kid.base64url(signature)`. It is signed for one
 * minion: its id is part of what is signed and not of what is sent, so the payload is encoded once for all targets and a
 * job captured from one minion is worthless to another.
 */
export async function signJob(job: JobToSign): Promise<Uint8Array> {
  const { payload, encoding, id, kid, privateKey, kind = 'job' } = job;
  const signature = await signInPool(null, signedBytes(payload, encoding, id, kind), privateKey);
  if (encoding === 'cbor') return encodeSign1({ kid, payload, signature });
  return Buffer.concat([payload, Buffer.from(`\t${kid}.${signature.toString('base64url')}`)]);
}

/**
 * The same for a minion that has no Ed25519: JSON, TAB and `h.base64url(HMAC-SHA-256/128)` by the key of that minion.
 */
export function macJob(payload: Uint8Array, id: string, key: Uint8Array, kind: SignedKind = 'job'): Uint8Array {
  const mac = macOf(payload, id, key, kind);
  return Buffer.concat([payload, Buffer.from(`\t${MAC_KEY_ID}.${mac.toString('base64url')}`)]);
}

/** What `macJob` made with the same key for that minion, as that. Throws SIGNATURE_INVALID, and MESSAGE_INVALID. */
export function verifyMac(bytes: Uint8Array, id: string, key: Uint8Array, kind: SignedKind = 'job'): Payload {
  const payload = openPayload(bytes);
  const { signature, body } = payload;
  if (signature === undefined) throw notSigned(kind);
  const isValid =
    signature.kid === MAC_KEY_ID &&
    signature.bytes.length === MAC_BYTES &&
    timingSafeEqual(macOf(body, id, key, kind), signature.bytes);
  if (!isValid) throw refused(`the HMAC is not one of this ${NAMES[kind]} for ${id}`);
  return payload;
}

function macOf(payload: Uint8Array, id: string, key: Uint8Array, kind: SignedKind): Buffer {
  return createHmac('sha256', key)
    .update(signedBytes(payload, 'json', id, kind))
    .digest()
    .subarray(0, MAC_BYTES);
}

/** Rejects with SIGNATURE_INVALID saying why. */
export async function verifyJob(
  payload: Payload,
  id: string,
  keyOf: (kid: string) => KeyObject | undefined,
  kind: SignedKind = 'job',
): Promise<void> {
  const { signature, body, encoding } = payload;
  if (signature === undefined) throw notSigned(kind);
  const key = keyOf(signature.kid);
  if (key === undefined) {
    throw refused(`no key ${signature.kid}`, 'the master does not sign with it; if it should, restart the minion');
  }
  const isValid =
    signature.bytes.length === SIGNATURE_BYTES &&
    (await verifyInPool(null, signedBytes(body, encoding, id, kind), key, signature.bytes));
  if (!isValid) throw refused(`the signature by key ${signature.kid} is not one of this ${NAMES[kind]} for ${id}`);
}

function signedBytes(payload: Uint8Array, encoding: Encoding, id: string, kind: SignedKind): Buffer {
  const domain = `salt-${kind}-v1\0${id}`;
  if (encoding === 'cbor') return sign1Input(payload, Buffer.from(domain));
  return Buffer.concat([Buffer.from(`${domain}\0`), payload]);
}

function notSigned(kind: SignedKind): FleetError {
  return refused(`the ${NAMES[kind]} is not signed`);
}

function refused(why: string, hint?: string): FleetError {
  return new FleetError('SIGNATURE_INVALID', why, hint === undefined ? {} : { hint });
}
