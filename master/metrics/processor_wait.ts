import { closeSync, openSync, readSync } from 'node:fs';

/** How long a thread was ready to run and waited for a processor, since it began. */
export interface ProcessorWait {
  seconds(): number;
  close(): void;
}

/** `<time on a processor> <time of waiting for one> <turns>`, the times in nanoseconds. */
const LINE_BYTES_MAX = 64;
const NANOSECONDS = 1e9;

/** Of the thread that calls this. Undefined where the system does not count it: no Linux, or one without schedstat. */
export function openProcessorWait(path = '/proc/thread-self/schedstat'): ProcessorWait | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  const line = Buffer.alloc(LINE_BYTES_MAX);
  const read = (): readonly number[] => {
    const length = readSync(file, line, 0, LINE_BYTES_MAX, 0);
    return line.toString('latin1', 0, length).split(' ').map(Number);
  };
  const close = (): void => closeSync(file);
  // A kernel that does not count says that the thread never ran.
  if (!read()[0]) {
    close();
    return undefined;
  }
  return { seconds: () => (read()[1] ?? 0) / NANOSECONDS, close };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
