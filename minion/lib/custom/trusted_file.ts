import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** In such a directory nobody moves what is somebody else's. */
const STICKY = 0o1000;

/** Why code in a file, or in a folder, is not to be run in the name of `euid`: somebody else may have written it. */
export function whyUntrusted({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, euid: number): string | undefined {
  if (uid !== 0 && uid !== euid) return `it belongs to user ${uid}, not to root or to the user of the minion`;
  if ((mode & OTHERS_WRITE) !== 0) return 'everybody may write to it: take that away with chmod o-w';
  if ((mode & GROUP_WRITES) !== 0) return 'its group may write to it: take that away with chmod g-w';
  return undefined;
}

/** The same of the folders above one, with links and without: who may write to them may put another in its place. */
export function whyUntrustedAbove(folder: string, euid: number): string | undefined {
  for (const path of new Set([...foldersAbove(folder), ...foldersAbove(realpathSync(folder))])) {
    const { uid, mode } = statSync(path);
    const why = whyUntrusted({ uid, mode: (mode & STICKY) === 0 ? mode : mode & ~(GROUP_WRITES | OTHERS_WRITE) }, euid);
    if (why !== undefined) return `${path}: ${why}`;
  }
  return undefined;
}

function foldersAbove(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [] : [...foldersAbove(parent), parent];
}
