import { describe, expect, it } from 'vitest';
import { wrapText } from '../../../cli/wrap_text.ts';

describe('wrapText', () => {
  it.each([
    ['', ''],
    ['short', '  short'],
    ['one two three four', '  one two\n  three\n  four'],
    ['one\ntwo', '  one two'],
    ['well-known word', '  well-\n  known\n  word'],
    ['abcdefghijklmnop', '  abcdefgh\n  ijklmnop'],
    ['ab abcdefghijk', '  ab abcde\n  fghijk'],
  ])('fills %j to ten columns', (text, expected) => {
    expect(wrapText(text, 10, '  ')).toBe(expected);
  });
});
