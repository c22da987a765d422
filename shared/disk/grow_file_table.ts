import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { systemErrorCode } from '../errors.ts';

/**
 * Makes room in the kernel's table of this process's open files: for as many as it may have, when that is less. Linux makes
 * the table anew at 256 files and at each doubling, and with threads it waits then until all processors have seen it
 * (`synchronize_rcu`): whoever opens a file stands still for 10 to 30 ms, and when a connection is accepted that is the
 * event loop. A table never becomes smaller, so it is made large once, before there is anybody who would wait. It takes 4 µs
 * for each file.
 */
export function growFileTable(files: number): void {
  const opened: number[] = [];
  try {
    while (opened.length < files) opened.push(openSync(devNull, 'r'));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  } finally {
    for (const file of opened) closeSync(file);
  }
}
