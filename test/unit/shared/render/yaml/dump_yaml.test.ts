import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromJs } from '../../../../../shared/render/values/border.ts';
import { pyEquals } from '../../../../../shared/render/values/equality.ts';
import { OrderedDict } from '../../../../../shared/render/values/ordered_dict.ts';
import { PyDict } from '../../../../../shared/render/values/py_dict.ts';
import { PyFloat } from '../../../../../shared/render/values/py_float.ts';
import { PySet } from '../../../../../shared/render/values/py_set.ts';
import { PyTuple } from '../../../../../shared/render/values/py_tuple.ts';
import { Undefined } from '../../../../../shared/render/values/undefined.ts';
import { dumpYaml } from '../../../../../shared/render/yaml/dump_yaml.ts';
import { loadYaml } from '../../../../../shared/render/yaml/load_yaml.ts';

interface Dump {
  readonly source: string;
  readonly flow: boolean | null;
  readonly sortKeys: boolean;
  readonly text: string;
}

const golden = new URL('../../../../golden/render/yaml_dumps.json', import.meta.url);
const dumps = JSON.parse(readFileSync(golden, 'utf8')) as Dump[];

test.each(dumps.map((dump, index) => [index, dump] as const))(
  'value %i is written as PyYAML wrote it',
  (_index, dump) => {
    const { source, flow, sortKeys, text } = dump;
    expect(dumpYaml(loadYaml(source, { rules: 'plain' }), { flow, sortKeys })).toBe(text);
  },
);

describe('values that only Python has', () => {
  test('an ordered dict keeps its order, a dict is sorted', () => {
    const entries = [
      ['b', 1],
      ['a', 2],
    ] as const;
    expect(dumpYaml(new OrderedDict(entries))).toBe('b: 1\na: 2\n');
    expect(dumpYaml(new PyDict(entries))).toBe('a: 2\nb: 1\n');
    expect(dumpYaml(new PyDict(entries), { sortKeys: false })).toBe('b: 1\na: 2\n');
  });

  test('keys without an order among them stay as they are', () => {
    const mixed = new PyDict([
      ['b', 1],
      [2, 2],
      ['a', 3],
    ]);
    expect(dumpYaml(mixed)).toBe('b: 1\n2: 2\na: 3\n');
  });

  test('a tuple is a list, a set has its tag, what is undefined is NULL', () => {
    expect(dumpYaml(new PyTuple([1, 'a']), { flow: true })).toBe('[1, a]\n');
    expect(dumpYaml(new PySet(['b', 'a']))).toBe('!!set\na: null\nb: null\n');
    expect(dumpYaml(['x', new Undefined({ name: 'x' })])).toBe('- x\n- NULL\n');
  });

  test('a tuple as a key needs a question mark', () => {
    expect(dumpYaml(new PyDict([[new PyTuple([1, 2]), 'x']]))).toBe('? - 1\n  - 2\n: x\n');
  });

  test('what stands there twice gets a name', () => {
    const shared = fromJs([1, 2]);
    expect(dumpYaml(new PyDict([['a', shared] as const, ['b', shared] as const]))).toBe(
      'a: &id001\n- 1\n- 2\nb: *id001\n',
    );
  });

  test('floats keep their point', () => {
    expect(dumpYaml([1, 1e16, 1e-7, Number.NaN, -Infinity].map((value) => new PyFloat(value)))).toBe(
      '- 1.0\n- 1.0e+16\n- 1.0e-07\n- .nan\n- -.inf\n',
    );
  });
});

test('lists can be indented under their key', () => {
  expect(dumpYaml(fromJs({ a: [1] }), { indentLists: true })).toBe('a:\n  - 1\n');
});

