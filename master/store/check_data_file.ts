import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import { systemReason } from '../../shared/system_reason.ts';

/** LMDB's first page: a header of 24 bytes, then this number in the byte order of the machine. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;

/**
 * LMDB maps its file into memory and believes what is there: bytes that are not its own end the process without a word.
 * Throws FILE_UNREADABLE for such a file, or one that cannot be read and written; one that is missing or empty is fine.
 */
export function checkDataFile(folder: string): void {
  const path = join(folder, 'data.mdb');
  const start = Buffer.alloc(MAGIC_AT + 4);
  try {
    const file = openSync(path, 'r+');
    try {
      if (readSync(file, start) === 0) return;
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return;
    throw unusable(path, systemReason(cause), cause);
  }
  if (start.readUInt32LE(MAGIC_AT) !== MAGIC && start.readUInt32BE(MAGIC_AT) !== MAGIC) {
    throw unusable(path, 'it is not a store of jobs');
  }
}

function unusable(path: string, reason: string, cause?: unknown): FleetError {
  return new FleetError('FILE_UNREADABLE', `${path} cannot be opened: ${reason}`, {
    hint: 'put it back from a backup, or move it away to begin without the jobs of before',
    cause,
  });
}
