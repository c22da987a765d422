import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { masterSchema } from '../../master/config.ts';
import { minionSchema } from '../../minion/config.ts';
import { generateDocs } from '../../scripts/generate_docs.ts';
import { settingsOf } from '../../shared/config/setting.ts';
import { repositoryRoot } from '../support/source_tree.ts';

const docs = await generateDocs();
const isUpdate = process.env.UPDATE_DOCS === '1';
const how = 'run UPDATE_DOCS=1 npx vitest run test/docs';

function readCommitted(path: string): string {
  try {
    return readFileSync(join(repositoryRoot, path), 'utf8');
  } catch (error) {
    return `missing: ${String(error)}`;
  }
}

test.each([...docs])('%s is what the generator gives', (path, text) => {
  const file = join(repositoryRoot, path);
  if (isUpdate) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(readCommitted(path), `${path} is stale: ${how}`).toBe(text);
});

test('no page is left of a module that is gone, and no plot of a result', () => {
  const generated = { 'docs/reference': '.md', 'docs/performance': '.svg' };
  const left = Object.entries(generated).flatMap(([folder, suffix]) =>
    readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(suffix) && !docs.has(join(folder, name)))
      .map((name) => join(repositoryRoot, folder, name)),
  );
  if (isUpdate) for (const file of left) rmSync(file);
  expect(isUpdate ? [] : left, how).toEqual([]);
});

test('the generator gives the same text twice', async () => {
  expect([...(await generateDocs())]).toEqual([...docs]);
});

describe.each([masterSchema, minionSchema])('the commented file of the $kind', (schema) => {
  const text = docs.get(`config/${schema.kind}.yaml`) ?? '';

  test('changes nothing as it stands', () => {
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  test('gives the defaults when every comment mark before a key is taken away', () => {
    const uncommented = text.replaceAll(/^#(?=[a-z])/gm, '');
    const defaults = Object.fromEntries(Object.entries(settingsOf(schema)).map(([key, value]) => [key, value.default]));
    expect(load(uncommented)).toEqual(defaults);
  });
});

test('every setting, message and function says what it is in sentences', () => {
  const all = { ...settingsOf(masterSchema), ...settingsOf(minionSchema) };
  const mute = Object.entries(all).filter(([, { doc }]) => !/^[A-Z].*\.$/.test(doc));
  expect(mute.map(([key]) => key)).toEqual([]);
});
