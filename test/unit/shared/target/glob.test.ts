import { expect, test } from 'vitest';
import { globMatcher } from '../../../../shared/target/glob.ts';

// Each row was answered by Python 3.11's fnmatch.fnmatchcase.
test.each([
  ['*', '', true],
  ['*', 'web1.example', true],
  ['web*', 'web1', true],
  ['web*', 'xweb1', false],
  ['web?', 'web1', true],
  ['web?', 'web', false],
  ['web?', 'web🙂', true],
  ['web[12]', 'web2', true],
  ['web[12]', 'web3', false],
  ['web[!12]', 'web3', true],
  ['web[!12]', 'web1', false],
  ['web[0-9]*db', 'web7-a-db', true],
  ['web[9-0]', 'web5', false],
  ['[]-]', ']', true],
  ['[]-]', '-', true],
  ['[!]]', ']', false],
  ['[a-]', '-', true],
  ['[-a]', '-', true],
  ['[a-c-e]', '-', true],
  ['[a-c-e]', 'd', false],
  ['[^a]', '^', true],
  ['[^a]', 'b', false],
  ['[', '[', true],
  ['a[b', 'a[b', true],
  ['[!', '[!', true],
  ['[]', '[]', true],
  ['[!]', '[!]', true],
  ['a.c', 'abc', false],
  ['a\\*', 'a\\b', true],
  ['WEB*', 'web1', false],
  ['*a*b', 'xaxxbxb', true],
  ['*a*b', 'xaxxbx', false],
  ['a\nb', 'a\nb', true],
  ['a*', 'a\n', true],
])('%j against %j is %s', (pattern, text, expected) => {
  expect(globMatcher(pattern)(text)).toBe(expected);
});

test('a pattern of many stars takes no longer than its length times the length of the text', () => {
  const startMs = performance.now();
  expect(globMatcher(`${'*a'.repeat(200)}b`)('a'.repeat(2000))).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(1000);
});
