import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Format } from '../../shared/config/format.ts';
import { isMapping } from '../../shared/config/format.ts';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';

/** Directories by environment, as Salt's `file_roots` has them. */
export type FileRootsSetting = Readonly<Record<string, readonly string[]>>;

export const fileRootsFormat: Format<FileRootsSetting> = {
  expects: 'a mapping of environments to lists of absolute directories',
  read: (value) =>
    isMapping(value) && Object.values(value).every(isDirectoryList) ? (value as FileRootsSetting) : undefined,
  fromText: (given) => given,
};

function isDirectoryList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item.startsWith('/'));
}

/** Finds files below the file roots. */
export interface FileRoots {
  /**
   * The real path of the file `path` of an environment: of the first of its roots that has it. Undefined when none has,
   * also when `..` or a symlink leads out of the root.
   */
  find(path: string, saltenv?: string): string | undefined;
  /** The text of such a file. */
  read(path: string, saltenv?: string): string | undefined;
}

export function createFileRoots(roots: FileRootsSetting): FileRoots {
  const find: FileRoots['find'] = (path, saltenv = 'base') => {
    for (const root of roots[saltenv] ?? []) {
      const found = realFile(join(root, path));
      const top = realFile(root, 'directory');
      if (found !== undefined && top !== undefined && found.startsWith(top === sep ? sep : top + sep)) return found;
    }
    return undefined;
  };
  return {
    find,
    read(path, saltenv) {
      const found = find(path, saltenv);
      return found === undefined ? undefined : readFileSync(found, 'utf8');
    },
  };
}

function realFile(path: string, kind: 'file' | 'directory' = 'file'): string | undefined {
  try {
    const real = realpathSync(path);
    const is = statSync(real);
    return (kind === 'file' ? is.isFile() : is.isDirectory()) ? real : undefined;
  } catch (error) {
    // It is not there, or nobody may look: either way there is nothing to hand out.
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** `salt://path?saltenv=env`, in its parts. Throws ARGS_INVALID. */
export function parseSaltUrl(url: string): { readonly path: string; readonly saltenv: string } {
  const match = /^salt:\/\/([^?]+)(?:\?saltenv=([\w.-]+))?$/.exec(url);
  if (match === null) {
    throw new FleetError('ARGS_INVALID', `${url} is no file of the file roots`, {
      hint: 'write salt://path or salt://path?saltenv=environment',
    });
  }
  return { path: match[1] as string, saltenv: match[2] ?? 'base' };
}
