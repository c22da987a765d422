import { describe, expect, test } from 'vitest';
import { compileRegex, escapeRegex, pythonRegexFlags } from '../../../../shared/target/regex.ts';

test('test looks anywhere, matchesStart only at the start', () => {
  const regex = compileRegex('web\\d');
  expect([regex.test('a-web1-b'), regex.matchesStart('a-web1'), regex.matchesStart('web1-b')]).toEqual([
    true,
    false,
    true,
  ]);
});

test.each([
  ['(?P<kind>web|db)\\d+', 'db12'],
  ['(?i)WEB', 'web'],
  ['web\\Z', 'web'],
  ['caf\\u00e9', 'café'],
  ['\\U0001f600', '😀'],
  ['\\\\u0041', '\\u0041'],
  ['^[[:alpha:]]+$', 'abc'],
])('%j matches %j', (pattern, text) => {
  expect(compileRegex(pattern).test(text)).toBe(true);
});

test('search gives place, groups and names', () => {
  expect(compileRegex('(?P<name>\\w+)=(\\d+)(x)?').search('; a=12')).toEqual({
    index: 2,
    groups: ['a=12', 'a', '12', undefined],
    named: { name: 'a' },
  });
  expect(compileRegex('b').search('a')).toBeUndefined();
});

describe('replace', () => {
  test.each([
    ['(\\w+) (\\w+)', 'hello world', '\\2 \\1', 0, 'world hello', 1],
    ['(?P<a>x)', 'xx', '[\\g<a>]', 0, '[x][x]', 2],
    ['x', 'xxx', 'y', 2, 'yyx', 2],
    ['x', 'x', '\\t\\\\\\n', 0, '\t\\\n', 1],
    ['x', 'x', '$1 $& $$', 0, '$1 $& $$', 1],
    ['(a)|b', 'b', '<\\1>', 0, '<>', 1],
    ['a', 'b', 'c', 0, 'b', 0],
    ['', 'ab', '-', 0, '-a-b-', 3],
    ['(x)', 'x', '\\g<1>0', 0, 'x0', 1],
  ])('%j in %j by %j (%i times) is %j', (pattern, text, replacement, count, result, replaced) => {
    expect(compileRegex(pattern).replace(text, replacement, count)).toEqual({ text: result, count: replaced });
  });

  test('refuses a group that the pattern does not have', () => {
    const replace = () => compileRegex('(a)', { code: 'ARGS_INVALID' }).replace('a', '\\2');
    expect(replace).toThrow(
      expect.objectContaining({ code: 'ARGS_INVALID', message: expect.stringContaining('invalid group reference 2') }),
    );
  });
});

test.each([
  ['web(', 'missing closing )'],
  ['ab**', 'invalid nested repetition operator at position 2'],
  ['a(?=b)', 'invalid or unsupported Perl syntax at position 1'],
  ['(a)\\1', 'invalid escape sequence at position 3'],
])('%j is refused with its place', (pattern, message) => {
  expect(() => compileRegex(pattern)).toThrow(
    expect.objectContaining({ code: 'TARGET_INVALID', message: expect.stringContaining(message) }),
  );
});

test('a pattern that makes other engines explode takes no time', () => {
  expect(compileRegex('^(a+)+$').test(`${'a'.repeat(5000)}b`)).toBe(false);
});

test('flags are those of Python', () => {
  expect(pythonRegexFlags(8)).toBe(8);
  expect(pythonRegexFlags(['IGNORECASE', 'multiline'])).toBe(10);
  expect(compileRegex('^b', { flags: pythonRegexFlags('MULTILINE') }).test('a\nb')).toBe(true);
  expect(compileRegex('a.b', { flags: pythonRegexFlags('S') }).test('a\nb')).toBe(true);
  expect(compileRegex('A', { flags: pythonRegexFlags('I') }).test('a')).toBe(true);
  expect(() => pythonRegexFlags('NOPE')).toThrow('Invalid re flag given: NOPE');
  expect(() => compileRegex('a', { flags: 64 })).toThrow('flags 64 are not supported');
});

test('an escaped text matches itself alone', () => {
  const text = 'a.b*[c] (d) \\ {e}|^$?+';
  expect(compileRegex(`^${escapeRegex(text)}$`).test(text)).toBe(true);
  expect(compileRegex(escapeRegex('a.b')).test('axb')).toBe(false);
});
