import fc from 'fast-check';
import { BUILTIN_FILTERS } from '../../shared/render/jinja/filters.ts';
import { BUILTIN_TESTS } from '../../shared/render/jinja/tests.ts';
import { saltFilters } from '../../shared/render/salt/salt_environment.ts';
import { saltTests } from '../../shared/render/salt/salt_tests.ts';
import { readTrees } from '../support/render_trees.ts';
import { damagedDocument, damagedText, writtenDocument } from '../support/yaml_documents.ts';

/** One text to try, and what reads it. */
export interface FuzzCase {
  readonly kind: 'template' | 'yaml' | 'json' | 'frames' | 'payload' | 'target' | 'arguments';
  readonly text: string;
}

/** Names by which a template could get hold of the host, were names looked up in JavaScript's objects. */
const hostNames = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'escaped'],
  ...[
    '__class__',
    '__mro__',
    '__subclasses__',
    '__globals__',
    '__init__',
    '__builtins__',
    '_x',
    'call',
    'apply',
    'bind',
  ],
  ...['process', 'globalThis', 'require', 'Function', 'length', 'then', 'mro', 'func_globals', 'gi_frame', 'f_locals'],
];
const methodNames = [
  ...[
    'get',
    'items',
    'keys',
    'values',
    'update',
    'pop',
    'append',
    'extend',
    'insert',
    'index',
    'count',
    'sort',
    'copy',
  ],
  ...['setdefault', 'split', 'rsplit', 'join', 'format', 'format_map', 'replace', 'strip', 'center', 'zfill', 'encode'],
  ...['translate', 'maketrans', 'splitlines', 'partition', 'startswith', 'fromkeys', 'popitem', 'union', 'remove'],
  ...['bit_length', 'is_integer', 'hex', 'as_integer_ratio', 'to_bytes', 'title', 'expandtabs', 'isdigit', 'reverse'],
];
const surroundings = { machine: {}, randomBytes: (count: number) => new Uint8Array(count), now: () => 0 };
const filterNames = [...BUILTIN_FILTERS, ...saltFilters(surroundings)].map(([name]) => name);
const testNames = [...BUILTIN_TESTS, ...saltTests].map(([name]) => name);
const variables = [
  ...[
    'grains',
    'pillar',
    'salt',
    'opts',
    'saltenv',
    'x',
    'i',
    'loop',
    'self',
    'caller',
    'varargs',
    'kwargs',
    'ns',
    'm',
  ],
  ...[
    'range',
    'dict',
    'lipsum',
    'cycler',
    'joiner',
    'namespace',
    'raise',
    'show_full_context',
    'ifelse',
    'odict',
    'nope',
  ],
];
const texts = [
  ...[
    'a',
    '',
    ' ',
    'é😀',
    'a: b: c',
    '[1, 2',
    '{"a": [1.5, null]}',
    '%s %d %(x)s %*d %.99f',
    '{0.__class__} {x!r:>9} {',
    '10.0.0.0/8',
  ],
  ...[
    '::1/64',
    '(a+)+$',
    '(?P<n>[^',
    '\\1\\g<n>',
    'a:b:0',
    '*.x',
    '!!python/name:os.system x',
    '&a [*a]',
    '2024-02-30',
    '%Y-%q',
  ],
  ...[
    'a[?b==`1`].c | [0]',
    '1e999',
    '0x1F',
    '\\x41',
    '\\ud800',
    '<b a="1">&constructor;</b>',
    'www.x.org',
    '@minion',
    'sha256',
  ],
  ...hostNames,
];
const literal = fc.oneof(
  fc.constantFrom(...texts).map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  fc.constantFrom(
    '0',
    '1',
    '-1',
    '2',
    '3.5',
    '1e300',
    '10**30',
    '9007199254740993',
    '1_000',
    'true',
    'none',
    '[]',
    '{}',
    '()',
  ),
);

const { expression } = fc.letrec<{ expression: string; args: string; small: string }>((tie) => ({
  small: fc.oneof(literal, fc.constantFrom(...variables)),
  expression: fc.oneof(
    { depthSize: 'small' },
    tie('small'),
    fc
      .tuple(tie('expression'), fc.constantFrom(...filterNames), tie('args'))
      .map(([a, name, args]) => `${a} | ${name}${args}`),
    fc.tuple(tie('expression'), fc.constantFrom(...filterNames)).map(([a, name]) => `(${a}) | ${name}`),
    fc
      .tuple(tie('expression'), fc.constantFrom(...methodNames, ...hostNames), tie('args'))
      .map(([a, name, args]) => `(${a}).${name}${args}`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a})[${b}]`),
    fc.tuple(tie('expression'), tie('small'), tie('small')).map(([a, b, c]) => `(${a})[${b}:${c}]`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(...'+ - * / // % ~ == < >= in and or'.split(' '), 'not in'),
        tie('expression'),
      )
      .map((parts) => `(${parts.join(' ')})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('is', 'is not'), fc.constantFrom(...testNames), tie('args'))
      .map(([a, is, name, args]) => `(${a} ${is} ${name}${args})`),
    fc.array(tie('expression'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(fc.tuple(tie('small'), tie('expression')), { maxLength: 3 })
      .map((pairs) => `{${pairs.map((pair) => pair.join(': ')).join(', ')}}`),
    fc.tuple(tie('expression'), tie('small'), tie('expression')).map(([a, b, c]) => `(${a} if ${b} else ${c})`),
    fc.tuple(fc.constantFrom(...variables), tie('args')).map((parts) => parts.join('')),
  ),
  args: fc.oneof(
    fc.constant('()'),
    fc.array(tie('small'), { maxLength: 3 }).map((items) => `(${items.join(', ')})`),
    fc
      .tuple(fc.constantFrom(...['attribute', 'default', 'width', 'x', ...hostNames]), tie('small'))
      .map(([name, value]) => `(${name}=${value})`),
    fc.tuple(tie('small'), tie('small')).map(([a, b]) => `(*${a}, **${b})`),
  ),
}));

