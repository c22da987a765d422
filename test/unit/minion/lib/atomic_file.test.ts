import { chmod, chown, link, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFileAtomically } from '../../../../minion/lib/atomic_file.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brine-atomic-'));
  path = join(dir, 'file');
});
afterEach(() => rm(dir, { recursive: true }));

const isRoot = process.geteuid?.() === 0;
const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o7777;

test('a new file is made with the mode that is asked for', async () => {
  await writeFileAtomically(path, 'text', { mode: 0o640 });
  expect(await readFile(path, 'utf8')).toBe('text');
  expect(await modeOf(path)).toBe(0o640);
});

test('a new file has the mode of any other new file when none is asked for', async () => {
  await writeFile(join(dir, 'plain'), '');
  await writeFileAtomically(path, 'text');
  expect(await modeOf(path)).toBe(await modeOf(join(dir, 'plain')));
});

test('a replaced file keeps its mode, and nothing is left beside it', async () => {
  await writeFile(path, 'old');
  await chmod(path, 0o4711);
  await writeFileAtomically(path, new Uint8Array([110, 101, 119]));
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await modeOf(path)).toBe(0o4711);
  expect(await readdir(dir)).toEqual(['file']);
});

test('who has the old file open goes on reading the old content', async () => {
  await writeFile(path, 'old');
  await link(path, join(dir, 'other-name'));
  await writeFileAtomically(path, 'new');
  expect(await readFile(join(dir, 'other-name'), 'utf8')).toBe('old');
});

test('a link stays a link', async () => {
  await writeFile(path, 'old');
  await symlink('file', join(dir, 'link'));
  await writeFileAtomically(join(dir, 'link'), 'new');
  expect((await lstat(join(dir, 'link'))).isSymbolicLink()).toBe(true);
  expect(await readFile(path, 'utf8')).toBe('new');
});

test('nothing is left behind when it cannot be done', async () => {
  const folder = join(dir, 'folder');
  await writeFileAtomically(join(dir, 'x'), '');
  await rm(join(dir, 'x'));
  await expect(writeFileAtomically(join(folder, 'x'), 'text')).rejects.toMatchObject({ code: 'ENOENT' });
  const { mkdir } = await import('node:fs/promises');
  await mkdir(folder);
  await expect(writeFileAtomically(folder, 'text')).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await readdir(dir)).toEqual(['folder']);
});

test.skipIf(!isRoot)('a replaced file keeps its owner, and another can be given', async () => {
  await writeFile(path, 'old');
  await chown(path, 1234, 1235);
  await writeFileAtomically(path, 'new');
  expect(await stat(path)).toMatchObject({ uid: 1234, gid: 1235 });
  await writeFileAtomically(path, 'new', { uid: 0 });
  expect(await stat(path)).toMatchObject({ uid: 0, gid: 1235 });
});

test('an error names the file that was to be written, not the temporary one', async () => {
  await expect(writeFileAtomically(join(dir, 'none', 'file'), 'x')).rejects.toMatchObject({
    code: 'ENOENT',
    path: join(dir, 'none', 'file'),
  });
  await expect(writeFileAtomically(dir, 'x')).rejects.toMatchObject({ code: 'EISDIR', path: dir, dest: undefined });
});

test.each([
  ['of a mode of its own', { mode: 0o644 }, false],
  ['that replaces another', {}, true],
])('nobody else may read a file %s while it is written', async (_what, options, replaces) => {
  if (replaces) await writeFile(path, 'old');
  let meanwhile = 0;
  // What Node takes for content is read piece by piece.
  async function* content() {
    const [temporary = ''] = (await readdir(dir)).filter((name) => name !== 'file');
    meanwhile = await modeOf(join(dir, temporary));
    yield 'new';
  }
  await writeFileAtomically(path, content() as unknown as string, options);
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(meanwhile).toBe(0o600);
});
