import { expect, test } from 'vitest';
import { loadJson } from '../../../../../shared/render/json/load_json.ts';
import { pyRepr } from '../../../../../shared/render/values/text.ts';

test.each([
  ['1', '1'],
  ['1.0', '1.0'],
  ['-0', '0'],
  ['1e2', '100.0'],
  ['12345678901234567890', '12345678901234567890'],
  ['[NaN, Infinity, -Infinity]', '[nan, inf, -inf]'],
  ['{"a": 1, "b": [true, false, null], "a": 2}', "{'a': 2, 'b': [True, False, None]}"],
  ['"\\u00e9\\ud83d\\ude00\\n\\/"', "'é😀\\n/'"],
  [' [ ] ', '[]'],
  ['{"__proto__": 1}', "{'__proto__': 1}"],
])('%s', (text, value) => {
  expect(pyRepr(loadJson(text))).toBe(value);
});

test.each([
  ['', 'Expecting value: line 1 column 1 (char 0)'],
  ['{', 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'],
  ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
  ['[1\n2]', "Expecting ',' delimiter: line 2 column 1 (char 3)"],
  ['[1,]', 'Expecting value: line 1 column 4 (char 3)'],
  ['1 2', 'Extra data: line 1 column 3 (char 2)'],
  ['"a', 'Unterminated string starting at: line 1 column 1 (char 0)'],
  ['"\\q"', 'Invalid \\escape: line 1 column 2 (char 1)'],
  ['"\t"', 'Invalid control character at: line 1 column 2 (char 1)'],
])('%j is refused in the words of Python', (text, message) => {
  expect(() => loadJson(text)).toThrow(message);
});

test('deep nesting is an error, not a crash', () => {
  expect(() => loadJson('['.repeat(100_000))).toThrow('more than 500 collections');
});
