import { mkdir, readdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileMachine, fileMachine } from '../../../../support/file_machine.ts';

let machine: FileMachine;
let dir: string;
beforeEach(async () => {
  machine = await fileMachine();
  dir = machine.dir;
});
afterEach(() => machine.remove());

describe('searching', () => {
  test('contains, by text, regex and glob', async () => {
    const path = await machine.make('f', `first line\n  # second\n${'x'.repeat(100_000)}needle`);
    expect(await machine.call('contains', [path, ' needle '])).toBe(true);
    expect(await machine.call('contains', [path, 'haystack'])).toBe(false);
    expect(await machine.call('contains', [`${dir}/none`, 'x'])).toBe(false);
    expect(await machine.call('contains_regex', [path, '^first \\w+$'])).toBe(true);
    expect(await machine.call('contains_regex', [path, '^second'])).toBe(false);
    expect(await machine.call('contains_regex', [path, '^second'], { lchar: ' #' })).toBe(true);
    expect(await machine.call('contains_glob', [path, 'first*'])).toBe(true);
    expect(await machine.call('contains_glob', [path, 'irst*'])).toBe(false);
  });

  test('a text is found across the pieces in which a file is read', async () => {
    const path = await machine.make('f', `${'x'.repeat(64 * 1024 - 3)}needle`);
    expect(await machine.call('contains', [path, 'needle'])).toBe(true);
  });

  test('search', async () => {
    const path = await machine.make('f', 'One\nTwo\n');
    expect(await machine.call('search', [path, '^Two$'])).toBe(true);
    expect(await machine.call('search', [path, '^Two$', 0])).toBe(false);
    expect(await machine.call('search', [path, '^two$'], { flags: ['IGNORECASE'], multiline: true })).toBe(true);
    expect(await machine.call('search', ['/no/such', 'x'], { ignore_if_missing: true })).toBe(false);
    await expect(machine.call('search', ['/no/such', 'x'])).rejects.toThrow('File not found: /no/such');
    await expect(machine.call('search', [path, 'x('])).rejects.toMatchObject({ code: 'ARGS_INVALID' });
    const binary = await machine.make('b', 'a\0b');
    await expect(machine.call('search', [binary, 'x'])).rejects.toThrow(
      'Cannot perform string replacements on a binary file',
    );
  });

  test('grep', async () => {
    await machine.make('a', 'Root\n');
    await machine.make('b', 'root\n');
    expect(await machine.call('grep', [`${dir}/?`, 'root', '-i', '-h'])).toMatchObject({
      retcode: 0,
      stdout: 'Root\nroot',
    });
    expect(await machine.call('grep', [`${dir}/a`, 'none'])).toMatchObject({ retcode: 1, stdout: '' });
    await expect(machine.call('grep', [`${dir}/a`, 'x', '-i -v'])).rejects.toThrow(
      'pass the following arguments separately: -i -v',
    );
  });
});

