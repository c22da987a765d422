import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../shared/errors.ts';

/** The files below a directory that stands for `/`. What is not there, or is not ours to read, is undefined. */
export interface FileRoot {
  readonly root: string;
  /** The whole file, at once: for the small files of /proc, /sys and /etc. */
  readText(path: string): string | undefined;
  /** The same for files that grow with the machine: process and connection tables. */
  read(path: string): Promise<string | undefined>;
  /** Names in a directory, sorted; empty when there is none. */
  list(path: string): readonly string[];
  exists(path: string): boolean;
}

/** The files below `root`. */
export function fileRoot(root: string): FileRoot {
  return {
    root,
    readText: (path) => orNothing(() => readFileSync(join(root, path), 'utf8')),
    async read(path) {
      try {
        return await readFile(join(root, path), 'utf8');
      } catch (error) {
        return orNothing(() => {
          throw error;
        });
      }
    },
    list: (path) => orNothing(() => readdirSync(join(root, path)).sort()) ?? [],
    exists: (path) => existsSync(join(root, path)),
  };
}

/** Sysfs answers EINVAL, EIO, ENODEV and their like for what a device does not have; ESRCH is a process that is gone. */
const ABSENT = /^(ENOENT|ENOTDIR|EISDIR|EACCES|EPERM|EINVAL|EIO|ENODEV|ENXIO|EOPNOTSUPP|ENOTSUP|ESRCH)$/;

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (ABSENT.test(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** The lines of a text that are not empty, each split at its blanks. */
export function columns(text: string | undefined): string[][] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
}
