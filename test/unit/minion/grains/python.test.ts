import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import python from '../../../../minion/grains/python.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { grainSource } from '../../../support/grain_source.ts';

test('the version of Python is that of the program python3', async () => {
  const root = await fixtureRoot({ 'usr/bin/python3.11': '', 'usr/bin/python3.12': '' });
  await symlink('python3.11', join(root, 'usr/bin/python3'));
  expect(await python.collect(grainSource(root))).toEqual({
    pythonexecutable: '/usr/bin/python3',
    pythonversion: [3, 11],
  });
});

test('a machine without Python, or with one that does not say its version, has no such grains', async () => {
  expect(await python.collect(grainSource(await fixtureRoot({})))).toEqual({});
  expect(await python.collect(grainSource(await fixtureRoot({ 'usr/bin/python3': '' })))).toEqual({});
});
