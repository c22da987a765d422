import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from './errors.ts';
import { ifThere } from './if_there.ts';

/**
 * Makes a folder and those above it that are missing; resolves to the first that it made. Throws the operating system's
 * errors. Node's recursive `mkdir` takes every ENOENT for a missing parent: below /proc it never ends and holds one of
 * four threads, and where the file system is read-only it does not say so.
 */
export async function makeWithParents(path: string, mode?: number): Promise<string | undefined> {
  const missing: string[] = [];
  for (let folder = path; (await ifThere(stat(folder))) === undefined; folder = dirname(folder))
    missing.unshift(folder);
  for (const folder of missing.length > 0 ? missing : [path]) await makeUnlessThere(folder, mode);
  return missing[0];
}

async function makeUnlessThere(folder: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    const isThere = systemErrorCode(error) === 'EEXIST' && (await ifThere(stat(folder)))?.isDirectory() === true;
    if (!isThere) throw error;
  }
}

/** The same, for what is done before there is anything to wait with. */
export function makeWithParentsSync(path: string, mode?: number): void {
  const missing: string[] = [];
  for (let folder = path; statSync(folder, { throwIfNoEntry: false }) === undefined; folder = dirname(folder))
    missing.unshift(folder);
  for (const folder of missing.length > 0 ? missing : [path]) {
    try {
      mkdirSync(folder, { mode });
    } catch (error) {
      const isThere =
        systemErrorCode(error) === 'EEXIST' && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
      if (!isThere) throw error;
    }
  }
}
