import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';

/**
 * The master makes all passwords, 144 bits each, so that a plain hash is as good as a slow one and a connection is
 * judged at once.
 */
const PASSWORD_BYTES = 18;

/** SHA-256 of a password, in hex digits. */
export const PasswordHash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export function makePassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

export function hashPassword(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

/** Takes the same time whether or not there is anybody of that name, who would have a hash. */
export function isPassword(hash: string | undefined, password: string): boolean {
  const wanted = Buffer.from(hash ?? '0'.repeat(64), 'hex');
  return timingSafeEqual(wanted, Buffer.from(hashPassword(password), 'hex')) && hash !== undefined;
}
