import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';

let machine: FileMachine;
beforeEach(async () => {
  machine = await fileMachine();
});
afterEach(() => machine.remove());

test('file.line shows its changes and keeps the mode of the file', async () => {
  const path = await machine.make('f', 'a\nb\n');
  await chmod(path, 0o640);
  const wish = { content: 'x', after: 'a', mode: 'ensure' };
  expect(await machine.call('line', [path], wish)).toBe('--- \n+++ \n@@ -1,2 +1,3 @@\n a\n+x\n b\n');
  expect(await machine.call('line', [path], wish)).toBe(false);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await machine.call('line', [path, 'x'], { mode: 'DELETE', show_changes: false })).toBe(true);
  expect(await readFile(path, 'utf8')).toBe('a\nb\n');
});

test('file.line keeps a copy with the time behind its name', async () => {
  const path = await machine.make('f', 'a\n');
  await machine.call('line', [path, 'a'], { mode: 'delete', backup: true });
  const [, copy = ''] = await readdir(machine.dir);
  expect(copy).toMatch(/^f\.202[56]-\d\d-\d\d-\d\d-\d\d-\d\d$/);
  expect(await readFile(`${machine.dir}/${copy}`, 'utf8')).toBe('a\n');
});

test('file.line says what is wrong with its arguments', async () => {
  const path = await machine.make('f', 'a\n');
  await expect(machine.call('line', [path, 'x'])).rejects.toThrow('Mode was not defined. How to process the file?');
  await expect(machine.call('line', [path, 'x'], { mode: 'append' })).rejects.toThrow('must be one of ensure');
  await expect(machine.call('line', [`${path}x`, 'x'], { mode: 'delete' })).rejects.toThrow('is not a file');
  expect(await machine.call('line', [`${path}x`, 'x'], { mode: 'delete', quiet: true })).toBe(false);
});
