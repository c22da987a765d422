import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeZip } from '../../../../minion/lib/archive/write_zip.ts';
import { createExec, type Exec } from '../../../../minion/lib/exec.ts';
import archive from '../../../../minion/modules/archive.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

/** Info-ZIP wrote these: one with the password `pa55`, and one with a link to /etc/passwd. */
const encrypted =
  'UEsDBBQACQAIAAAAIVwGoibFHAAAACcAAAAFAAAAcy50eHRL24MSvNCdHE0iK+uHekI0l4nc0aEPGsyFicT7UEsHCAaiJsUcAAAAJwAAAFBLAQIeAxQACQAIAAAAIVwGoibFHAAAACcAAAAFAAAAAAAAAAEAAACkgQAAAABzLnR4dFBLBQYAAAAAAQABADMAAABPAAAAAAA=';
const withLink =
  'UEsDBAoAAAAAAOdoel0KuR8pCwAAAAsAAAAEAAAAbGluay9ldGMvcGFzc3dkUEsDBAoAAAAAAOdoel16em/tAwAAAAMAAAADAAAAZC9maGkKUEsBAh4DCgAAAAAA52h6XQq5HykLAAAACwAAAAQAAAAAAAAAAAAAAP+hAAAAAGxpbmtQSwECHgMKAAAAAADnaHpdenpv7QMAAAADAAAAAwAAAAAAAAABAAAApIEtAAAAZC9mUEsFBgAAAAACAAIAYwAAAFEAAAAAAA==';

/** A directory with files `a`, `b` and `sub/c`, and the functions as they run there. */
async function machine(exec: Exec = createExec({ env: process.env, log: silentLogger, clock: systemClock })) {
  const dir = await fixtureRoot({ a: 'one\n', b: '', 'sub/c': 'three\n'.repeat(10_000), 'out/': '' });
  const context = fakeContext({ exec, grains: { path: process.env.PATH } });
  return {
    dir,
    context,
    at: (name: string) => join(dir, name),
    read: (name: string) => readFile(join(dir, name), 'utf8'),
    run: (fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, archive, `archive.${fun}`, args, kwargs),
  };
}

test('tar packs what globs name, and unpacks into another directory', async () => {
  const { run, at, dir, read, context } = await machine();
  await symlink('a', at('link'));
  expect(await run('tar', ['czf', 'x.tar.gz', 'a,s*,link'], { cwd: dir })).toEqual([]);
  expect(await run('list', [at('x.tar.gz')])).toEqual(['a', 'link', 'sub/', 'sub/c']);
  expect(await run('tar', ['-xvf', at('x.tar.gz')], { dest: at('out') })).toEqual(['a', 'sub/', 'sub/c', 'link']);
  expect(await read('out/sub/c')).toBe(await read('sub/c'));
  expect(await run('tar', ['xf', at('missing.tar')])).toEqual(
    expect.arrayContaining([expect.stringContaining('missing.tar')]),
  );
  expect(context.retcodes.at(-1)).toBe(2);
});

test('the content of a tar file is told by kind, without leading folders when asked for', async () => {
  const { run, at, dir } = await machine();
  await writeFile(at('sub/ö\nx'), '');
  await symlink('/etc', at('sub/link'));
  await run('tar', ['cf', 'x.tar', 'a,sub'], { cwd: dir });
  expect(await run('list', [at('x.tar')], { verbose: true })).toEqual({
    dirs: ['sub/'],
    files: ['a', 'sub/c', 'sub/ö\nx'],
    links: ['sub/link'],
    top_level_dirs: ['sub/'],
    top_level_files: ['a'],
    top_level_links: [],
  });
  expect(await run('list', [at('x.tar')], { strip_components: 1 })).toEqual(['c', 'link', 'ö\nx']);
  await expect(run('list', [at('nothing.tar')])).rejects.toThrow(/cannot list .*nothing.tar/);
  await expect(run('list', [at('a')])).rejects.toThrow("unable to guess the archive's format");
  await expect(run('list', ['salt://a.tar'])).rejects.toThrow('cannot fetch salt://a.tar');
});

test('gzip and gunzip put one file in place of the other', async () => {
  const { run, at, read } = await machine();
  expect(await run('gzip', [at('a')], { options: '-9' })).toEqual([]);
  await expect(stat(at('a'))).rejects.toThrow('ENOENT');
  expect(await run('gunzip', [at('a.gz')])).toEqual([]);
  expect(await read('a')).toBe('one\n');
});

