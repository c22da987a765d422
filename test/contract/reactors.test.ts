import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadTypedReactors } from '../../master/reactor/load_typed_reactors.ts';
import { createLogger } from '../../shared/log.ts';
import { loadFolder } from '../../shared/plugin/load_folder.ts';
import { whyNoReactor } from '../../shared/plugin/reactor.ts';

const folder = fileURLToPath(new URL('../../config/reactors/', import.meta.url));
const { names } = loadFolder(new URL('../../config/reactors/', import.meta.url));

test('there are reactors to walk', () => {
  expect(names).toContain('accept_lab_minions');
});

test.each(names)('%s is a reactor with a summary of one sentence and a glob of tags', async (name) => {
  const lines: string[] = [];
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => lines.push(line) }], () => 0);
  const reactor = (await loadTypedReactors([folder], log)).find((loaded) => loaded.name === name);
  expect(lines).toEqual([]);
  expect(reactor?.spec.summary).toMatch(/^[A-Z].*\.$/);
  expect(reactor?.matches(reactor.spec.tag.replaceAll('*', 'x'))).toBe(true);
});

const good = { summary: 'Does something.', tag: 'a/*', react: () => undefined };
test.each([
  ['a number', 7, 'its default export is no reactor'],
  ['without a sentence', { ...good, summary: 'does something' }, 'its summary is no sentence with a full stop'],
  ['without a tag', { ...good, tag: '' }, 'its tag is no glob of tags'],
  ['without a function', { ...good, react: true }, 'it has no function react'],
])('%s is none, and the reason is told', (_name, value, reason) => {
  expect(whyNoReactor(value)).toBe(reason);
  expect(whyNoReactor(good)).toBeUndefined();
});
