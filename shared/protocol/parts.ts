import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** Bytes of one part at most: with its topic it fits the packet of 256 KiB that full minions and the broker take. */
export const PART_BYTES = 192 * 1024;

/** What content that goes in parts is when it is whole. */
export interface Parts {
  readonly count: number;
  readonly bytes: number;
  /** Of all parts one after the other, hex. */
  readonly sha256: string;
}

/** The parts are views of the content, not copies. */
export function* splitIntoParts(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; start += PART_BYTES) yield content.subarray(start, start + PART_BYTES);
}

/** Hashes one part a turn of the event loop: content of any length delays nobody else. */
export async function describeParts(parts: Iterable<Uint8Array>): Promise<Parts> {
  const hash = createHash('sha256');
  let count = 0;
  let bytes = 0;
  for (const part of parts) {
    hash.update(part);
    count++;
    bytes += part.length;
    await setImmediate();
  }
  return { count, bytes, sha256: hash.digest('hex') };
}

export function areSameParts(a: Parts, b: Parts): boolean {
  return a.count === b.count && a.bytes === b.bytes && a.sha256 === b.sha256;
}
