import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../shared/errors.ts';

/** The files below a directory that stands for `/`. What is not there, or is not ours to read, is undefined. */
export interface FileRoot {
  readonly root: string;
  /** The whole file, at once: for the small files of /proc, /sys and /etc. */
  readText(path: string): string | undefined;
  /** The same for files that grow with the machine: process and connection tables. */
  read(path: string): Promise<string | undefined>;
  /** Where a symbolic link leads, as it is written in it. */
  link(path: string): Promise<string | undefined>;
  /** Names in a directory, sorted; empty when there is none. */
  list(path: string): readonly string[];
  exists(path: string): boolean;
}

/** The files below `root`. */
export function fileRoot(root: string): FileRoot {
  return {
    root,
    readText: (path) => orNothing(() => readFileSync(join(root, path), 'utf8')),
    read: (path) => readFile(join(root, path), 'utf8').catch(nothingIfAbsent),
    link: (path) => readlink(join(root, path)).catch(nothingIfAbsent),
    list: (path) => orNothing(() => readdirSync(join(root, path)).sort()) ?? [],
    exists: (path) => existsSync(join(root, path)),
  };
}

/**
 * Sysfs answers EINVAL, EIO, ENODEV and their like for what a device does not have; ESRCH is a process that is gone.
 */
const ABSENT = /^(ENOENT|ENOTDIR|EISDIR|EACCES|EPERM|EINVAL|EIO|ENODEV|ENXIO|EOPNOTSUPP|ENOTSUP|ESRCH)$/;

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return nothingIfAbsent(error);
  }
}

function nothingIfAbsent(error: unknown): undefined {
  if (!ABSENT.test(systemErrorCode(error) ?? '')) throw error;
}

/** What stands between blanks. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The lines of a text that are not empty, each split at its blanks. */
export function columns(text: string | undefined): string[][] {
  return (text ?? '')
    .split('\n')
    .map(words)
    .filter((line) => line.length > 0);
}
