import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { columns, fileRoot, words } from '../../../../minion/lib/file_root.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';

test('paths begin at the root, and what is not a file there is undefined', async () => {
  const files = fileRoot(await fixtureRoot({ 'etc/hostname': 'web1\n', 'etc/salt/': '' }));
  expect(files.readText('/etc/hostname')).toBe('web1\n');
  expect(await files.read('/etc/hostname')).toBe('web1\n');
  for (const path of ['/etc/none', '/etc/salt', '/etc/hostname/below']) {
    expect(files.readText(path), path).toBeUndefined();
    expect(await files.read(path), path).toBeUndefined();
  }
});

test('a link tells where it leads, and a file or nothing is no link', async () => {
  const root = await fixtureRoot({ 'etc/a': '' });
  await symlink('/usr/b', join(root, 'etc/b'));
  const files = fileRoot(root);
  expect(await Promise.all(['/etc/b', '/etc/a', '/etc/c'].map(files.link))).toEqual(['/usr/b', undefined, undefined]);
});

test('a directory is listed in order, and one that is not there is empty', async () => {
  const files = fileRoot(await fixtureRoot({ 'sys/net/eth1': '', 'sys/net/eth0': '' }));
  expect(files.list('/sys/net')).toEqual(['eth0', 'eth1']);
  expect(files.list('/sys/none')).toEqual([]);
  expect([files.exists('/sys/net'), files.exists('/sys/none')]).toEqual([true, false]);
});

test('an error that says nothing about the file is not hidden', async () => {
  const files = fileRoot(await fixtureRoot({}));
  expect(() => files.readText('/a\0b')).toThrow();
  await expect(files.read('/a\0b')).rejects.toThrow();
});

test('columns are split at blanks, without empty lines', () => {
  expect(columns('a  b\n\n\tc\td e \n')).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  expect(columns(undefined)).toEqual([]);
});

test('words are what stands between blanks', () => {
  expect(words(' main  contrib\tnon-free\n')).toEqual(['main', 'contrib', 'non-free']);
  expect(words(' ')).toEqual([]);
});
