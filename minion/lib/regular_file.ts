import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { commandFailed } from './exec.ts';

const AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Opens a file that somebody else may have put there. A pipe would hold up whoever opens it until it has a writer, and
 * a device may never end: both are refused. Throws COMMAND_FAILED, and the operating system's errors.
 */
export async function withRegularFile<T>(
  path: string,
  use: (file: FileHandle, stats: Stats) => Promise<T>,
): Promise<T> {
  // To open some devices is to use them.
  requireRegular(path, await stat(path));
  const file = await open(path, AT_ONCE);
  try {
    const stats = await file.stat();
    requireRegular(path, stats);
    return await use(file, stats);
  } finally {
    await file.close();
  }
}

/** The bytes of a file or a device, piece by piece. Throws COMMAND_FAILED for a pipe. */
export async function streamFile(path: string): Promise<Readable> {
  const file = await open(path, AT_ONCE);
  if (!(await file.stat()).isFIFO()) return file.createReadStream();
  await file.close();
  throw commandFailed(`${path} is a pipe`);
}

/** What a directory is not good for the system says itself. */
function requireRegular(path: string, stats: Stats): void {
  if (!stats.isFile() && !stats.isDirectory()) throw commandFailed(`${path} is not a regular file`);
}
