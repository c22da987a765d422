import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { streamFile, withRegularFile } from '../../../../minion/lib/regular_file.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';

test('a regular file is read', async () => {
  const root = await fixtureRoot({ f: 'text' });
  expect(
    await withRegularFile(join(root, 'f'), (file, { size }) =>
      file.readFile('utf8').then((content) => [size, content]),
    ),
  ).toEqual([4, 'text']);
});

test('a pipe, which nobody may ever write to, and a device without end are refused', async () => {
  const root = await fixtureRoot({ f: '' });
  execFileSync('mkfifo', [join(root, 'pipe')]);
  for (const path of [join(root, 'pipe'), '/dev/zero']) {
    await expect(withRegularFile(path, (file) => file.readFile())).rejects.toThrow(`${path} is not a regular file`);
  }
});

test('of a directory the system says that it is one', async () => {
  await expect(withRegularFile('/', (file) => file.readFile())).rejects.toThrow('EISDIR');
});

test('a stream is of files and devices, not of pipes', async () => {
  const root = await fixtureRoot({ f: 'text' });
  const pipe = join(root, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(await text(await streamFile(join(root, 'f')))).toBe('text');
  expect(await text(await streamFile('/dev/null'))).toBe('');
  await expect(streamFile(pipe)).rejects.toThrow(`${pipe} is a pipe`);
});
