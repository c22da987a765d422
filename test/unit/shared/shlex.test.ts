import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord, splitCommand } from '../../../shared/shlex.ts';

test.each([
  ['ls -l  /tmp', ['ls', '-l', '/tmp']],
  ['  a\tb\nc ', ['a', 'b', 'c']],
  ['uname -sr; false', ['uname', '-sr;', 'false']],
  [`echo 'a b' "c d" e"f"'g'`, ['echo', 'a b', 'c d', 'efg']],
  [`'' ""`, ['', '']],
  [String.raw`a\ b \\ \' \n`, ['a b', '\\', "'", 'n']],
  [String.raw`"a\"b" "\\" "\$x" "\n"`, ['a"b', '\\', String.raw`\$x`, String.raw`\n`]],
  [String.raw`'a\b'`, [String.raw`a\b`]],
  ['a #b', ['a', '#b']],
  ['', []],
])('%j is %j', (line, words) => {
  expect(splitCommand(line)).toEqual(words);
});

test.each([
  [`echo 'a`, 'no closing quotation'],
  ['echo "a', 'no closing quotation'],
  ['echo \\', 'no character after the last backslash'],
])('%j is an error', (line, message) => {
  expect(() => splitCommand(line)).toThrow(message);
});

test('words that are quoted come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(splitCommand(words.map(shellWord).join(' '))).toEqual(words);
    }),
  );
});

test.each([
  ['plain', 'plain'],
  ['/a-b.c:d', '/a-b.c:d'],
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", `'it'\\''s'`],
])('%j is written as %s for a shell', (word, quoted) => {
  expect(shellWord(word)).toBe(quoted);
});
