import type { Stats } from 'node:fs';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** Why code in a file, or in a folder, is not to be run in the name of `euid`: somebody else may have written it. */
export function whyUntrusted({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, euid: number): string | undefined {
  if (uid !== 0 && uid !== euid) return `it belongs to user ${uid}, not to root or to the user of the minion`;
  if ((mode & OTHERS_WRITE) !== 0) return 'everybody may write to it: take that away with chmod o-w';
  if ((mode & GROUP_WRITES) !== 0) return 'its group may write to it: take that away with chmod g-w';
  return undefined;
}
