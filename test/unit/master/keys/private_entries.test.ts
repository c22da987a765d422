import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeEach, expect, test } from 'vitest';
import { openPrivateEntries } from '../../../../master/keys/private_entries.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

let path: string;
let changes: string[];
beforeEach(() => {
  path = join(temporaryDir(), 'entries.json');
  changes = [];
});

const open = () =>
  openPrivateEntries({
    path,
    schema: v.record(v.string(), v.object({ topics: v.number() })),
    writtenBy: 'salt-key --gen-observer',
    remedy: 'make the observers',
    changed: (name, change) => changes.push(`${change} ${name}`),
  });

test('entries are on disk, for their owner alone, and known after a restart', async () => {
  await (await open()).set('dash', { topics: 1 });
  expect((await open()).get('dash')).toEqual({ topics: 1 });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).toBe('{\n  "dash": {\n    "topics": 1\n  }\n}\n');
});

test('changes at the same time are all kept, and each is told once', async () => {
  const entries = await open();
  await Promise.all(['a', 'b', 'a'].map((name, topics) => entries.set(name, { topics })));
  expect(await entries.remove((name) => name === 'b' || name === 'c')).toEqual(['b']);
  expect(await entries.remove((name) => name === 'b')).toEqual([]);
  expect(changes).toEqual(['added a', 'added b', 'replaced a', 'removed b']);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ a: { topics: 2 } });
});

test('what comes while the file is written goes out together, in its order', async () => {
  const entries = await open();
  const removed = [
    entries.set('a', { topics: 1 }),
    entries.remove((name) => name === 'a'),
    entries.set('a', { topics: 2 }),
  ];
  expect((await Promise.all(removed))[1]).toEqual(['a']);
  expect(changes).toEqual(['added a', 'removed a', 'added a']);
  expect(entries.get('a')).toEqual({ topics: 2 });
});

test('what cannot be written is not known either', async () => {
  path = join(path, 'no', 'folder.json');
  const entries = await open();
  await expect(entries.set('dash', { topics: 1 })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  await expect(entries.set('dash', { topics: 2 })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  expect([entries.names(), changes]).toEqual([[], []]);
});

test('a file that is something else tells who wrote it and what to do', async () => {
  await writeFile(path, '{"dash": 1}', { mode: 0o600 });
  await expect(open()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `${path} is not what salt-key --gen-observer wrote`,
    hint: 'restore it, or remove it and make the observers again',
  });
});
