import { chmod, link, mkdir, readdir, readlink, rm, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileMachine, fileMachine, modeOf, textOf } from '../../../../support/file_machine.ts';

let machine: FileMachine;
let dir: string;
beforeEach(async () => {
  machine = await fileMachine();
  dir = machine.dir;
});
afterEach(() => machine.remove());

describe('content', () => {
  test('lines are written, appended and put before', async () => {
    const path = join(dir, 'f');
    expect(await machine.call('write', [path, 'one', 2])).toBe(`Wrote 2 lines to "${path}"`);
    expect(await machine.call('append', [path, 'three'])).toBe(`Wrote 1 lines to "${path}"`);
    expect(await machine.call('prepend', [path], { args: ['zero', 'a=b'] })).toBe(`Prepended 2 lines to "${path}"`);
    expect(await machine.call('read', [path])).toBe('zero\na=b\none\n2\nthree\n');
    expect(await machine.call('read', [path, true])).toEqual(Buffer.from('zero\na=b\none\n2\nthree\n'));
  });

  test('a file is replaced as a whole, and keeps its mode', async () => {
    const path = await machine.make('f', 'old\n');
    await chmod(path, 0o640);
    for (const fun of ['write', 'append', 'prepend']) {
      const before = (await stat(path)).ino;
      await machine.call(fun, [path, fun]);
      expect((await stat(path)).ino).not.toBe(before);
    }
    expect([await textOf(path), await modeOf(path)]).toEqual(['prepend\nwrite\nappend\n', 0o640]);
    expect(await readdir(dir)).toEqual(['f']);
  });

  test('a file of two names, a long one and a device are written to', async () => {
    const path = await machine.make('f', 'old\n');
    await link(path, join(dir, 'g'));
    await machine.call('write', [path, 'new']);
    expect(await textOf(join(dir, 'g'))).toBe('new\n');
    const long = await machine.make('long', 'x'.repeat(5 * 1024 * 1024));
    const { ino } = await stat(long);
    await machine.call('append', [long, 'end']);
    expect([(await stat(long)).ino, (await textOf(long)).slice(-6)]).toEqual([ino, 'x\nend\n']);
    expect(await machine.call('append', ['/dev/null', 'x'])).toBe('Wrote 1 lines to "/dev/null"');
    expect(await machine.call('write', ['/dev/null', 'x'])).toBe('Wrote 1 lines to "/dev/null"');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  test('append ends a last line that is not ended', async () => {
    const path = await machine.make('f', 'no end');
    await machine.call('append', [path], { args: 'x=y' });
    expect(await textOf(path)).toBe('no end\nx=y\n');
    await expect(machine.call('append', [`${dir}/none`, 'x'])).rejects.toThrow('[Errno 2] No such file or directory');
    await expect(machine.call('append', [path], { cheese: 'spam' })).rejects.toThrow(
      "'cheese' is an invalid keyword argument",
    );
  });

  test('touch makes a file and sets its times', async () => {
    const path = join(dir, 'f');
    expect(await machine.call('touch', [path])).toBe(true);
    expect((await stat(path)).mtimeMs).toBe(machine.context.clock.nowMs());
    await machine.call('touch', [path, 0, 1000]);
    expect(await stat(path)).toMatchObject({ atimeMs: 0, mtimeMs: 1_000_000 });
    await expect(machine.call('touch', ['/no/such/f'])).rejects.toThrow('[Errno 2] No such file or directory');
  });

  test('parts of a file are read and written', async () => {
    const path = await machine.make('f', '0123456789');
    expect(await machine.call('seek_read', [path, 3, 8])).toBe('89');
    expect(await machine.call('seek_write', [path, 'ab', 2])).toBe(2);
    expect(await machine.call('truncate', [path, 5])).toBeNull();
    expect(await textOf(path)).toBe('01ab4');
  });

  test('a file that is too long to return is refused', async () => {
    const path = await machine.make('f');
    await machine.call('seek_write', [path, 'x', 20 * 1024 * 1024]);
    await expect(machine.call('read', [path])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});

describe('the tree', () => {
  test('mkdir makes all that is missing, with its mode', async () => {
    const path = join(dir, 'a/b/c');
    expect(await machine.call('mkdir', [path], { mode: '0750' })).toBe(true);
    expect([await modeOf(path), await modeOf(join(dir, 'a'))]).toEqual([0o750, 0o750]);
    expect(await machine.call('mkdir', [path])).toBe(true);
  });

  test('makedirs makes what a file needs', async () => {
    expect(await machine.call('makedirs', [`${dir}/a/b/file`])).toBeNull();
    expect(await readdir(join(dir, 'a'))).toEqual(['b']);
    expect(await readdir(join(dir, 'a/b'))).toEqual([]);
    expect(await machine.call('makedirs', [`${dir}/a/b/`])).toBe(`Directory '${dir}/a/b' already exists`);
    const path = await machine.make('f');
    expect(await machine.call('makedirs', [`${path}/x`])).toBe(
      `The path '${path}' already exists and is not a directory`,
    );
  });

  test('remove takes files, folders and links but not what they lead to', async () => {
    await mkdir(join(dir, 'sub'));
    await machine.make('sub/f');
    await symlink('sub', join(dir, 'link'));
    expect(await machine.call('remove', [`${dir}/link`])).toBe(true);
    expect(await readdir(join(dir, 'sub'))).toEqual(['f']);
    expect(await machine.call('remove', [`${dir}/sub`])).toBe(true);
    expect(await machine.call('remove', [`${dir}/sub`])).toBe(false);
    await expect(machine.call('remove', ['sub'])).rejects.toThrow('File path must be absolute: sub');
  });

  test('rmdir removes only what is empty', async () => {
    await mkdir(join(dir, 'a/b/c'), { recursive: true });
    await mkdir(join(dir, 'a/d'));
    const path = await machine.make('a/d/f');
    expect(await machine.call('rmdir', [`${dir}/a`])).toBe(false);
    expect(await machine.call('rmdir', [`${dir}/a`], { recurse: true, verbose: true })).toEqual({
      deleted: [`${dir}/a/b/c`, `${dir}/a/b`],
      errors: [
        [`${dir}/a/d`, `[Errno 39] Directory not empty: '${dir}/a/d'`],
        [`${dir}/a`, `[Errno 39] Directory not empty: '${dir}/a'`],
      ],
      result: false,
    });
    await rm(path);
    expect(await machine.call('rmdir', [`${dir}/a`], { recurse: true })).toBe(true);
    await expect(machine.call('rmdir', [`${dir}/a`])).rejects.toThrow('A valid directory was not specified.');
  });

  test('rmdir leaves what is too young', async () => {
    await mkdir(join(dir, 'a'));
    const nowSeconds = machine.context.clock.nowMs() / 1000;
    await utimes(join(dir, 'a'), nowSeconds, nowSeconds - 86_400);
    expect(await machine.call('rmdir', [`${dir}/a`], { older_than: 2 })).toBe(false);
    expect(await machine.call('rmdir', [`${dir}/a`], { older_than: 0.5 })).toBe(true);
  });

  test('rename and move', async () => {
    const path = await machine.make('f', 'x');
    expect(await machine.call('rename', [path, `${dir}/g`])).toBe(true);
    await expect(machine.call('rename', [path, `${dir}/h`])).rejects.toThrow(
      `Could not rename '${path}' to '${dir}/h': [Errno 2]`,
    );
    await mkdir(join(dir, 'sub'));
    expect(await machine.call('move', [`${dir}/g`, `${dir}/sub`])).toEqual({
      result: true,
      comment: `'${dir}/g' moved to '${dir}/sub'`,
    });
    expect(await readdir(join(dir, 'sub'))).toEqual(['g']);
    await expect(machine.call('move', ['g', dir])).rejects.toThrow('Source path must be absolute.');
  });

  test('copy keeps the mode, and folders need recurse', async () => {
    const path = await machine.make('f', 'x');
    await chmod(path, 0o751);
    expect(await machine.call('copy', [path, `${dir}/g`])).toBe(true);
    expect([await textOf(`${dir}/g`), await modeOf(`${dir}/g`)]).toEqual(['x', 0o751]);
    await mkdir(join(dir, 'from'));
    await machine.make('from/new');
    await mkdir(join(dir, 'to'));
    await machine.make('to/old');
    await expect(machine.call('copy', [`${dir}/from`, `${dir}/to`])).rejects.toThrow(
      'without recurse flag set to true!',
    );
    await expect(machine.call('copy', [`${dir}/from`, '/proc/none/below/to'], { recurse: true })).rejects.toThrow(
      "Could not copy '",
    );
    await machine.call('copy', [`${dir}/from`, `${dir}/to`], { recurse: true });
    expect(await readdir(join(dir, 'to'))).toEqual(['new', 'old']);
    await machine.call('copy', [`${dir}/from`, `${dir}/to`], { recurse: true, remove_existing: true });
    expect(await readdir(join(dir, 'to'))).toEqual(['new']);
    await expect(machine.call('copy', [`${dir}/none`, `${dir}/x`])).rejects.toThrow(
      `No such file or directory '${dir}/none'`,
    );
  });

  test('links are made, and replaced when told', async () => {
    const path = await machine.make('f');
    expect(await machine.call('link', [path, `${dir}/hard`])).toBe(true);
    expect((await stat(path)).nlink).toBe(2);
    const soft = join(dir, 'soft');
    expect(await machine.call('symlink', [path, soft])).toBe(true);
    expect(await machine.call('symlink', [path, soft])).toBe(true);
    await expect(machine.call('symlink', ['/other', soft])).rejects.toThrow(`Found existing symlink: ${soft}`);
    expect(await machine.call('symlink', ['/other', soft], { force: true })).toBe(true);
    expect(await machine.call('symlink', ['/third', soft], { atomic: true })).toBe(true);
    expect(await readlink(soft)).toBe('/third');
    await expect(machine.call('symlink', ['/x', path])).rejects.toThrow(`Existing path is not a symlink: ${path}`);
    await mkdir(join(dir, 'sub'));
    await expect(machine.call('symlink', ['/x', `${dir}/sub`], { atomic: true })).rejects.toThrow(
      `Could not create '${dir}/sub'`,
    );
    expect((await readdir(dir)).sort()).toEqual(['f', 'hard', 'soft', 'sub']);
  });
});
