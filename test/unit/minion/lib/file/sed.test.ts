import { mkdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileMachine, fileMachine, textOf } from '../../../../support/file_machine.ts';

let machine: FileMachine;
let dir: string;
beforeEach(async () => {
  machine = await fileMachine();
  dir = machine.dir;
});
afterEach(() => machine.remove());

describe('file.sed', () => {
  test('edits a file and leaves a copy', async () => {
    const path = await machine.make('f', 'LogLevel warn\n/usr/lib a+b\n');
    expect(await machine.call('sed', [path, 'LogLevel w.*', 'LogLevel info'])).toMatchObject({ retcode: 0 });
    expect(await machine.call('sed', [path, '/usr', '/opt'], { limit: 'lib', backup: false })).toMatchObject({
      retcode: 0,
    });
    expect(await machine.call('sed', [path, 'a+b', 'c'], { escape_all: true, backup: '' })).toMatchObject({
      retcode: 0,
    });
    expect([await textOf(path), await textOf(`${path}.bak`)]).toEqual([
      'LogLevel info\n/opt/lib c\n',
      'LogLevel warn\n/usr/lib a+b\n',
    ]);
  });

  test('edits the lines in which the limit is not found, when told', async () => {
    const path = await machine.make('f', 'a keep\na\n');
    await machine.call('sed', [path, 'a', 'b'], { limit: 'keep', negate_match: true });
    expect(await textOf(path)).toBe('a keep\nb\n');
  });

  test('edits the file that a link leads to', async () => {
    const path = await machine.make('f', 'a\n');
    await symlink(path, join(dir, 'l'));
    await machine.call('sed', [join(dir, 'l'), 'a', 'b'], { backup: 'minion' });
    expect([await textOf(path), await readlink(join(dir, 'l'))]).toEqual(['b\n', path]);
    expect(await machine.call('list_backups', [path])).toMatchObject({ 0: { Size: 2 } });
  });

  test('tells what sed says, and that there is no file', async () => {
    const path = await machine.make('f', 'a\n');
    expect(await machine.call('sed', [path, 'a(', 'b'])).toMatchObject({ retcode: 1 });
    expect(machine.context.retcodes).toContain(1);
    expect(await machine.call('sed', [`${path}x`, 'a', 'b'])).toBe(false);
  });
});

test('file.sed_contains looks for what sed understands', async () => {
  const path = await machine.make('f', 'one\n/two/3\n');
  expect(await machine.call('sed_contains', [path, '/two/[0-9]'])).toBe(true);
  expect(await machine.call('sed_contains', [path, '^(two|3)'])).toBe(false);
  expect(await machine.call('sed_contains', [path, 'o'], { limit: '^/' })).toBe(true);
  expect(await machine.call('sed_contains', [`${path}x`, 'o'])).toBe(false);
});

test('file.psed edits by line or as a whole', async () => {
  const path = await machine.make('f', 'aa\nAa\nb\n');
  expect(await machine.call('psed', [path, 'a', 'x'], { limit: '^A', flags: 'I' })).toBeNull();
  expect(await textOf(path)).toBe('xa\nxa\nb\n');
  await machine.call('psed', [path, 'a\\nx', '-'], { multi: true, backup: '' });
  expect(await textOf(path)).toBe('x-a\nb\n');
  await expect(machine.call('psed', [path, 'a', 'b'], { flags: 'q' })).rejects.toThrow('Invalid re flag given: q');
});

describe('file.patch', () => {
  const patch = (name: string) => `--- ${name}\n+++ ${name}\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n`;

  test('patches a file, and only tries when told', async () => {
    const path = await machine.make('f', 'one\ntwo\n');
    const changes = await machine.make('f.patch', patch('f'));
    expect(await machine.call('patch', [path, changes], { dry_run: true })).toMatchObject({ retcode: 0 });
    expect(await textOf(path)).toBe('one\ntwo\n');
    expect(await machine.call('patch', [path, changes])).toMatchObject({ retcode: 0, stdout: `patching file ${path}` });
    expect(await textOf(path)).toBe('one\n2\n');
    expect(await machine.call('patch', [path, changes])).toMatchObject({ retcode: 1 });
  });

  test('patches a directory', async () => {
    await mkdir(join(dir, 'tree'));
    await machine.make('tree/f', 'one\ntwo\n');
    const changes = await machine.make('p', patch('a/f'));
    expect(await machine.call('patch', [join(dir, 'tree'), changes, '-p1'])).toMatchObject({ retcode: 0 });
    expect(await textOf(join(dir, 'tree/f'))).toBe('one\n2\n');
  });

  test('says that there is nothing to patch', async () => {
    await expect(machine.call('patch', ['/no/such', '/p'])).rejects.toThrow('/no/such does not exist');
  });
});

test('what is looked for is no command of sed', async () => {
  const path = await machine.make('f', 'a\n');
  expect(await machine.call('sed_contains', [path, '\\/x\\/;e echo run #'])).toBe(false);
  await expect(machine.call('sed_contains', [path, 'b'], { flags: ';e echo run\n' })).rejects.toThrow('flags: must be');
  await expect(machine.call('sed_contains', [path, 'e echo run #'], { limit: 'a\\' })).rejects.toThrow(
    'limit: must not end in a single backslash',
  );
});