test('zip and unzip pack and unpack, with modes and empty files', async () => {
  const { run, at, dir, read } = await machine();
  await chmod(at('a'), 0o750);
  expect(await run('zip', [at('x.zip'), 'a,b,sub'], { cwd: dir })).toEqual(['a', 'b', 'sub/', 'sub/c']);
  expect((await stat(at('x.zip'))).size).toBeLessThan(1000);
  expect(await run('list', [at('x.zip')])).toEqual(['a', 'b', 'sub/', 'sub/c']);
  expect(await run('is_encrypted', [at('x.zip')])).toBe(false);
  expect(await run('unzip', [at('x.zip'), at('out')], { excludes: 'b' })).toEqual(['a', 'sub/', 'sub/c']);
  expect(await read('out/sub/c')).toBe(await read('sub/c'));
  expect((await stat(at('out/a'))).mode & 0o777).toBe(0o750);
  await expect(read('out/b')).rejects.toThrow('ENOENT');
  expect(await run('unzip', [at('x.zip'), at('out')], { trim_output: 1 })).toEqual([
    'a',
    'List trimmed after 1 files.',
  ]);
  expect(await read('out/b')).toBe('');
  await expect(run('zip', [at('x.zip'), 'a'])).rejects.toThrow('sources: a is relative');
  await expect(run('zip', [at('x.zip'), at('nothing')])).rejects.toThrow('nothing does not exist');
});

test('a zip file that is replaced stays as private as it was', async () => {
  const { run, at } = await machine();
  await writeFile(at('x.zip'), '', { mode: 0o600 });
  await run('zip', [at('x.zip'), at('a')]);
  expect((await stat(at('x.zip'))).mode & 0o777).toBe(0o600);
});

test('a zip file whose members share their data is refused before anything is written', async () => {
  const { run, at } = await machine();
  await run('zip', [at('x.zip'), `${at('a')},${at('b')}`]);
  const bytes = await readFile(at('x.zip'));
  // Where the second member begins stands in the last entry of the directory.
  const entry = bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  bytes.writeUInt32LE(0, entry + 42);
  await writeFile(at('x.zip'), bytes);
  await expect(run('unzip', [at('x.zip'), at('out')])).rejects.toThrow('that overlaps another');
  expect(await readdir(at('out'))).toEqual([]);
});

test('a zip file with a password is unpacked with it alone', async () => {
  const { run, at, read } = await machine();
  await writeFile(at('e.zip'), Buffer.from(encrypted, 'base64'));
  expect(await run('is_encrypted', [at('e.zip')])).toBe(true);
  await expect(run('unzip', [at('e.zip'), at('out')])).rejects.toThrow('s.txt is encrypted');
  await expect(run('unzip', [at('e.zip'), at('out')], { password: 'wrong' })).rejects.toThrow(/password|broken/);
  expect(await run('unzip', [at('e.zip'), at('out')], { password: 'pa55' })).toEqual(['s.txt']);
  expect(await read('out/s.txt')).toBe('a secret, a secret, a secret, a secret\n');
});

test('nothing is unpacked outside of the directory', async () => {
  const { run, at, read } = await machine();
  const pack = (...names: string[]) =>
    writeZip(
      at('x.zip'),
      names.map((name) => ({ name, path: at('a') })),
      new AbortController().signal,
    );
  for (const name of ['../b', 'deep/../../b', at('b')]) {
    await pack('fine', name);
    await expect(run('unzip', [at('x.zip'), at('out')])).rejects.toThrow('would be written outside of the directory');
    await expect(read('out/fine')).rejects.toThrow('ENOENT');
  }
  await symlink(at('sub'), at('out/way'));
  await pack('way/deeper/c');
  await expect(run('unzip', [at('x.zip'), at('out')])).rejects.toThrow('is a link that leads outside of');
  await expect(stat(at('sub/deeper'))).rejects.toThrow('ENOENT');
  await symlink(at('b'), at('out/file'));
  await pack('file');
  await run('unzip', [at('x.zip'), at('out')]);
  expect(await read('b')).toBe('');
  expect(await read('out/file')).toBe('one\n');
});

