import { describe, expect, it } from 'vitest';
import { yamlDump } from '../../../shared/yaml_dump.ts';

describe('yamlDump', () => {
  it.each<[string, unknown, string]>([
    ['a word', 'a', 'a\n...\n'],
    ['null', null, 'null\n...\n'],
    ['an empty text', '', "''\n"],
    ['numbers', [1, -2, 0.5, 1e-7, 1e22, 7n], '- 1\n- -2\n- 0.5\n- 1.0e-07\n- 1.0e+22\n- 7\n'],
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
    [
      'control characters',
      ['a\tb', '\x1b[0m', '\x07', '\x85', '\u2028'],
      '- "a\\tb"\n- "\\e[0m"\n- "\\a"\n- "\\N"\n- "\\L"\n',
    ],
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
  ])('writes %s as PyYAML does', (_name, value, expected) => {
    expect(yamlDump(value)).toBe(expected);
  });

  it('breaks long text at 80 columns in each style', () => {
    const words = 'lorem ipsum dolor sit amet '.repeat(5).trim();
    expect(yamlDump({ plain: words, single: `${words}: x`, double: `${words}\t` })).toBe(
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

  it('writes flow style in one line and quotes what commas and brackets would cut', () => {
    expect(yamlDump({ b: ['a, b', 'x]', 'p:q'], a: {} }, { flow: true })).toBe("{a: {}, b: ['a, b', 'x]', 'p:q']}\n");
  });

  it('breaks flow style after 80 columns', () => {
    const items = Array.from({ length: 20 }, (_, index) => `item${index}`);
    expect(yamlDump({ list: items }, { flow: true })).toBe(
      '{list: [item0, item1, item2, item3, item4, item5, item6, item7, item8, item9, item10,\n' +
        '    item11, item12, item13, item14, item15, item16, item17, item18, item19]}\n',
    );
  });

  it('keeps the order of keys, indents and breaks as it is told', () => {
    const options = { sortKeys: false, indent: 4, width: 20 };
    expect(yamlDump({ b: { d: 'lorem ipsum dolor sit amet' }, a: [{ x: 1, y: 2 }] }, options)).toBe(
      'b:\n    d: lorem ipsum dolor\n        sit amet\na:\n-   x: 1\n    y: 2\n',
    );
  });
});
