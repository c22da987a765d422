import { describe, expect, it } from 'vitest';
import { parseCallArgs, parseValue } from '../../../cli/parse_args.ts';

describe('a value on the command line', () => {
  it.each<[string, unknown]>([
    ['5', 5],
    ['0', 0],
    ['-3', -3],
    ['+5', 5],
    ['-0', 0],
    ['0644', 644],
    ['00', 0],
    ['-0644', -420],
    ['08', '08'],
    ['0x1f', 31],
    ['0b11', 3],
    ['0o17', '0o17'],
    ['0x_', '0x_'],
    ['1_000', '1_000'],
    ['_', '_'],
    ['1_000.5', 1000.5],
    ['12:30', 750],
    ['20261122092952650933', '20261122092952650933'],
    ['9007199254740993', '9007199254740993'],
    ['999999999999999', 999_999_999_999_999],
    ['1.5', 1.5],
    ['-0.25', -0.25],
    ['.5', 0.5],
    ['1.', 1],
    ['1.10', 1.1],
    ['1.2.3', '1.2.3'],
    ['1e3', '1e3'],
    ['1.5e+3', 1500],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['tRue', 'tRue'],
    ['yes', true],
    ['On', true],
    ['no', false],
    ['OFF', false],
    ['false', false],
    ['y', 'y'],
    ['n', 'n'],
    ['null', null],
    ['~', null],
    ['None', null],
    ['none', 'none'],
    ['', ''],
    ['   ', '   '],
    ['---', '---'],
    ['...', '...'],
    ['2020-01-01', '2020-01-01'],
    ['2020-01-01 10:00:00', '2020-01-01 10:00:00'],
    ['{a: 1, b: [x, yes]}', { a: 1, b: ['x', true] }],
    ['{a}', { a: null }],
    ['{"a": "2020-01-01"}', { a: '2020-01-01' }],
    ['{}', {}],
    ['[]', []],
    ['[a, 0644, ~]', ['a', 644, null]],
    ['[1_000]', [1000]],
    ['a: b', 'a: b'],
    ['1: b', '1: b'],
    ['- a', '- a'],
    [' {a: 1}', ' {a: 1}'],
    ['{a: 1, a: 2}', '{a: 1, a: 2}'],
    ['{a: b', '{a: b'],
    ['[a', '[a'],
    ['a\tb', 'a\tb'],
    ['5\n', '5\n'],
    ['[a,\nb]', '[a,\nb]'],
    ['a\rb', 'a\rb'],
    ['a #b', 'a #b'],
    ['#', '#'],
    ['#tag', '#tag'],
    ['"a" #b', '"a" #b'],
    ['[a, "#b"]', ['a', '#b']],
    ['"5"', '5'],
    ["'yes'", 'yes'],
    ["''", ''],
    ['"a', '"a'],
    ['*', '*'],
    ['*.txt', '*.txt'],
    ['!', '!'],
    ['|', '|'],
    ['>', '>'],
    ['&a', '&a'],
    ['%p', '%p'],
    ['@home', '@home'],
    ['`x', '`x'],
    ['=', '='],
    ['<<', '<<'],
    ['!!binary aGk=', '!!binary aGk='],
    ['!!str 5', '5'],
    [' foo ', 'foo'],
    ['foo ', 'foo'],
    ['http://host:80/a?b=c', 'http://host:80/a?b=c'],
    ['/etc/hosts', '/etc/hosts'],
    ['uname -sr; false', 'uname -sr; false'],
    ['é 日本', 'é 日本'],
  ])('%j is read as %j', async (text, expected) => {
    expect(await parseValue(text)).toEqual(expected);
  });

  it('.nan is not a number', async () => {
    expect(await parseValue('.nan')).toBeNaN();
  });
});

describe('parseCallArgs', () => {
  it('tells keyword arguments from positional ones', async () => {
    expect(await parseCallArgs(['a', 'n=5', '7', 'test=True', 'l=[1]', 'empty='])).toEqual({
      arg: ['a', 7],
      kwarg: { n: 5, test: true, l: [1], empty: '' },
    });
  });

  it.each([
    ['a==b', 'is a comparison'],
    ['=b', 'has no name'],
    ['1a=b', 'has a name that starts with a digit'],
    ['a b=c', 'has a space in its name'],
    ['/a=b', 'is a path'],
    ['A=1\necho $A', 'has several lines'],
  ])('takes %j as positional: it %s', async (text) => {
    expect(await parseCallArgs([text])).toEqual({ arg: [text], kwarg: {} });
  });

  it.each([
    ['a=b=c', 'a', 'b=c'],
    ['__a-b.c=1', '__a-b.c', 1],
    ['größe=2', 'größe', 2],
    ['a=tab\there', 'a', 'tab\there'],
  ])('takes %j as a keyword argument', async (text, name, value) => {
    expect((await parseCallArgs([text])).kwarg).toEqual({ [name]: value });
  });

  it('leaves the values of --no-parse as they were typed', async () => {
    expect(await parseCallArgs(['a=5', 'b=5', '5'], { noParse: ['a'] })).toEqual({ arg: [5], kwarg: { a: '5', b: 5 } });
  });

  it('has no trouble with the names that JavaScript objects come with', async () => {
    const { kwarg } = await parseCallArgs(['__proto__=5', 'constructor=6']);
    expect(Object.entries(kwarg)).toEqual([
      ['__proto__', 5],
      ['constructor', 6],
    ]);
  });
});
