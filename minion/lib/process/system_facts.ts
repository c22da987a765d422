import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';
import type { FileRoot } from '../file_root.ts';

/** Seconds since 1970. */
export function bootSeconds(files: FileRoot): number {
  return Number(/^btime (\d+)$/m.exec(files.readText('/proc/stat') ?? '')?.[1] ?? 0);
}

/** Type of the entry of the auxiliary vector (getauxval(3)) that has the page size. */
const AT_PAGESZ = 6n;

/** What the kernel counts the memory of processes in: 4096 bytes nearly everywhere, 65536 on some ARM machines. */
export async function pageBytes(root: string): Promise<number> {
  const vector = await readVector(join(root, 'proc/self/auxv'));
  for (let offset = 0; offset + 16 <= vector.length; offset += 16) {
    if (vector.readBigUInt64LE(offset) === AT_PAGESZ) return Number(vector.readBigUInt64LE(offset + 8));
  }
  return 4096;
}

async function readVector(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return Buffer.alloc(0);
  }
}