describe('file.find', () => {
  beforeEach(async () => {
    await mkdir(join(dir, 'sub/deep'), { recursive: true });
    await machine.make('a.txt', 'hello\n');
    await machine.make('B.TXT', 'x'.repeat(2048));
    await machine.make('sub/c.log', 'world\n');
    await machine.make('sub/deep/d.txt');
    await symlink('a.txt', join(dir, 'link'));
    const now = machine.context.clock.nowMs() / 1000;
    for (const name of ['a.txt', 'B.TXT', 'sub/c.log', 'sub/deep/d.txt']) await utimes(join(dir, name), now, now);
    await utimes(join(dir, 'sub/c.log'), now, now - 3 * 86_400);
  });

  test.each([
    [{ name: '*.txt' }, ['a.txt', 'sub/deep/d.txt']],
    [{ name: '*.{log,TXT}' }, ['B.TXT', 'sub/c.log']],
    [{ name: '[^aB].*' }, ['sub/c.log', 'sub/deep/d.txt']],
    [{ iname: '*.txt' }, ['B.TXT', 'a.txt', 'sub/deep/d.txt']],
    [{ regex: '[ac]\\.' }, ['a.txt', 'sub/c.log']],
    [{ iregex: 'b' }, ['B.TXT']],
    [{ type: 'd' }, ['', 'sub', 'sub/deep']],
    [{ type: 'l, d', mindepth: 1 }, ['link', 'sub', 'sub/deep']],
    [{ type: 'f', maxdepth: 1 }, ['B.TXT', 'a.txt']],
    [{ type: 'f', maxdepth: 2, mindepth: 2 }, ['sub/c.log']],
    [{ type: 'f', size: '+2k' }, ['B.TXT']],
    [{ type: 'f', size: 6 }, ['a.txt', 'sub/c.log']],
    [{ type: 'f', size: '-5b' }, ['sub/deep/d.txt']],
    [{ type: 'f', mtime: '+2d' }, ['sub/c.log']],
    [{ type: 'f', mtime: '-1d12h' }, ['B.TXT', 'a.txt', 'sub/deep/d.txt']],
    [{ grep: '^w.r' }, ['sub/c.log']],
    [{ type: 'f', user: 'me' }, ['B.TXT', 'a.txt', 'sub/c.log', 'sub/deep/d.txt']],
    [{ owner: 'ada' }, []],
    [{ group: '4712 crew' }, []],
  ])('%j', async (criteria, names) => {
    expect(await machine.call('find', [dir], criteria)).toEqual(names.map((name) => join(dir, name)));
  });

  test('prints what is asked for', async () => {
    const size = { name: 'a.txt', print: 'path,name,size,type,user,mtime,md5' };
    const [item] = (await machine.call('find', [`${dir}*`], size)) as unknown[];
    const md5 = 'b1946ac92492d2347c6235b4d2611184';
    expect(item).toEqual([join(dir, 'a.txt'), 'a.txt', 6, 'f', 'me', machine.context.clock.nowMs() / 1000, md5]);
    expect(await machine.call('find', [dir], { type: 'l', print: 'name' })).toEqual(['link']);
  });

  test('runs a command for each, and lists those for which it succeeds', async () => {
    const folder = join(dir, 'run');
    await mkdir(folder);
    const [path, other] = [await machine.make('run/with blank', 'x\n'), await machine.make('run/y', 'y\n')];
    expect(await machine.call('find', [folder], { type: 'f', exec: "grep -q 'x' {}" })).toEqual([path]);
    expect(await machine.call('find', [folder], { type: 'f', exec: 'rm {}', print: 'name' })).toEqual([
      'with blank',
      'y',
    ]);
    expect(await readdir(folder)).toEqual([]);
    expect(machine.context.logged).toMatchObject([{ level: 'error', message: `the command failed for ${other}` }]);
    expect(machine.context.retcodes.every((retcode) => retcode === 0)).toBe(true);
  });

  test('deletes what is found, plain files unless told otherwise', async () => {
    expect(await machine.call('find', [dir, 'delete'], { name: '*.txt' })).toEqual([
      join(dir, 'a.txt'),
      join(dir, 'sub/deep/d.txt'),
    ]);
    expect(await machine.call('find', [dir], { name: 'sub', delete: 'd' })).toEqual([join(dir, 'sub')]);
    expect((await readdir(dir)).sort()).toEqual(['B.TXT', 'link']);
  });

  test.each([
    [{ nmae: 'x' }, 'invalid option "nmae"'],
    [{ name: '' }, 'missing value for "name" option'],
    [{ type: 'x' }, 'invalid file type "x"'],
    [{ size: 'big' }, 'invalid size: "big"'],
    [{ mtime: 'soon' }, 'invalid time interval: "soon"'],
    [{ user: 'eve' }, 'no such user "eve"'],
    [{ group: 'none' }, 'no such group "none"'],
    [{ maxdepth: 'x' }, 'invalid maxdepth "x"'],
    [{ print: 'colour' }, 'invalid print option "colour"'],
  ])('refuses %j', async (criteria, message) => {
    await expect(machine.call('find', [dir], criteria)).rejects.toMatchObject({ code: 'ARGS_INVALID', message });
  });
});
