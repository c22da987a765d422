import { readFileSync } from 'node:fs';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Fields of /proc/PID/stat behind the name of the program, which may have spaces in it (proc_pid_stat(5)). */
const STATE = 0;
const START = 19;

/**
 * What a process that has something writes there: its pid, and what tells it from any other that was or will be given the
 * same. Undefined when it does not run, or runs in another container.
 */
export function ownerOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // It has ended, and its parent has not asked how.
    if (/[ZX]/.test(fields[STATE] ?? '')) return undefined;
    return `${pid}-${fields[START]}-${readFileSync(BOOT_ID, 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}

/** The process that wrote this, while it runs. */
export function livingOwner(owner: string): number | undefined {
  const pid = Number.parseInt(owner, 10);
  return owner === ownerOf(pid) ? pid : undefined;
}
