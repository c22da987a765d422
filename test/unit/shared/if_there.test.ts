import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifThere } from '../../../shared/if_there.ts';
import { fixtureRoot } from '../../support/fixture_root.ts';

test('a file that is there is read, one that is not is nothing, and what else is wrong is thrown', async () => {
  const root = await fixtureRoot({ file: 'text' });
  const read = (name: string) => ifThere(readFile(join(root, name), 'utf8'));
  expect([await read('file'), await read('other')]).toEqual(['text', undefined]);
  await expect(read('file/below')).rejects.toMatchObject({ code: 'ENOTDIR' });
});
