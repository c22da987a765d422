import { lstat } from 'node:fs/promises';
import { systemErrorCode } from '../../../shared/errors.ts';

/** What is remembered of a file, so that it can be said later what happened to it. */
export interface FileState {
  readonly ino: number;
  readonly bornMs: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly isFolder: boolean;
}

/** Undefined when there is none, or none that may be seen. */
export async function readFileState(path: string): Promise<FileState | undefined> {
  try {
    const stats = await lstat(path);
    const { ino, size, mtimeMs, ctimeMs } = stats;
    return { ino, bornMs: stats.birthtimeMs, size, mtimeMs, ctimeMs, isFolder: stats.isDirectory() };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** One file under two names: a number of a file that is gone is given again, so that alone it says nothing. */
export function isSameFile(a: FileState, b: FileState): boolean {
  return a.ino === b.ino && a.bornMs === b.bornMs;
}

/** Only what a chmod or chown changes is different. */
export function isOnlyAttribute(before: FileState, after: FileState): boolean {
  return before.mtimeMs === after.mtimeMs && before.size === after.size && before.ctimeMs !== after.ctimeMs;
}
