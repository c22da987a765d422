import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWithParents, makeWithParentsSync } from '../../../shared/make_with_parents.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

test('all folders that are missing are made, with the mode, and the first of them is told', async () => {
  const dir = temporaryDir();
  expect(await makeWithParents(join(dir, 'a/b/c'), 0o700)).toBe(join(dir, 'a'));
  expect(statSync(join(dir, 'a')).mode & 0o777).toBe(0o700);
  expect(await makeWithParents(join(dir, 'a/b/c'))).toBeUndefined();
  expect(await Promise.all(['x/y', 'x/z'].map((path) => makeWithParents(join(dir, path))))).toContain(join(dir, 'x'));
});

test('what is no folder and stands in the way is told', async () => {
  const dir = temporaryDir();
  writeFileSync(join(dir, 'file'), '');
  symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
  await expect(makeWithParents(join(dir, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeWithParents(join(dir, 'link'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeWithParents(join(dir, 'file/a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test('where the system takes no folders it says so, and does not try for ever', async () => {
  await expect(makeWithParents('/proc/none/below')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/none' });
});

test('without waiting it makes and tells the same', () => {
  const dir = temporaryDir();
  makeWithParentsSync(join(dir, 'a/b/c'), 0o700);
  makeWithParentsSync(join(dir, 'a/b/c'));
  expect(['a', 'a/b', 'a/b/c'].map((path) => statSync(join(dir, path)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  writeFileSync(join(dir, 'file'), '');
  symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
  for (const [path, code] of [
    [join(dir, 'file'), 'EEXIST'],
    [join(dir, 'link'), 'EEXIST'],
    [join(dir, 'file/a'), 'ENOTDIR'],
    ['/proc/none/below', 'ENOENT'],
  ] as const) {
    expect(() => makeWithParentsSync(path)).toThrow(expect.objectContaining({ code }));
  }
});
