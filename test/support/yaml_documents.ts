import { readFileSync } from 'node:fs';
import fc from 'fast-check';

const golden = new URL('../golden/render/yaml_documents.json', import.meta.url);

/** Pieces of YAML, of which most do harm where they do not belong. */
export const yamlScraps: readonly string[] = [
  ...[
    'a',
    'b: ',
    ': ',
    '- ',
    '? ',
    '\n',
    '\n  ',
    '\n- ',
    '\t',
    '#',
    ' #c',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '|',
    '>',
  ],
  ...['|-', '>+', '|2', '&a ', '*a', '!!str ', '!t ', '!', '!!int ', '<<: ', '---', '...', '\n---\n', '%YAML 1.1\n'],
  ...['0644', '1:30', 'yes', '~', '=', '@', '`', '%', '\\', '\\x41', 'é', '😀', '\u2028', '\x85', '\r\n', '1_0', '.5'],
  ...['0x1f', '\ufeff'],
];

const knownTexts = (JSON.parse(readFileSync(golden, 'utf8')) as { text: string }[])
  .map(({ text }) => text)
  .filter((text) => text.length < 500);

/** `text` with some of its characters cut out and scraps put in. */
export function damagedText(texts: fc.Arbitrary<string>, scraps: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.nat(1000), fc.nat(4), fc.constantFrom('', ...scraps));
  return fc.tuple(texts, fc.array(edit, { maxLength: 5 })).map(([text, edits]) =>
    edits.reduce((result, [place, cut, scrap]) => {
      const at = place % (result.length + 1);
      return result.slice(0, at) + scrap + result.slice(at + cut);
    }, text),
  );
}

/** Writes a node after a `key:` or a dash; `indent` is that of its own lines. */
type Writer = (indent: string) => string;

const numbers = [
  ...[
    '0',
    '7',
    '-7',
    '+7',
    '0644',
    '0o17',
    '0x1F',
    '-0b101',
    '1_000',
    '0_7',
    '08',
    '00',
    '0x',
    '0b',
    '1:30',
    '190:20:30',
  ],
  ...[
    '1:30.5',
    '-1:60',
    '1.5',
    '1.',
    '.5',
    '-.5',
    '1e5',
    '1.0e5',
    '1.0e+5',
    '6.02e-23',
    '1_0.5',
    '.inf',
    '-.INF',
    '.nan',
  ],
  ...[
    '+.5',
    '12345678901234567890',
    '0xffffffffffffffffff',
    '1.5.2',
    '1,000',
    '09:30',
    '9:30:99',
    '1e400',
    '-0',
    '-0.0',
    '_1',
  ],
];
const words = [
  ...['yes', 'No', 'ON', 'off', 'y', 'n', 'True', 'FALSE', 'tRUE', '~', 'null', 'Null', 'nULL', '', '=', '<<', 'None'],
  ...['2001-12-14', '2001-12-14t21:59:43.10-05:00', '2001-12-14 21:59:43', '2001-1-1', '99:99', 'word', 'two words'],
  ...[
    'a#b',
    'a: b',
    'a:b',
    'x:',
    ':x',
    '-x',
    '- x',
    '?x',
    'é ü',
    '日本語',
    '😀',
    'http://x/y?z#f',
    '/etc/x',
    'C:\\x',
    '10.0.0.1',
  ],
  ...[
    'salt://a/b',
    '{{ x }}',
    '%x',
    '@x',
    '`x`',
    '"',
    "it's",
    'a, b',
    '[x',
    'x]',
    '*',
    '&',
    '!',
    '!!',
    '|',
    '>',
    'a\tb',
    'x #y',
  ],
];
const plainWord = fc.constantFrom(...numbers, ...words);

const quotedScraps = [
  'a',
  ' ',
  '  ',
  '\\n',
  "''",
  '\\"',
  '\\x41',
  '\\u00e9',
  '\\U0001F600',
  '\\\\',
  '\\/',
  '\\ ',
  'é',
  ': ',
  ' #',
  '\\e',
];
const quoted = fc
  .tuple(
    fc.constantFrom("'", '"'),
    fc.array(fc.constantFrom(...quotedScraps, '\n', '\n\n', '\\\n', '\t'), { maxLength: 8 }),
  )
  .map(([quote, parts]): Writer => {
    return (indent) => ` ${quote}${parts.map((part) => part.replace(/\n$/, `\n${indent}`)).join('')}${quote}`;
  });

