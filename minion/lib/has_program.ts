import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPath } from './find_executable.ts';

/** Whether a program is in one of the usual directories below `root`: for `unavailable`, which cannot wait. */
export function hasProgram(root: string, name: string): boolean {
  return defaultPath.split(':').some((folder) => existsSync(join(root, folder, name)));
}
