import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProcessorWait } from '../../../../master/metrics/processor_wait.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

function schedstat(text: string): string {
  const path = join(temporaryDir(), 'schedstat');
  writeFileSync(path, text);
  return path;
}

test('reads how long the thread waited, each time anew', () => {
  const path = schedstat('812345678 1500000000 4711\n');
  const wait = openProcessorWait(path);
  expect(wait?.seconds()).toBe(1.5);
  writeFileSync(path, '812345678 12000000000 4712\n');
  expect(wait?.seconds()).toBe(12);
  wait?.close();
});

test('is absent where the kernel counts nothing', () => {
  expect(openProcessorWait(schedstat('0 0 0\n'))).toBeUndefined();
  expect(openProcessorWait(join(temporaryDir(), 'nothing'))).toBeUndefined();
});

test.runIf(process.platform === 'linux')('reads what Linux counts of this thread', () => {
  const wait = openProcessorWait();
  expect(wait?.seconds()).toBeGreaterThanOrEqual(0);
  wait?.close();
});
