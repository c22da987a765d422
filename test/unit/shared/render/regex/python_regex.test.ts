import { describe, expect, test } from 'vitest';
import { compileRegex } from '../../../../../shared/render/regex/python_regex.ts';
import { PyError } from '../../../../../shared/render/values/py_error.ts';

const groups = (pattern: string, text: string, flags = {}) => compileRegex(pattern, flags).search(text)?.groups;

describe('what a search finds', () => {
  test.each([
    ['a|ab', 'ab', ['a']],
    ['(a)(b)?', 'ac', ['a', 'a', undefined]],
    ['(?P<x>\\d+)-(?P=x)', '12-12', ['12-12', '12']],
    ['(\\w)\\1', 'hello', ['ll', 'l']],
    ['a.c', 'a\nc', undefined],
    ['(?s)a.c', 'a\nc', ['a\nc']],
    ['^b$', 'a\nb', undefined],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['b$', 'b\n', ['b']],
    ['b\\Z', 'b\n', undefined],
    ['(?<=x)\\d(?!2)', 'x12 x13', ['1']],
    ['(?<!x)\\d', 'x1 2', ['2']],
    ['(a)?(?(1)b|c)', 'ab', ['ab', 'a']],
    ['(a)?(?(1)b|c)', 'c', ['c', undefined]],
    ['\\bfoo\\b', 'a foo.', ['foo']],
    ['[^\\W\\d_]+', '12_é', ['é']],
    ['[]a-]+', 'x-]a', ['-]a']],
    ['a{2}', 'caaa', ['aa']],
    ['a{,2}b', 'aaab', ['aab']],
    ['a{x}', 'a{x}', ['a{x}']],
    ['<.+?>', '<a><b>', ['<a>']],
    ['(a*)*', 'b', ['', '']],
    ['.', '😀', ['😀']],
    ['\\x41\\u0042\\103', 'ABC', ['ABC']],
    ['(?i:A)b', 'ab', ['ab']],
    ['a(?#comment)b', 'ab', ['ab']],
    ['(?x) a b # both', 'ab', ['ab']],
  ])('%s in %j', (pattern, text, expected) => {
    expect(groups(pattern, text)).toEqual(expected);
  });

  test('case is ignored where it is asked for, in sets and references too', () => {
    expect(groups('É[a-c]+', 'éABC', { ignoreCase: true })).toEqual(['éABC']);
    expect(groups('(a)\\1', 'aA', { ignoreCase: true })).toEqual(['aA', 'a']);
  });

  test('a match stands at the start of the text', () => {
    expect(compileRegex('b').match('ab')).toBeUndefined();
    expect(compileRegex('a').match('ab')).toMatchObject({ start: 0, end: 1 });
  });
});

describe('what is put in the place of matches', () => {
  test.each([
    ['x*', 'abxd', '-', '-a-b--d-'],
    ['(\\w+) (\\w+)', 'one two', '\\2 \\1', 'two one'],
    ['(?P<n>a)(b)?', 'a', '[\\g<n>\\g<1>\\g<2>\\g<0>]', '[aaa]'],
    ['a', 'a', '\\n\\\\\\t$1', '\n\\\t$1'],
    ['a', 'aa', '\\0', '\0\0'],
    ['^', 'a\nb', '> ', '> a\nb'],
    ['$', 'a\n', '.', 'a.\n.'],
  ])('%s in %j by %s', (pattern, text, template, expected) => {
    expect(compileRegex(pattern).replace(text, template)).toBe(expected);
  });
});

describe('patterns and templates that cannot be read', () => {
  test.each([
    ['(', 'missing ), unterminated subpattern at position 0'],
    ['a)', 'unbalanced parenthesis at position 1'],
    ['[a', 'unterminated character set at position 0'],
    ['*a', 'nothing to repeat at position 0'],
    ['a**', 'multiple repeat at position 2'],
    ['a{2,1}', 'min repeat greater than max repeat at position 1'],
    ['\\q', 'bad escape \\q at position 0'],
    ['[b-a]', 'bad character range b-a at position 1'],
    ['(?P<1>a)', "bad character in group name '1' at position 4"],
    ['(?P=x)', "unknown group name 'x' at position 4"],
    ['\\2(a)', 'invalid group reference 2 at position 1'],
    ['(?<=a*)b', 'look-behind requires fixed-width pattern'],
    ['(?z)a', 'unknown extension ?z at position 1'],
  ])('%s', (pattern, message) => {
    expect(() => compileRegex(pattern)).toThrow(message);
  });

  test('a group that is not there', () => {
    expect(() => compileRegex('a').replace('a', '\\1')).toThrow('invalid group reference 1');
    expect(() => compileRegex('a').replace('a', '\\g<x>')).toThrow("unknown group name 'x'");
    expect(() => compileRegex('a').replace('a', '\\q')).toThrow('bad escape \\q');
  });
});

describe('limits', () => {
  test('a pattern that would take for ever is an error', () => {
    expect(() => compileRegex('(a+)+$').search(`${'a'.repeat(40)}b`)).toThrow(PyError);
  });

  test('simple repeats go over long texts', () => {
    expect(compileRegex('^.*$').search('a'.repeat(200_000))?.end).toBe(200_000);
  });

  test('a group repeated beyond the stack is an error, not a crash', () => {
    expect(() => compileRegex('(?:ab)*c').search('ab'.repeat(200_000))).toThrow(PyError);
  });
});
