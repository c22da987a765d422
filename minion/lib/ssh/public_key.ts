import * as v from 'valibot';
import { Line } from '../../../shared/plugin/args.ts';
import { newDigest } from '../digest.ts';
import { commandFailed } from '../exec.ts';

/** The name of a digest, by which fingerprints are made. */
export const FingerprintHash = v.optional(v.pipe(Line, v.toLowerCase()));

export const KEY_TYPE = /^(?:ssh|ecdsa|sk)-[\w.@-]+$/;

const types: Readonly<Record<string, string>> = {
  r: 'ssh-rsa',
  rsa: 'ssh-rsa',
  d: 'ssh-dss',
  dsa: 'ssh-dss',
  dss: 'ssh-dss',
  e: 'ecdsa-sha2-nistp256',
  ecdsa: 'ecdsa-sha2-nistp256',
  ed25519: 'ssh-ed25519',
};

const wholeTypes: readonly string[] = [
  ...new Set(Object.values(types)),
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
];

/** The type of a key from its name, or from a short form of it. Throws COMMAND_FAILED. */
export function keyType(name: string): string {
  const type = types[name] ?? name;
  if (wholeTypes.includes(type)) return type;
  throw commandFailed(`Incorrect encryption key type '${name}'.`, `use one of ${wholeTypes.join(', ')}`);
}

/** The type that a key names within itself; undefined when it is not the base64 text of one. */
export function typeWithin(key: string): string | undefined {
  const bytes = keyBytes(key);
  if (bytes === undefined || bytes.length < 4) return undefined;
  const type = bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1');
  return KEY_TYPE.test(type) ? type : undefined;
}

/**
 * Two hex digits for each byte, with colons between; undefined for what is no key. Throws ARGS_INVALID for the digest.
 */
export function fingerprintOf(key: string, hash = 'sha256'): string | undefined {
  const bytes = keyBytes(key);
  if (bytes === undefined) return undefined;
  return newDigest(hash).update(bytes).digest('hex').match(/../g)?.join(':');
}

function keyBytes(key: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key) || key.length % 4 !== 0) return undefined;
  return Buffer.from(key, 'base64');
}
