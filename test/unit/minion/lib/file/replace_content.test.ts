import { link, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceContent } from '../../../../../minion/lib/file/replace_content.ts';
import { fakeContext } from '../../../../support/fake_context.ts';
import { limitFileSize } from '../../../../support/file_size_limit.ts';
import { fixtureRoot } from '../../../../support/fixture_root.ts';

const old = 'old\n'.repeat(512);

async function linkedFile() {
  const root = await fixtureRoot({ f: old });
  await link(join(root, 'f'), join(root, 'other'));
  return { root, path: join(root, 'f'), read: () => readFile(join(root, 'other'), 'utf8') };
}

test.each(['shorter\n', '', old.toUpperCase(), `longer\n${old}`])(
  'a file with several names has the new content by each',
  async (content) => {
    const { root, path, read } = await linkedFile();
    await replaceContent(fakeContext({ root }), path, content);
    expect(await read()).toBe(content);
  },
);

test('what a full disk does not take leaves a file with several names as it was', async () => {
  const { root, path, read } = await linkedFile();
  limitFileSize(4096);
  await expect(replaceContent(fakeContext({ root }), path, 'new\n'.repeat(2048))).rejects.toThrow('EFBIG');
  expect(await read()).toBe(old);
});