const { template } = fc.letrec<{ template: string; piece: string }>((tie) => ({
  template: fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('\n')),
  piece: fc.oneof(
    { depthSize: 'small' },
    expression.map((text) => `k: {{ ${text} }}`),
    expression.map((text) => `{% set x = ${text} %}`),
    expression.map((text) => `{% do ${text} %}`),
    fc.tuple(expression, tie('template')).map(([text, body]) => `{% for i in ${text} %}${body}{% else %}e{% endfor %}`),
    fc
      .tuple(expression, tie('template'))
      .map(([text, body]) => `{% for a, b in ${text} recursive %}${body}{{ loop(b) }}{% endfor %}`),
    fc.tuple(expression, tie('template')).map(([text, body]) => `{% if ${text} %}${body}{% else %}-{% endif %}`),
    fc
      .tuple(expression, tie('template'))
      .map(([text, body]) => `{% macro m(a, b=${text}) %}${body}{% endmacro %}{{ m(1) }}`),
    fc.tuple(expression, tie('template')).map(([text, body]) => `{% call(i) m(${text}) %}${body}{% endcall %}`),
    fc
      .tuple(fc.constantFrom(...filterNames), tie('template'))
      .map(([name, body]) => `{% filter ${name} %}${body}{% endfilter %}`),
    fc
      .tuple(fc.constantFrom('yaml', 'json', 'text'), tie('template'))
      .map(([name, body]) => `{% load_${name} as x %}${body}{% endload %}`),
    fc
      .tuple(expression, fc.constantFrom('with', 'without'))
      .map(([text, how]) => `{% include ${text} ignore missing ${how} context %}`),
    fc.constantFrom(
      "{% import 'lib.jinja' as m %}",
      "{% from 'lib.jinja' import m %}",
      "{% import_yaml 'data.yaml' as x %}",
      "{% extends 'lib.jinja' %}",
    ),
    fc.constantFrom(
      '{% set ns = namespace(a=[]) %}{% set ns.a = [ns.a, ns.a] %}',
      '{% break %}',
      '{% raw %}',
      '{{ super() }}',
      '{% block a %}{{ self.a() }}{% endblock %}',
    ),
    writtenDocument,
  ),
}));

const templateScraps = [
  ...[
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '-',
    '+',
    '|',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '.',
    ',',
    ':',
    '~',
    "'",
    '"',
    '\\',
    '\n',
  ],
  ...[
    '{% endif %}',
    '{% endfor %}',
    '{% else %}',
    '{%- raw %}',
    ' is ',
    ' if ',
    ' not ',
    ' recursive ',
    '**',
    '//',
    '10**9',
    '1e9',
  ],
  ...[
    '.escaped',
    '.constructor',
    "['__proto__']",
    ' | attr("__class__")',
    ' | map(attribute="constructor")',
    '\u2028',
    '😀',
    '\0',
  ],
  ...filterNames.map((name) => ` | ${name}`),
];
const yamlHostScraps = [
  ...hostNames,
  ...['bool', 'int', 'float', 'null', 'binary', 'omap', 'escaped'].map((tag) => `!!${tag} `),
];
const goldenTemplates = readTrees().flatMap(({ files }) => [...files.values()]);
const json = fc.oneof(
  fc.json({ depthSize: 'medium' }),
  fc.constantFrom('{"a": [1, 1.5, -0, 1e5, "\\u00e9\\ud83d\\ude00"], "": null, "__proto__": {"escaped": true}}'),
);
const jsonScraps = [
  '"',
  '\\',
  '\\u12',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '1',
  '-',
  'e',
  '.',
  'NaN',
  'Infinity',
  'tru',
  '\0',
  '\ud800',
  '9'.repeat(50),
];

/** What is tried of templates and documents, and how often. */
export const renderCase: fc.Arbitrary<FuzzCase> = fc.oneof(
  { weight: 5, arbitrary: template.map((text): FuzzCase => ({ kind: 'template', text })) },
  {
    weight: 3,
    arbitrary: damagedText(fc.constantFrom(...goldenTemplates), templateScraps).map(
      (text): FuzzCase => ({ kind: 'template', text }),
    ),
  },
  { weight: 3, arbitrary: damagedText(template, templateScraps).map((text): FuzzCase => ({ kind: 'template', text })) },
  {
    weight: 3,
    arbitrary: fc
      .oneof(writtenDocument, damagedDocument, damagedText(writtenDocument, yamlHostScraps))
      .map((text): FuzzCase => ({ kind: 'yaml', text })),
  },
  { weight: 1, arbitrary: damagedText(json, jsonScraps).map((text): FuzzCase => ({ kind: 'json', text })) },
);
