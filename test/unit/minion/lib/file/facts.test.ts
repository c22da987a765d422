import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, stat, symlink, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';

const me = process.geteuid?.() ?? 0;

let machine: FileMachine;
let dir: string;
beforeEach(async () => {
  machine = await fileMachine();
  dir = machine.dir;
});
afterEach(() => machine.remove());

describe('paths', () => {
  test.each([
    ['basename', ['/a/b.c'], 'b.c'],
    ['basename', ['/a/'], ''],
    ['dirname', ['/a/b/c.d'], '/a/b'],
    ['dirname', ['name'], ''],
    ['dirname', ['/name'], '/'],
    ['join', ['/', 'usr', 'local'], '/usr/local'],
    ['join', ['a', '/b', 'c'], '/b/c'],
    ['normpath', ['a//b/../c/'], 'a/c'],
    ['normpath', [''], '.'],
    ['pardir', [], '..'],
  ])('file.%s %j is %j', async (fun, args, result) => {
    expect(await machine.call(fun, args)).toBe(result);
  });

  test('a tilde is the home directory', async () => {
    expect(await machine.call('directory_exists', ['~'])).toBe(
      await stat(homedir()).then((found) => found.isDirectory()),
    );
    await expect(machine.call('stats', ['~ada/x'])).rejects.toThrow('Path not found: /home/ada/x');
  });
});

describe('what there is', () => {
  test('files and directories are told apart', async () => {
    const path = await machine.make('f');
    expect([await machine.call('file_exists', [path]), await machine.call('file_exists', [dir])]).toEqual([
      true,
      false,
    ]);
    expect([await machine.call('directory_exists', [path]), await machine.call('directory_exists', [dir])]).toEqual([
      false,
      true,
    ]);
    expect([
      await machine.call('file_exists', [`${path}/x`]),
      await machine.call('directory_exists', ['/no/such']),
    ]).toEqual([false, false]);
  });

  test('path_exists_glob expands wildcards but not hidden names', async () => {
    await mkdir(join(dir, 'sub'));
    await machine.make('sub/file.conf');
    await machine.make('.hidden');
    expect(await machine.call('path_exists_glob', [`${dir}/s*/file.[a-c]onf`])).toBe(true);
    expect(await machine.call('path_exists_glob', [`${dir}/x*`])).toBe(false);
    expect(await machine.call('path_exists_glob', [`${dir}/?hidden`])).toBe(false);
    expect(await machine.call('path_exists_glob', [`${dir}/.h*`])).toBe(true);
  });

  test('access', async () => {
    const path = await machine.make('f');
    await chmod(path, 0o644);
    expect(await machine.call('access', [path, 'f'])).toBe(true);
    expect(await machine.call('access', [path, 4])).toBe(true);
    expect(await machine.call('access', [path, 'x'])).toBe(false);
    await expect(machine.call('access', [path, 'q'])).rejects.toThrow('Invalid mode specified.');
    await expect(machine.call('access', ['f', 'r'])).rejects.toThrow('Path to link must be absolute.');
  });

  test('stats', async () => {
    const path = await machine.make('f', 'abc');
    await chmod(path, 0o640);
    await utimes(path, 1000, 2000.5);
    const found = await stat(path);
    expect(await machine.call('stats', [path, 'md5'])).toEqual({
      inode: found.ino,
      uid: me,
      gid: found.gid,
      user: 'me',
      group: found.gid,
      atime: 1000,
      mtime: 2000.5,
      ctime: found.ctimeMs / 1000,
      size: 3,
      mode: '0640',
      sum: '900150983cd24fb0d6963f7d28e17f72',
      type: 'file',
      target: path,
    });
    expect(await machine.call('stats', [dir])).toMatchObject({ type: 'dir' });
    await expect(machine.call('stats', [`${dir}/none`])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: `Path not found: ${dir}/none`,
    });
  });

  test('stats follows links unless told, and looks at a link that leads nowhere itself', async () => {
    const path = await machine.make('f');
    await symlink(path, join(dir, 'link'));
    await symlink('/no/such', join(dir, 'broken'));
    expect(await machine.call('stats', [`${dir}/link`])).toMatchObject({ type: 'file', target: path });
    expect(await machine.call('stats', [`${dir}/link`], { follow_symlinks: false })).toMatchObject({ type: 'link' });
    expect(await machine.call('stats', [`${dir}/broken`])).toMatchObject({ type: 'link' });
  });

  test('devices and pipes', async () => {
    const kindsOf = (path: string) =>
      Promise.all(['is_chrdev', 'is_blkdev', 'is_fifo'].map((name) => machine.call(name, [path])));
    expect(await kindsOf('/dev/null')).toEqual([true, false, false]);
    expect(await kindsOf(`${dir}/none`)).toEqual([false, false, false]);
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    expect(await kindsOf(join(dir, 'pipe'))).toEqual([false, false, true]);
  });

  test('links', async () => {
    const path = await machine.make('f');
    await symlink('f', join(dir, 'link'));
    expect([await machine.call('is_link', [`${dir}/link`]), await machine.call('is_link', [path])]).toEqual([
      true,
      false,
    ]);
    expect(await machine.call('readlink', [`${dir}/link`])).toBe('f');
    expect(await machine.call('readlink', [`${dir}/link`], { canonicalize: true })).toBe(path);
    await expect(machine.call('readlink', [path])).rejects.toThrow(`A valid link was not specified: ${path}`);
    expect(await machine.call('is_hardlink', [path])).toBe(false);
    await link(path, join(dir, 'second'));
    expect(await machine.call('is_hardlink', [path])).toBe(true);
    expect(await machine.call('lstat', [`${dir}/link`])).toMatchObject({ st_size: 1, st_nlink: 1 });
    expect(await machine.call('lstat', [`${dir}/none`])).toEqual({});
  });

  test('readdir', async () => {
    await machine.make('b');
    await machine.make('a');
    expect(await machine.call('readdir', [dir])).toEqual(['.', '..', 'a', 'b']);
    await expect(machine.call('readdir', [`${dir}/a`])).rejects.toThrow('A valid directory was not specified.');
  });

  test('checksums', async () => {
    const path = await machine.make('f', 'abc');
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await machine.call('get_hash', [path])).toBe(sha256);
    expect(await machine.call('get_sum', [path, 'sha1'])).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(await machine.call('check_hash', [path, sha256])).toBe(true);
    expect(await machine.call('check_hash', [path, `sha256=${sha256.toUpperCase()}`])).toBe(true);
    expect(await machine.call('check_hash', [path, `md5:${'0'.repeat(32)}`])).toBe(false);
    await expect(machine.call('check_hash', [path, 'abc'])).rejects.toThrow('(length: 3) could not be matched');
    await expect(machine.call('get_hash', [path, 'crc'])).rejects.toThrow('Invalid hash type: crc');
    await expect(machine.call('get_hash', [`${dir}/none`])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: `[Errno 2] No such file or directory: '${dir}/none'`,
    });
  });

  test('diskusage counts a file with two names once', async () => {
    const path = await machine.make('f', '12345');
    await link(path, join(dir, 'again'));
    await mkdir(join(dir, 'sub'));
    await machine.make('sub/g', '123');
    expect(await machine.call('diskusage', [dir])).toBe(8);
    expect(await machine.call('diskusage', [path])).toBe(5);
  });

  test('statvfs', async () => {
    expect(await machine.call('statvfs', [dir])).toMatchObject({
      f_bsize: expect.any(Number),
      f_blocks: expect.any(Number),
    });
  });
});
