import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import { systemErrorCode } from '../../shared/errors.ts';

/** What a shell looks through when PATH is not set. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The file that a command name stands for: looked up in the directories of `path`, or, when the name has a slash,
 * taken from `cwd`. Undefined when there is no such file that may be run.
 */
export async function findExecutable(name: string, path: string, cwd = '/'): Promise<string | undefined> {
  if (name === '') return undefined;
  const folders = name.includes('/') ? ['.'] : path.split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const candidate = resolve(cwd, folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
