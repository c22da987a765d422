import { chmod, link, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
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

describe('file.replace', () => {
  test('shows the changes, and leaves a copy of the old file', async () => {
    const path = await machine.make('f', 'a = 1\nb = 2\n');
    await chmod(path, 0o640);
    expect(await machine.call('replace', [path, '^(\\w) = 2$', '\\1 = 3'])).toBe(
      '--- \n+++ \n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3\n',
    );
    expect([await textOf(path), await textOf(`${path}.bak`)]).toEqual(['a = 1\nb = 3\n', 'a = 1\nb = 2\n']);
    expect([await modeOf(path), await modeOf(`${path}.bak`)]).toEqual([0o640, 0o640]);
  });

  test('writes nothing when nothing changes', async () => {
    const path = await machine.make('f', 'a\n');
    expect(await machine.call('replace', [path, 'x', 'y'])).toBe('');
    expect(await machine.call('replace', [path, 'a', 'a'], { show_changes: false })).toBe(false);
    expect(await readdir(dir)).toEqual(['f']);
  });

  test('only says what it would do, when told', async () => {
    const path = await machine.make('f', 'a\n');
    expect(await machine.call('replace', [path, 'a', 'b'], { dry_run: true, show_changes: false })).toBe(true);
    expect(await machine.call('replace', [path, 'a', 'b'], { search_only: true })).toBe(true);
    expect(await textOf(path)).toBe('a\n');
  });

  test('takes flags, a count and no backup', async () => {
    const path = await machine.make('f', 'A a A\n');
    await machine.call('replace', [path, 'a', 'b'], { flags: ['IGNORECASE'], count: 2, backup: false });
    expect(await textOf(path)).toBe('b b A\n');
    expect(await readdir(dir)).toEqual(['f']);
  });

  test('takes backslashes as they are, when told', async () => {
    const path = await machine.make('f', 'x\n');
    await machine.call('replace', [path, 'x', '\\1'], { backslash_literal: true, backup: false });
    expect(await textOf(path)).toBe('\\1\n');
  });

  test('adds what it does not find, once', async () => {
    const path = await machine.make('f', 'first');
    const append = () => machine.call('replace', [path, '^k=.*', 'k=v'], { append_if_not_found: true, backup: false });
    expect(await append()).toContain('+k=v\n');
    expect(await append()).toBe('');
    await machine.call('replace', [path, 'nope', 'r'], {
      prepend_if_not_found: true,
      not_found_content: '# (top)',
      backup: false,
    });
    await machine.call('replace', [path, 'nope', 'r'], {
      prepend_if_not_found: true,
      not_found_content: '# (top)',
      backup: false,
    });
    expect(await textOf(path)).toBe('# (top)\nfirst\nk=v\n');
  });

  test('leaves bytes alone that are not UTF-8', async () => {
    const path = join(dir, 'f');
    await writeFile(path, Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a]));
    await machine.call('replace', [path, 'b', 'c']);
    expect([...(await readFile(path))]).toEqual([0x61, 0xff, 0x0a, 0x63, 0x0a]);
  });

  test('keeps the other names of a file together, unless told', async () => {
    const path = await machine.make('f', 'a\n');
    await link(path, join(dir, 'other'));
    await machine.call('replace', [path, 'a', 'b'], { backup: false });
    expect(await textOf(`${dir}/other`)).toBe('b\n');
    await machine.call('replace', [path, 'b', 'c'], { backup: false, preserve_inode: false });
    expect(await textOf(`${dir}/other`)).toBe('b\n');
  });

  test('follows a link', async () => {
    const path = await machine.make('f', 'a\n');
    await symlink('f', join(dir, 'link'));
    await machine.call('replace', [`${dir}/link`, 'a', 'b']);
    expect([await textOf(path), await readlink(`${dir}/link`)]).toEqual(['b\n', 'f']);
  });

  test.each([
    [{ append_if_not_found: true, prepend_if_not_found: true }, 'Only one of append and prepend_if_not_found'],
    [{ search_only: true, append_if_not_found: true }, 'search_only cannot be used with'],
    [{ flags: 'NOPE' }, 'Invalid re flag given: NOPE'],
  ])('refuses %j', async (kwargs, message) => {
    await expect(machine.call('replace', [await machine.make('f'), 'a', 'b'], kwargs)).rejects.toMatchObject({
      code: 'ARGS_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('refuses what is too long for it', async () => {
    const path = await machine.make('f', 'x'.repeat(4 * 1024 * 1024 + 1));
    await expect(machine.call('replace', [path, 'a', 'b'])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect(machine.call('replace', ['/no/such', 'a', 'b'])).rejects.toThrow('File not found: /no/such');
    expect(await machine.call('replace', ['/no/such', 'a', 'b'], { ignore_if_missing: true })).toBe(false);
  });
});

describe('comments', () => {
  test('are put before lines and taken away again', async () => {
    const path = await machine.make('f', 'foo 1\nbar\nfoo 2\n');
    expect(await machine.call('comment', [path, '^foo \\d$'])).toBe(
      '--- \n+++ \n@@ -1,2 +1,2 @@\n-foo 1\n-foo 2\n+#foo 1\n+#foo 2\n',
    );
    expect(await textOf(path)).toBe('#foo 1\nbar\n#foo 2\n');
    expect(await textOf(`${path}.bak`)).toBe('foo 1\nbar\nfoo 2\n');
    expect(await machine.call('comment', [path, '^foo'])).toBe(false);
    await machine.call('uncomment', [path, '^foo 2'], { backup: false });
    expect(await textOf(path)).toBe('#foo 1\nbar\nfoo 2\n');
  });

  test('have the sign that is named', async () => {
    const path = await machine.make('f', '** x\n');
    expect(await machine.call('comment_line', [path, 'x', '*', false])).toBe(false);
    expect(await machine.call('comment_line', [path, '\\* x', '*', false])).toContain('+ x\n');
    await machine.call('comment_line', [path, '\\s*x', '// ', true, false]);
    expect(await textOf(path)).toBe('//  x\n');
    await expect(machine.call('comment', ['/no/such', 'x'])).rejects.toThrow('File not found: /no/such');
  });
});

describe('file.blockreplace', () => {
  const markers = ['## start', '## end'];

  test('replaces what stands between the markers', async () => {
    const path = await machine.make('f', 'a\n## start (mine)\nold\nold\n## end here\nb\n');
    const diff = await machine.call('blockreplace', [path, ...markers, 'new\n'], { backup: false });
    expect(diff).toBe('--- \n+++ \n@@ -1,6 +1,5 @@\n a\n ## start (mine)\n-old\n-old\n+new\n ## end here\n b\n');
    expect(await machine.call('blockreplace', [path, ...markers, 'new\n'], { show_changes: false })).toBe(false);
    await machine.call('blockreplace', [path, ...markers, 'newer'], { append_newline: true, backup: false });
    expect(await textOf(path)).toBe('a\n## start (mine)\nnewer\n## end here\nb\n');
  });

  test.each([
    [{ append_if_not_found: true }, 'a\nb\n## start\nx\n## end\n'],
    [{ prepend_if_not_found: true }, '## start\nx\n## end\na\nb'],
    [{ insert_before_match: '^b$' }, 'a\n## start\nx\n## end\nb'],
    [{ insert_after_match: '^a$' }, 'a\n## start\nx\n## end\nb'],
  ])('adds the block by %j', async (kwargs, result) => {
    const path = await machine.make('f', 'a\nb');
    await machine.call('blockreplace', [path, ...markers, 'x\n'], { ...kwargs, backup: false });
    expect(await textOf(path)).toBe(result);
  });

  test('keeps line ends of the other kind', async () => {
    const path = await machine.make('f', '## start\r\n## end\r\n');
    await machine.call('blockreplace', [path, ...markers, 'a\nb\n'], { backup: false });
    expect(await textOf(path)).toBe('## start\r\na\r\nb\r\n## end\r\n');
  });

  test.each([
    ['a\n', {}, 'Markers were not found in file.'],
    ['a\n', { insert_before_match: 'zzz' }, 'Markers were not found in file.'],
    ['## start\na\n', {}, 'Unterminated marked block.'],
    ['a\n', { append_if_not_found: true, prepend_if_not_found: true }, 'is permitted'],
  ])('%j %j is an error', async (content, kwargs, message) => {
    await expect(
      machine.call('blockreplace', [await machine.make('f', content), ...markers, 'x'], kwargs),
    ).rejects.toThrow(message);
  });
});
