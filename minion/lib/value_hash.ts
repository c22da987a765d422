import { createHash } from 'node:crypto';

/** The SHA-256 of a value's JSON, in base64: tells whether two ends have the same. */
export function valueHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64');
}