const blockLines = fc.array(fc.constantFrom('', 'text', ' deeper', '\ttab', '# no comment', 'a: b', '- c', '  ', 'é'), {
  maxLength: 6,
});
const blockText = fc
  .tuple(fc.constantFrom('|', '>'), fc.constantFrom('', '-', '+', '1', '2', '2-', '+1', '9', ' # c'), blockLines)
  .map(([sign, hints, lines]): Writer => {
    return (indent) => ` ${sign}${hints}${lines.map((line) => `\n${line === '' ? '' : indent + line}`).join('')}`;
  });

const properties = fc.constantFrom(
  ...Array<string>(24).fill(''),
  ...[
    ' &a',
    ' &b',
    ' &c',
    ' &a !!map',
    ' !!str',
    ' !!int',
    ' !!float',
    ' !!bool',
    ' !!null',
    ' !!seq',
    ' !!map',
    ' !!set',
  ],
  ...[' !!omap', ' !!pairs', ' !!binary', ' !!python/name:os.system', ' !', ' !x', ' !!timestamp'],
  ...[' !<tag:yaml.org,2002:str>', ' !aggregate', ' !reset', ' !!str &d', ' !e!x'],
);
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'key') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('"a"', "'b'", 'two words', '1', '01', 'yes', '~', '1.0', '!!str 1', '&k k', '*a'),
  },
  { weight: 1, arbitrary: fc.constantFrom('<<', '=', '[x]', '{x: y}', '? a\n', 'é', '""', '!reset a', '!aggregate b') },
);
const gap = fc.constantFrom(...Array<string>(12).fill(''), ' # comment', '  ', '\n', '\n\n# comment\n', '\t');

const { node } = fc.letrec<{ node: Writer; flow: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    plainWord.map(
      (text): Writer =>
        () =>
          ` ${text}`,
    ),
    quoted,
    blockText,
    fc.constantFrom('*a', '*b', '*c').map(
      (text): Writer =>
        () =>
          ` ${text}`,
    ),
    tie('flow').map(
      (text): Writer =>
        () =>
          ` ${text}`,
    ),
    blockList(tie('node')),
    blockMap(tie('node')),
    blockMap(tie('node')),
  ),
  flow: fc.oneof(
    { depthSize: 'small' },
    plainWord,
    plainWord.map((text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`),
    fc.array(fc.tuple(properties, tie('flow')), { maxLength: 4 }).map((items) => `[${items.flat().join(', ')}]`),
    fc
      .array(fc.tuple(key, fc.constantFrom(': ', ':', ' : ', ''), tie('flow')), { maxLength: 4 })
      .map((pairs) => `{${pairs.map((pair) => pair.join('')).join(', ')}}`),
  ),
}));

function blockList(item: fc.Arbitrary<Writer>): fc.Arbitrary<Writer> {
  return fc
    .tuple(fc.array(fc.tuple(properties, item, gap), { minLength: 1, maxLength: 4 }), fc.constantFrom('', '  '))
    .map(([items, step]) => (indent) => {
      const own = indent + step;
      return items.map(([tag, write, end]) => `\n${own}-${tag}${write(`${own}  `)}${end}`).join('');
    });
}

function blockMap(value: fc.Arbitrary<Writer>): fc.Arbitrary<Writer> {
  return fc.array(fc.tuple(key, properties, value, gap), { minLength: 1, maxLength: 5 }).map((pairs) => (indent) => {
    return pairs.map(([name, tag, write, end]) => `\n${indent}${name}:${tag}${write(`${indent}  `)}${end}`).join('');
  });
}

const heads = [
  '',
  '',
  '',
  '',
  '',
  '',
  '---',
  '--- # c\n',
  '%YAML 1.1\n---',
  '%TAG !e! tag:e,2000:\n---',
  '\ufeff',
  '# c\n\n',
];
const tails = ['', '', '', '', '\n', '\n', '\n...\n', '\n---\n', '\n# c', '\n  '];

/** Nearly all without harm: half the characters of a pair are no text that Python could be sent, sets print in an order of CPython's own. */
const comparable = (text: string): boolean => !/\p{Cs}/u.test(text) && !text.includes('!!set');

/** A document that somebody could have written, with all that YAML 1.1 knows. */
export const writtenDocument: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...heads), node, fc.constantFrom(...tails))
  .map(
    ([head, write, tail]) =>
      head + write('').replace(head === '' || head.endsWith('\n') ? /^[ \n]/ : /^(?=[^ \n])/, '') + tail,
  )
  .filter(comparable);

/** A document that PyYAML has an answer to in the golden files, or a written one, with something broken. */
export const damagedDocument: fc.Arbitrary<string> = damagedText(
  fc.oneof(fc.constantFrom(...knownTexts), writtenDocument),
  yamlScraps,
).filter(comparable);
