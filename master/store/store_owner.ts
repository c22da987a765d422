import { readFileSync } from 'node:fs';
import { FleetError } from '../../shared/errors.ts';

/** Who has a store open, as it stands in the store itself. */
export interface OwnerTable {
  get(): string | undefined;
  put(owner: string): void;
  remove(): void;
  /** Nobody else, in whatever process, reads or writes it meanwhile. */
  alone<T>(act: () => T): T;
}

/**
 * Claims a store for this process; the answer gives it back. One that was killed gives nothing back, and is known by that
 * it is no more. Two masters would each empty the journal of the other. Throws ADDRESS_IN_USE.
 */
export function claimStore(path: string, table: OwnerTable): () => void {
  const own = ownerOf(process.pid);
  table.alone(() => {
    const before = table.get();
    const pid = Number.parseInt(before ?? '', 10);
    if (before !== undefined && before !== own && before === ownerOf(pid)) {
      throw new FleetError('ADDRESS_IN_USE', `process ${pid} has ${path} open`, {
        hint: 'stop it, or give this one another cachedir',
      });
    }
    if (own !== undefined) table.put(own);
  });
  return () => table.alone(() => table.get() === own && table.remove());
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Fields of /proc/PID/stat behind the name of the program, which may have spaces in it (proc_pid_stat(5)). */
const STATE = 0;
const START = 19;

/** Its pid, and what tells it from any other that was or will be given the same; undefined when it does not run. */
function ownerOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // It has ended, and its parent has not asked how.
    if (/[ZX]/.test(fields[STATE] ?? '')) return undefined;
    return `${pid} ${fields[START]} ${readFileSync(BOOT_ID, 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}
