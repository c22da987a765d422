import { createHash, getHashes, type Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { FleetError } from '../../shared/errors.ts';
import { streamFile } from './regular_file.ts';

/** Throws ARGS_INVALID for a digest that this system does not have. */
export function checkDigest(name: string): void {
  if (getHashes().includes(name)) return;
  throw new FleetError('ARGS_INVALID', `there is no digest '${name}'`, {
    hint: 'there are md5, sha1, sha256, sha512 …',
  });
}

/** Throws ARGS_INVALID for a digest that this system does not have. */
export function newDigest(name: string): Hash {
  checkDigest(name);
  return createHash(name);
}

/** In hexadecimal digits, without holding the file in memory. */
export async function digestFile(path: string, digest: Hash): Promise<string> {
  await pipeline(await streamFile(path), digest);
  return digest.digest('hex');
}
