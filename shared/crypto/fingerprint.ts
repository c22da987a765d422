import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { FleetError } from '../errors.ts';
import type { Fingerprint } from '../ids.ts';

/** A minion asks for that of its one private key at each attempt to connect: 8 % of what one took. */
const known = new WeakMap<KeyObject, Fingerprint>();

/** SHA-256 of the key's SPKI as 64 lower-case hex digits. Of a private key, that of its public half. */
export function fingerprintOf(key: KeyObject): Fingerprint {
  const before = known.get(key);
  if (before !== undefined) return before;
  const fingerprint = createHash('sha256').update(spkiOf(key)).digest('hex');
  known.set(key, fingerprint);
  return fingerprint;
}

/** Of an Ed25519 key, all that comes before its 32 bytes (RFC 8410 §4). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** The public key as DER SubjectPublicKeyInfo. */
export function spkiOf(key: KeyObject): Buffer {
  const half = publicHalf(key);
  if (half.asymmetricKeyType !== 'ed25519') return half.export({ type: 'spki', format: 'der' });
  // OpenSSL takes twenty times as long to write DER, and a master needs it of each minion that connects.
  const { x } = half.export({ format: 'jwk' });
  return Buffer.concat([ED25519_SPKI, Buffer.from(x as string, 'base64url')]);
}

/** The public key as PEM: how `salt-key -p` prints it and how key files hold it. */
export function publicPem(key: KeyObject): string {
  return publicHalf(key).export({ type: 'spki', format: 'pem' }).toString();
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

/** As `salt-key -F` prints it: `36:68:d9:…`. */
export function colonFingerprint(fingerprint: Fingerprint): string {
  return fingerprint.match(/../g)?.join(':') ?? '';
}

/** Reads either form, in either case, as people paste it. Throws CONFIG_INVALID. */
export function parseFingerprint(text: string): Fingerprint {
  const trimmed = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(trimmed)) return trimmed;
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/.test(trimmed)) return trimmed.replaceAll(':', '');
  throw new FleetError('CONFIG_INVALID', `not a SHA-256 fingerprint: ${trimmed.slice(0, 100)}`, {
    hint: 'copy the one that salt-key -F prints for master.pub',
  });
}
