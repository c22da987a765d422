import { describe, expect, it } from 'vitest';
import { isDict, pyBool, pyLines, pyRepr, pyStr } from '../../../shared/python_text.ts';

describe('pyRepr', () => {
  it.each([
    [null, 'None'],
    [undefined, 'None'],
    [true, 'True'],
    [false, 'False'],
    [5, '5'],
    [0.5, '0.5'],
    [1e-7, '1e-07'],
    [2.5e-5, '2.5e-05'],
    [1e22, '1e+22'],
    [Number.NaN, 'nan'],
    [-Infinity, '-inf'],
    [12_345_678_901_234_567_890n, '12345678901234567890'],
    ['', "''"],
    ['it', "'it'"],
    ["it's", '"it\'s"'],
    [`it's "so"`, `'it\\'s "so"'`],
    ['a\nb\tc\rd\\', "'a\\nb\\tc\\rd\\\\'"],
    ['\x1b[0m', "'\\x1b[0m'"],
    ['é ö 日本 🎉', "'é ö 日本 🎉'"],
    ['\x7f\x9f\xa0\xad', "'\\x7f\\x9f\\xa0\\xad'"],
    ['\u200b\u2028\ufeff', "'\\u200b\\u2028\\ufeff'"],
    ['\u{e0001}', "'\\U000e0001'"],
    [Uint8Array.of(0, 65, 0xe9, 0x0a, 0x5c), "b'\\x00A\\xe9\\n\\\\'"],
    [[], '[]'],
    [{}, '{}'],
    [['a', 1, null], "['a', 1, None]"],
    [{ a: { b: [true] }, left: undefined }, "{'a': {'b': [True]}}"],
  ] as [unknown, string][])('spells a value as Python does: case %#', (value, expected) => {
    expect(pyRepr(value)).toBe(expected);
  });
});

describe('pyStr', () => {
  it('leaves text as it is and spells everything else as repr does', () => {
    expect(pyStr("it's\n")).toBe("it's\n");
    expect(pyStr(['a'])).toBe("['a']");
    expect(pyStr(null)).toBe('None');
  });
});

describe('isDict', () => {
  it('is true for mappings alone', () => {
    expect([{}, { a: 1 }].every(isDict)).toBe(true);
    expect([null, [], 'a', 1, new Uint8Array()].some(isDict)).toBe(false);
  });
});

describe('pyLines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\n', ['a', '']],
    ['a\r\nb\rc\x85d\u2028e', ['a', 'b', 'c', 'd', 'e']],
  ])('splits %j as splitlines does', (text, lines) => {
    expect(pyLines(text)).toEqual(lines);
  });
});

describe('pyBool', () => {
  it.each([null, undefined, false, 0, '', [], {}, new Uint8Array()])('%j is false', (value) => {
    expect(pyBool(value)).toBe(false);
  });

  it.each([true, 1, 'False', [0], { a: 0 }, new Uint8Array(1)])('%j is true', (value) => {
    expect(pyBool(value)).toBe(true);
  });
});
