import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import { systemReason } from '../../shared/system_reason.ts';

/**
 * LMDB's first two pages, in the byte order of a machine of 64 bits: a header of 24 bytes, this number, and what was in
 * force after one of the last two commits.
 */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const PAGE_BYTES_AT = 48;
const LAST_PAGE_AT = 144;
const META_BYTES = 160;
/** LMDB takes pages of no more. */
const PAGE_BYTES_MAX = 65_536;

/**
 * LMDB maps its file into memory and believes what is there: bytes that are not its own end the process without a word, and
 * so does a page behind the end of the file. What is missing there becomes zeros: LMDB says that they are none of its
 * pages, and never reads those that it never wrote. Throws FILE_UNREADABLE for a file of something else, or one that cannot
 * be read and written; one that is missing or empty is fine.
 */
export function checkDataFile(folder: string): void {
  const path = dataFile(folder);
  try {
    const file = openSync(path, 'r+');
    try {
      const { size } = fstatSync(file);
      const wholeBytes = size === 0 ? 0 : readWholeBytes(file, path);
      if (wholeBytes > size) ftruncateSync(file, wholeBytes);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return;
    throw cause instanceof FleetError ? cause : unusable(path, 'opened', systemReason(cause), cause);
  }
}

/** LMDB ends the process without a word when its other file is a directory. Throws FILE_UNREADABLE. */
export function checkLockFile(folder: string): void {
  const path = join(folder, 'lock.mdb');
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  throw new FleetError('FILE_UNREADABLE', `${path} cannot be opened: it is a directory`, { hint: 'move it away' });
}

/** The error as LMDB's, with its file; others as they are. */
export function explainLmdbError(folder: string, cause: unknown): unknown {
  const isOfLmdb = cause instanceof Error && 'code' in cause && typeof cause.code === 'number';
  return isOfLmdb ? unusable(dataFile(folder), 'used', cause.message, cause) : cause;
}

/** How large the file is when no page is missing, bytes. */
function readWholeBytes(file: number, path: string): number {
  const first = readMeta(file, 0);
  if (first === undefined) throw unusable(path, 'opened', 'it is not a store of jobs');
  const second = readMeta(file, Math.min(first.pageBytes, PAGE_BYTES_MAX));
  return Math.max(first.wholeBytes, second?.wholeBytes ?? 0);
}

function readMeta(file: number, start: number) {
  const meta = Buffer.alloc(META_BYTES);
  readSync(file, meta, 0, META_BYTES, start);
  const isLittle = meta.readUInt32LE(MAGIC_AT) === MAGIC;
  if (!isLittle && meta.readUInt32BE(MAGIC_AT) !== MAGIC) return undefined;
  const pageBytes = isLittle ? meta.readUInt32LE(PAGE_BYTES_AT) : meta.readUInt32BE(PAGE_BYTES_AT);
  const lastPage = isLittle ? meta.readBigUInt64LE(LAST_PAGE_AT) : meta.readBigUInt64BE(LAST_PAGE_AT);
  return { pageBytes, wholeBytes: Number(lastPage + 1n) * pageBytes };
}

function dataFile(folder: string): string {
  return join(folder, 'data.mdb');
}

function unusable(path: string, done: string, reason: string, cause?: unknown): FleetError {
  return new FleetError('FILE_UNREADABLE', `${path} cannot be ${done}: ${reason}`, {
    hint: 'put it back from a backup, or move it away to begin without the jobs of before',
    cause,
  });
}
