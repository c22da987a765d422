import { chmod, readFile, stat, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FakeClock } from '../../../../support/fake_context.ts';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';

let machine: FileMachine;
let path: string;
beforeEach(async () => {
  machine = await fileMachine();
  path = await machine.make('f', 'one\n');
});
afterEach(() => machine.remove());

const replace = (from: string, to: string) =>
  machine.call('replace', [path, from, to], { backup: 'minion', show_changes: false });
const list = async (...args: unknown[]) => (await machine.call('list_backups', args)) as Record<string, Backup>;

interface Backup {
  readonly 'Backup Time': string;
  readonly Location: string;
  readonly Size: number;
}

test("backup='minion' keeps each version, the latest first", async () => {
  await chmod(path, 0o600);
  await replace('one', 'second');
  await replace('second', '3');
  (machine.context.clock as FakeClock).advance(86_400_000);
  await replace('3', 'four');
  const backups = await list(path);
  expect(Object.values(backups).map(({ Size }) => Size)).toEqual([2, 7, 4]);
  const { Location, 'Backup Time': time } = backups['0'] as Backup;
  expect(time).toMatch(/^(Thu|Fri|Sat) (Jan 0[1-3] 2026) \d\d:\d\d:00\.000000$/);
  const folder = join(machine.context.root, 'cache/file_backup', machine.dir);
  expect(Location).toMatch(new RegExp(`^${folder}/f_(Thu|Fri|Sat)_Jan_0[1-3]_\\d\\d:\\d\\d:00_000000_2026$`));
  expect([await readFile(Location, 'utf8'), (await stat(Location)).mode & 0o777]).toEqual(['3\n', 0o600]);
  expect(Object.keys(await list(path, 2))).toEqual(['0', '1']);
  expect(await list(`${path}x`)).toEqual({});
});

test('the backups of a folder are listed by file', async () => {
  await replace('one', 'two');
  const other = await machine.make('g_h', 'x');
  await machine.call('comment', [other, 'x'], { backup: 'minion' });
  expect(await machine.call('list_backups_dir', [machine.dir])).toMatchObject({
    f: { 0: { Size: 4 } },
    g_h: { 0: { Size: 1 } },
  });
  expect(await machine.call('list_backups_dir', ['/no/such'])).toEqual({});
});

test('a link has the backups of the file that it leads to', async () => {
  await symlink(path, join(machine.dir, 'link'));
  await machine.call('replace', [join(machine.dir, 'link'), 'one', 'two'], { backup: 'minion' });
  expect(Object.keys(await list(join(machine.dir, 'link')))).toEqual(['0']);
  expect(await list(path)).toEqual(await list(join(machine.dir, 'link')));
});

test('a version is restored, and the present one kept', async () => {
  await replace('one', 'two');
  const { Location } = (await list(path))['0'] as Backup;
  expect(await machine.call('restore_backup', [path, 0])).toEqual({
    result: true,
    comment: `Successfully restored ${Location} to ${path}`,
  });
  expect(await readFile(path, 'utf8')).toBe('one\n');
  expect(Object.keys(await list(path))).toEqual(['0', '1']);
  await unlink(path);
  expect(await machine.call('restore_backup', [path, 0])).toMatchObject({ result: true });
  expect(await readFile(path, 'utf8')).toBe('two\n');
});

test('a backup is removed, and one that is not there is not', async () => {
  await replace('one', 'two');
  expect(await machine.call('restore_backup', [path, '01'])).toMatchObject({ comment: "Invalid backup_id '01'" });
  expect(await machine.call('remove_backup', [path, 4])).toEqual({
    result: false,
    comment: `backup_id '4' does not exist for ${path}`,
  });
  expect(await machine.call('delete_backup', [path, 0])).toMatchObject({ result: true });
  expect(await list(path)).toEqual({});
});

test('a link in the place of the copy is replaced, and what it leads to left alone', async () => {
  const other = await machine.make('other', 'kept\n');
  await symlink(other, `${path}.bak`);
  await machine.call('replace', [path, 'one', 'two'], { backup: '.bak' });
  expect(await readFile(other, 'utf8')).toBe('kept\n');
  expect(await readFile(`${path}.bak`, 'utf8')).toBe('one\n');
});