test('links of a zip file are made as links, and nothing is written through them', async () => {
  const { run, at } = await machine();
  await writeFile(at('l.zip'), Buffer.from(withLink, 'base64'));
  expect(await run('list', [at('l.zip')], { verbose: true })).toMatchObject({
    dirs: ['d/'],
    files: ['d/f'],
    links: ['link'],
  });
  for (const _time of ['first', 'again']) expect(await run('unzip', [at('l.zip'), at('out')])).toEqual(['link', 'd/f']);
  expect(await readlink(at('out/link'))).toBe('/etc/passwd');
});

test('a zip file that is cut or changed is found out', async () => {
  const { run, at } = await machine();
  await run('zip', [at('x.zip'), at('sub/c')]);
  const bytes = await readFile(at('x.zip'));
  await writeFile(at('cut.zip'), bytes.subarray(0, -30));
  await expect(run('unzip', [at('cut.zip'), at('out')])).rejects.toThrow('is not a zip file');
  await writeFile(at('tail.zip'), bytes.subarray(40));
  await expect(run('unzip', [at('tail.zip'), at('out')])).rejects.toThrow('is not a whole zip file');
  bytes.writeUInt32LE(1, bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 16);
  await writeFile(at('changed.zip'), bytes);
  await expect(run('unzip', [at('changed.zip'), at('out')])).rejects.toThrow('the zip file is broken at');
  await expect(run('unzip', [at('missing.zip'), at('out')])).rejects.toThrow('No such file or directory');
});

test('whatever is changed in a zip file, it is unpacked or refused', async () => {
  const { run, at } = await machine();
  await run('zip', [at('x.zip'), 'a,sub'], { cwd: at('') });
  const bytes = await readFile(at('x.zip'));
  for (let place = 0; place < bytes.length; place += 7) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8((changed.readUInt8(place) + 0x55) & 0xff, place);
    await writeFile(at('y.zip'), changed);
    await run('unzip', [at('y.zip'), at(`out/${place}`)]).catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'FleetError' });
    });
  }
});

test('the programs zip, unzip, rar and unrar get their arguments one by one', async () => {
  const { run, at } = await machine(
    fakeExec({
      'zip -r /x.zip /d/a /d/b c': 'adding: a\nadding: b\n',
      'unzip -P pa55 -o /x.zip -d /out -x a b': 'inflating: c\ninflating: d\n',
      'unzip /broken.zip -d /out': { retcode: 9, stdout: 'no zip file\n' },
      'rar a -idp -- /x.rar /d/a': 'Adding a\n',
      'rar x -idp -xa -- /x.rar /out/': 'Extracting b\n',
      'unrar lt -idc -- /x.rar':
        '\nArchive: /x.rar\nDetails: RAR 5\n\n        Name: d/f\n        Type: File\n        Size: 2\n\n        Name: d\n        Type: Directory\n',
    }),
  );
  expect(await run('cmd_zip', ['/x.zip', '/d/a,/d/b,c'])).toEqual(['adding: a', 'adding: b']);
  const unzip = { excludes: 'a,b', options: '-o', password: 'pa55', trim_output: 1 };
  expect(await run('cmd_unzip', ['/x.zip', '/out'], unzip)).toEqual(['inflating: c', 'List trimmed after 1 files.']);
  const whole = ['inflating: c', 'inflating: d'];
  expect(await run('cmd_unzip', ['/x.zip', '/out'], { ...unzip, trim_output: true })).toEqual(whole);
  await expect(run('cmd_unzip', ['/broken.zip', '/out'])).rejects.toThrow('no zip file');
  expect(await run('rar', ['/x.rar', '/d/a'])).toEqual(['Adding a']);
  expect(await run('unrar', ['/x.rar', '/out'], { excludes: 'a' })).toEqual(['Extracting b']);
  expect(await run('list', ['/x.rar'])).toEqual(['d/', 'd/f']);
  await expect(run('zip', [at('x.zip'), at('a')], { runas: 'amy' })).rejects.toThrow('runas: no program is run here');
});

test('a name that begins with a dash is no option of a program, nor one with an at sign a list', async () => {
  const { run, at, dir } = await machine();
  await mkdir(at('w'));
  for (const name of ['--version', '@list']) await writeFile(at(`w/${name}`), 'x');
  expect(await run('tar', ['cf', 'x.tar', '*'], { cwd: at('w') })).toEqual([]);
  expect(await run('list', [join(dir, 'w/x.tar')])).toEqual(['./--version', './@list']);
});
