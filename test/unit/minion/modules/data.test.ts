import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import data from '../../../../minion/modules/data.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

async function machine() {
  const root = await fixtureRoot({});
  const context = fakeContext({ root, config: { cachedir: '/var/cache/salt/minion' } });
  return {
    folder: join(root, 'var/cache/salt/minion'),
    run: (fun: string, ...args: unknown[]) => runFunction(context, data, `data.${fun}`, args),
  };
}

test('values are kept until they are removed', async () => {
  const { run, folder } = await machine();
  expect([await run('load'), await run('get', 'a'), await run('get', 'a', 1)]).toEqual([{}, null, 1]);
  expect(await run('update', 'a', { deep: [1, null] })).toBe(true);
  expect(await run('update', '__proto__', 'x')).toBe(true);
  expect(await run('get', 'a')).toEqual({ deep: [1, null] });
  expect([await run('has_key', '__proto__'), await run('has_key', 'toString')]).toEqual([true, false]);
  expect(await run('keys')).toEqual(['a', '__proto__']);
  expect(await run('values')).toEqual([{ deep: [1, null] }, 'x']);
  expect(await run('items')).toEqual([
    ['a', { deep: [1, null] }],
    ['__proto__', 'x'],
  ]);
  expect([await run('pop', 'a'), await run('pop', 'a'), await run('pop', 'a', 'none')]).toEqual([
    { deep: [1, null] },
    null,
    'none',
  ]);
  expect(await run('dump', { b: 2 })).toBe(true);
  expect(await run('load')).toEqual({ b: 2 });
  expect(await readdir(folder)).toEqual(['datastore.json']);
  expect((await stat(join(folder, 'datastore.json'))).mode & 0o777).toBe(0o600);
  expect([await run('clear'), await run('clear'), await run('load')]).toEqual([true, true, {}]);
});

test('a value is changed only when it is the one that is expected', async () => {
  const { run } = await machine();
  expect(await run('cas', 'a', 1, null)).toBe(false);
  await run('update', 'a', [1]);
  expect(await run('cas', 'a', 2, [2])).toBe(false);
  expect(await run('cas', 'a', 2, [1])).toBe(true);
  expect(await run('get', 'a')).toBe(2);
});

test('no change is lost when many come at once', async () => {
  const { run } = await machine();
  const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
  await Promise.all(keys.map((key) => run('update', key, 1)));
  expect(((await run('keys')) as string[]).toSorted()).toEqual(keys.toSorted());
  await run('update', 'lock', 'free');
  const takers = await Promise.all(keys.map((key) => run('cas', 'lock', key, 'free')));
  expect(takers.filter((taken) => taken === true)).toHaveLength(1);
});

test('a broken store is told and not overwritten, and a value that is too large is refused', async () => {
  const { run, folder } = await machine();
  await run('update', 'a', 1);
  await expect(run('update', 'b', 'x'.repeat(5_000_000))).rejects.toThrow('more than 4194304 bytes');
  expect(await run('load')).toEqual({ a: 1 });
  await writeFile(join(folder, 'datastore.json'), '{"a":');
  await expect(run('update', 'b', 1)).rejects.toThrow(/the data store \S+ is broken/);
  await run('clear');
  expect(await run('load')).toEqual({});
});
