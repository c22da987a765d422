import { basename } from 'node:path';
import type { FileRoot } from '../file_root.ts';

/** So many processes are read before others get their turn. */
const BATCH = 64;
/** The kernel cuts names to this. */
const COMM_MAX = 15;

/**
 * The names of all processes that run, as psutil gives them. Read at once, a batch at a time: a file of /proc takes
 * microseconds, and ten times as long when a thread has to be asked for it.
 */
export async function readProcessNames(files: FileRoot): Promise<ReadonlySet<string>> {
  const pids = files.list('/proc').filter((name) => /^\d+$/.test(name));
  const names = new Set<string>();
  for (let index = 0; index < pids.length; index += BATCH) {
    for (const pid of pids.slice(index, index + BATCH)) {
      const name = nameOf(files, pid);
      if (name !== undefined) names.add(name);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return names;
}

/** Undefined when it ended meanwhile. A name that was cut is completed from the command line. */
function nameOf(files: FileRoot, pid: string): string | undefined {
  const comm = files.readText(`/proc/${pid}/comm`)?.trimEnd();
  if (comm === undefined || comm.length < COMM_MAX) return comm;
  const program = basename(files.readText(`/proc/${pid}/cmdline`)?.split('\0')[0] ?? '');
  return program.startsWith(comm) ? program : comm;
}
