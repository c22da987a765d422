import type { FileRoot } from '../file_root.ts';

/** So many processes are read before others get their turn. */
const BATCH = 64;

/** The ids of all processes that run, rising. */
export function processIds(files: FileRoot): number[] {
  const names = files.list('/proc').filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}

/**
 * Reads something of every process; undefined is left out, for it may have ended meanwhile. Read at once, a batch at a
 * time: a file of /proc takes microseconds, and ten times as long when a thread has to be asked for it.
 */
export async function mapProcesses<T>(files: FileRoot, read: (pid: number) => T | undefined): Promise<T[]> {
  const pids = processIds(files);
  const found: T[] = [];
  for (let index = 0; index < pids.length; index += BATCH) {
    for (const pid of pids.slice(index, index + BATCH)) {
      const value = read(pid);
      if (value !== undefined) found.push(value);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}
