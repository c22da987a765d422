import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';
import { limitFileSize } from '../../../../support/file_size_limit.ts';

let machine: FileMachine;
beforeEach(async () => {
  machine = await fileMachine();
});
afterEach(() => machine.remove());

const LONG = 5 * 1024 * 1024;

test('a line is appended to a long file, after the end of its last line', async () => {
  const path = await machine.make('log');
  await writeFile(path, Buffer.alloc(LONG, 'x'));
  await machine.call('append', [path, 'end']);
  expect((await readFile(path, 'utf8')).slice(LONG - 1)).toBe('x\nend\n');
});

test('half a line on a full disk is not said to be appended', async () => {
  const path = await machine.make('log');
  await writeFile(path, Buffer.alloc(LONG, 'x'));
  limitFileSize(LONG + 3);
  await expect(machine.call('append', [path, 'long line'])).rejects.toThrow(/too large/i);
});
