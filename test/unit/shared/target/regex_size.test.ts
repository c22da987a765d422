import { expect, test } from 'vitest';
import { parseTarget } from '../../../../shared/target/parse_target.ts';
import { compileRegex } from '../../../../shared/target/regex.ts';
import { REGEX_SIZE_MAX, regexSize } from '../../../../shared/target/regex_size.ts';

test.each([
  ['web', 3],
  ['a{3}', 3],
  ['a{2,5}b', 6],
  ['a{7,}', 7],
  ['(ab){10}', 40],
  ['((a{10}){10}){10}', 1220],
  ['[^]a{9}]{4}', 4],
  ['[[:alpha:]]', 17],
  ['[\\]a]{3}', 3],
  ['\\pL\\{9}', 20],
  ['a{x}', 4],
  ['(((', 6],
  [')))', 3],
])('%j becomes about %i instructions', (pattern, size) => {
  expect(regexSize(pattern)).toBe(size);
});

test.each(['a{1000}'.repeat(9000), '(a{30}b{30}){30}'.repeat(100), '\\pL'.repeat(20_000), `(${'a'.repeat(300)}){999}`])(
  'an expression that would take long to compile is refused before that (%#)',
  (pattern) => {
    const begun = performance.now();
    expect(() => compileRegex(pattern)).toThrow(expect.objectContaining({ code: 'TARGET_INVALID' }));
    expect(performance.now() - begun).toBeLessThan(500);
  },
);

test('a list of a thousand names is compiled', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `web${index}.example`);
  expect(regexSize(names.join('|'))).toBeLessThan(REGEX_SIZE_MAX);
  expect(compileRegex(names.join('|')).matchesStart('web999.example')).toBe(true);
});

test('expressions that are small alone are refused when they are too large together', () => {
  expect(() => parseTarget(`${'E@a{999} or '.repeat(30)}m1`, 'compound')).toThrow('too large together');
  expect(parseTarget(`${'E@a{9} or '.repeat(30)}m1`, 'compound')).toMatchObject({ op: 'or' });
});
