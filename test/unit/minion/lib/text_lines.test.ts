import { expect, test } from 'vitest';
import { joinLines, linesOf } from '../../../../minion/lib/text_lines.ts';

test.each([
  ['', []],
  ['a', ['a']],
  ['a\nb\n', ['a', 'b']],
  ['a\n\n', ['a', '']],
  ['\n', ['']],
])('%j has the lines %j', (text, lines) => {
  expect(linesOf(text)).toEqual(lines);
});

test('lines that are joined are all ended, and none is nothing', () => {
  expect(joinLines(['a', 'b'])).toBe('a\nb\n');
  expect(joinLines([])).toBe('');
});
