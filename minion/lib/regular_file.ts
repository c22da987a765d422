import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { commandFailed } from './exec.ts';

/**
 * Opens a file that somebody else may have put there. A pipe would hold up whoever opens it until it has a writer, and a
 * device may never end: both are refused. Throws COMMAND_FAILED, and the operating system's errors.
 */
export async function withRegularFile<T>(
  path: string,
  use: (file: FileHandle, stats: Stats) => Promise<T>,
): Promise<T> {
  // To open some devices is to use them.
  requireRegular(path, await stat(path));
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    requireRegular(path, stats);
    return await use(file, stats);
  } finally {
    await file.close();
  }
}

/** What a directory is not good for the system says itself. */
function requireRegular(path: string, stats: Stats): void {
  if (!stats.isFile() && !stats.isDirectory()) throw commandFailed(`${path} is not a regular file`);
}
