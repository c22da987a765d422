import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { growFileTable } from '../../../../shared/disk/grow_file_table.ts';
import { openNoMoreFiles } from '../../../support/open_files_limit.ts';

/** Of this process: how many files there is room for before Linux makes the table anew. */
function tableSize(): number {
  return Number(/^FDSize:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test.runIf(process.platform === 'linux')('makes room for so many files, and leaves none open', () => {
  const [files, before] = [2 * tableSize(), openFiles()];
  growFileTable(files);
  expect(tableSize()).toBeGreaterThanOrEqual(files);
  expect(openFiles()).toBe(before);
});

test('is content with what the process may open', () => {
  const openMore = openNoMoreFiles();
  try {
    expect(() => growFileTable(1)).not.toThrow();
  } finally {
    openMore();
  }
});
