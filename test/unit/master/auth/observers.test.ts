import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type Observers, openObservers } from '../../../../master/auth/observers.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

let pkiDir: string;
let observers: Observers;
let changed: string[];
beforeEach(async () => {
  pkiDir = temporaryDir();
  changed = [];
  observers = await openObservers(pkiDir, (name) => changed.push(name));
});

test('an observer is known by its password, also after a restart, and sees its topics', async () => {
  const password = await observers.add('dash', ['salt/event/#']);
  for (const some of [observers, await openObservers(pkiDir, () => undefined)]) {
    expect(some.topicsOf('dash', password)).toEqual(['salt/event/#']);
    expect(some.topicsOf('dash', 'guessed')).toBeUndefined();
    expect(some.topicsOf('other', password)).toBeUndefined();
    expect(some.list()).toEqual({ dash: ['salt/event/#'] });
  }
  const path = join(pkiDir, 'observers.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).not.toContain(password);
});

test('who is replaced or removed may not log in with the old password', async () => {
  const first = await observers.add('dash', ['#']);
  const second = await observers.add('dash', ['#']);
  expect(observers.topicsOf('dash', first)).toBeUndefined();
  expect(await observers.remove('dash')).toBe(true);
  expect(observers.topicsOf('dash', second)).toBeUndefined();
  expect(await observers.remove('dash')).toBe(false);
  expect(changed).toEqual(['dash', 'dash', 'dash']);
});

test.each([
  ['a name with a slash', 'a/b', ['#']],
  ['an empty filter', 'dash', ['']],
  ['a filter with # in the middle', 'dash', ['salt/#/ret']],
  ['a filter with half a wildcard', 'dash', ['salt/ret+']],
  ['what is not of ours', 'dash', ['$SYS/#']],
])('%s is refused', async (_what, name, topics) => {
  await expect(observers.add(name, topics)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  expect(observers.list()).toEqual({});
});

test('a file that somebody broke is named', async () => {
  await writeFile(join(pkiDir, 'observers.json'), '{"dash": {}}', { mode: 0o600 });
  await expect(openObservers(pkiDir, () => undefined)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('observers.json'),
  });
});