describe('JavaScript values', () => {
  test.each<[string, unknown, string]>([
    ['a word', 'a', 'a\n...\n'],
    ['null', null, 'null\n...\n'],
    ['an empty text', '', "''\n"],
    [
      'numbers',
      [1, -2, 0.5, 1e-7, 1e20, 1e22, 7n],
      '- 1\n- -2\n- 0.5\n- 1.0e-07\n- 100000000000000000000\n- 1.0e+22\n- 7\n',
    ],
    ['numbers that are none', [Number.NaN, Infinity, -Infinity], '- .nan\n- .inf\n- -.inf\n'],
    [
      'text that looks like another type',
      ['yes', '1', '1.5', '0644', '~', '2020-01-01', '12:30', '<<', 'null'],
      "- 'yes'\n- '1'\n- '1.5'\n- '0644'\n- '~'\n- '2020-01-01'\n- '12:30'\n- '<<'\n- 'null'\n",
    ],
    ['text that only nearly does', ['y', '08', '1e5', 'tRue', '1.2.3'], '- y\n- 08\n- 1e5\n- tRue\n- 1.2.3\n'],
    [
      'signs of YAML',
      ['a: b', 'a:', '#x', 'x #y', '- a', '-', '-a', '{a}', '*x', '!y', '%p', '@q', 'a, b', 'a:b'],
      "- 'a: b'\n- 'a:'\n- '#x'\n- 'x #y'\n- '- a'\n- '-'\n- -a\n- '{a}'\n- '*x'\n- '!y'\n- '%p'\n- '@q'\n- a, b\n- a:b\n",
    ],
    ['quotes', ["it's", `say "x"`, "'q'"], "- it's\n- say \"x\"\n- '''q'''\n"],
    ['spaces at the ends', [' a', 'a ', 'a  b'], "- ' a'\n- 'a '\n- a  b\n"],
    ['lines', { a: 'x\ny\n' }, "a: 'x\n\n  y\n\n  '\n"],
    ['control characters', ['a\tb', '\x1b[0m', '\x07'], '- "a\\tb"\n- "\\e[0m"\n- "\\a"\n'],
    ['unicode', ['é', '日本', '🎉', '\u00a0'], '- é\n- 日本\n- 🎉\n- \u00a0\n'],
    ['empty collections', { a: [], b: {} }, 'a: []\nb: {}\n'],
    ['nested lists', [['a', ['b']], [{ c: [1], d: 2 }]], '- - a\n  - - b\n- - c:\n    - 1\n    d: 2\n'],
    ['nested mappings with sorted keys', { b: { d: 1, c: 2 }, a: ['x'] }, 'a:\n- x\nb:\n  c: 2\n  d: 1\n'],
    [
      'odd keys',
      { '': 1, 'a\nb': 2, yes: 3, [`k${'k'.repeat(127)}`]: 4 },
      `? ''\n: 1\n? 'a\n\n  b'\n: 2\n? k${'k'.repeat(127)}\n: 4\n'yes': 3\n`,
    ],
    ['bytes', { a: Uint8Array.of(0, 1, 255) }, 'a: !!binary |\n  AAH/\n'],
    ['what is undefined', { a: undefined, b: [undefined] }, 'b:\n- null\n'],
  ])('%s', (_name, value, expected) => {
    expect(dumpYaml(fromJs(value))).toBe(expected);
  });

  test('long text is broken at 80 columns in each style', () => {
    const words = 'lorem ipsum dolor sit amet '.repeat(5).trim();
    expect(dumpYaml(fromJs({ plain: words, single: `${words}: x`, double: `${words}\t` }))).toBe(
      [
        'double: "lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit\\',
        '  \\ amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet\\t"',
        'plain: lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit',
        '  amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet',
        "single: 'lorem ipsum dolor sit amet lorem ipsum dolor sit amet lorem ipsum dolor sit",
        "  amet lorem ipsum dolor sit amet lorem ipsum dolor sit amet: x'",
        '',
      ].join('\n'),
    );
  });

  test('flow style is one line, with quotes around what commas and brackets would cut', () => {
    expect(dumpYaml(fromJs({ b: ['a, b', 'x]', 'p:q'], a: {} }), { flow: true })).toBe(
      "{a: {}, b: ['a, b', 'x]', 'p:q']}\n",
    );
  });

  test('flow style is broken after 80 columns', () => {
    const items = Array.from({ length: 20 }, (_, index) => `item${index}`);
    expect(dumpYaml(fromJs({ list: items }), { flow: true })).toBe(
      '{list: [item0, item1, item2, item3, item4, item5, item6, item7, item8, item9, item10,\n' +
        '    item11, item12, item13, item14, item15, item16, item17, item18, item19]}\n',
    );
  });

  test('order of keys, indent and width are as told', () => {
    const options = { sortKeys: false, indent: 4, width: 20 };
    expect(dumpYaml(fromJs({ b: { d: 'lorem ipsum dolor sit amet' }, a: [{ x: 1, y: 2 }] }), options)).toBe(
      'b:\n    d: lorem ipsum dolor\n        sit amet\na:\n-   x: 1\n    y: 2\n',
    );
  });
});

// U+0085 in single quotes is PyYAML's own loss: it reads back as a line break.
const text = fc
  .string({ unit: 'grapheme' })
  .filter((value) => !/[\x85\ud800-\udfff]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')));
const spaced = fc.array(fc.constantFrom('a', ' ', '\n', ':', '#', '-', "'", '"', 'é', '😀', '\t', '{', '0', '\\'), {
  maxLength: 200,
});
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    spaced.map((parts) => parts.join('')),
    fc.integer(),
    fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.oneof(
        text,
        spaced.map((parts) => parts.join('')),
      ),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
}));

test.each([true, false, null])('what is written with flow %s reads back the same', (flow) => {
  fc.assert(
    fc.property(anyValue, (plain) => {
      const value = fromJs(plain);
      expect(pyEquals(loadYaml(dumpYaml(value, { flow }), { rules: 'plain' }), value)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
