import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand, seededChoice } from '../../../../support/grammar.ts';
import { renderCase } from '../../../../support/jinja_cases.ts';
import { jinjaGrammar } from '../../../../support/jinja_grammar.ts';

/** Names of what every JavaScript object, function, Map, Set, array, string, generator and promise has. */
const hostNames = [
  ...[Object, Function, Map, Set, Array, String, Number, BigInt, Boolean, Symbol, Promise, Uint8Array].flatMap(
    (type) => [...Object.getOwnPropertyNames(type), ...Object.getOwnPropertyNames(type.prototype)],
  ),
  ...Object.getOwnPropertyNames(Object.getPrototypeOf(function* () {})),
  ...Object.getOwnPropertyNames(Object.getPrototypeOf([][Symbol.iterator]())),
  ...[
    '__proto__',
    'prototype',
    'constructor',
    '#items',
    '#attributes',
    'typeName',
    'qualifiedName',
    'hashKey',
    'isExternal',
  ],
];

/** Of those, the names that Python's own objects have too. */
const pythonNames = [
  ...['count', 'index', 'pop', 'insert', 'sort', 'reverse', 'copy', 'clear', 'keys', 'values', 'items', 'get', 'join'],
  ...['split', 'replace', 'strip', 'title', 'find', 'name', 'arguments', 'caller', 'call', 'length', 'next', 'add'],
  ...['union', 'intersection', 'difference', 'isdigit', 'first', 'last', 'item'],
];

const secretWords = /native code|\[object |function ?\(|=>|Symbol\(/;

/** Values of every type, as a template gets at them. */
const owners = [
  ...[
    "''",
    "'abc'",
    '1',
    'big',
    '1.5',
    'true',
    'none',
    '[]',
    'l',
    '{}',
    'd',
    '(1, 2)',
    'range(3)',
    "('a' | e)",
    'missing | d',
  ],
  ...[
    "(('a',) | unique)",
    'd.keys()',
    'd.items()',
    'd.items',
    "'a'.upper",
    "'a'.encode()",
    'dict',
    'namespace',
    'range',
    'lipsum',
  ],
  ...[
    'namespace(a=1)',
    "cycler('a')",
    "joiner(',')",
    "(l | map('string'))",
    '(l | select)',
    '(rows | groupby("v") | first)',
    'odict()',
  ],
  ...[
    'salt',
    "salt['test.echo']",
    'salt.test',
    'salt.test.echo',
    'grains',
    'pillar',
    'opts',
    'raise',
    'show_full_context',
    'lib',
    'self',
  ],
  ...['loop', 'm', 'cycler', 'joiner', 'odict', 'caller', 'varargs', 'kwargs'],
];

const accesses = ['{o}.{n}', "{o}['{n}']", "{o} | attr('{n}')", "'{{0.{n}}}'.format({o})", "'{{0[{n}]}}'.format({o})"];
const listAccesses = [
  "[{o}] | map(attribute='{n}') | list",
  "[{o}] | selectattr('{n}') | list",
  "[{o}] | sum('{n}', '')",
];
const listSorts = ["[{o}] | sort(attribute='{n}')", "[{o}, {o}] | groupby('{n}')", "'%({n})s' % {o}"];

/** An expression that reads a name, put where loops, callers and modules are. */
function attack(access: string, owner: string, name: string): string {
  const expression = access
    .replaceAll('{o}', owner)
    .replaceAll('{n}', name)
    .replaceAll('{{', '{')
    .replaceAll('}}', '}');
  return (
    "{% import 'lib.jinja' as lib %}{% block b %}{% endblock %}" +
    `{% macro mac(a) %}{% for x in [1] %}{{ ${expression} }}{% endfor %}{% set unused = [caller, varargs, kwargs] %}{% endmacro %}` +
    '{% call mac(1, k=2) %}{% endcall %}'
  );
}

const name = fc.constantFrom(...new Set(hostNames)).filter((each) => /^[\w#]+$/.test(each));
const anyAccess = fc.constantFrom(...accesses, ...listAccesses, ...listSorts);

describe('the sandbox', () => {
  test('the attack finds what may be read', () => {
    expect(renderCase(attack('{o}.{n}', 'm', 'name'))).toEqual({ text: 'web' });
  });

  test('no way of access reaches a property of the host', () => {
    fc.assert(
      fc.property(anyAccess, fc.constantFrom(...owners), name, (access, owner, property) => {
        const rendered = renderCase(attack(access, owner, property));
        expect(JSON.stringify(rendered)).not.toMatch(secretWords);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('a name of the host alone is undefined on a value of every type', () => {
    const foreign = hostNames.filter((each) => /^[a-z]\w*[A-Z]\w*$/.test(each) && !pythonNames.includes(each));
    fc.assert(
      fc.property(
        fc.constantFrom(...owners.filter((owner) => !/missing|caller/.test(owner))),
        fc.constantFrom(...foreign),
        (owner, property) => {
          const rendered = renderCase(attack('{o}.{n}', owner, property));
          expect(rendered).toMatchObject({ error: 'UndefinedError' });
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });

  test('a name that starts with an underscore is never read', () => {
    const secret = fc.constantFrom(
      '__class__',
      '__init__',
      '__globals__',
      '__dict__',
      '__proto__',
      '_private',
      '__',
      '_',
    );
    fc.assert(
      fc.property(fc.constantFrom(...accesses), fc.constantFrom(...owners), secret, (access, owner, property) => {
        const rendered = renderCase(attack(access, owner, property));
        expect(rendered).toHaveProperty('error');
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('keys named after properties of the host are only keys', () => {
    const template =
      "{% set d = {'__proto__': 1, 'constructor': 2, 'toString': 3} %}{{ d }} {{ d.constructor }} {{ d['__proto__'] }} " +
      '{{ d | tojson }} {{ d | json }} {{ d | yaml }} {{ d | dictsort }} {{ \'{"__proto__": {"a": 1}}\' | load_json }} ' +
      "{{ '__proto__: {a: 1}' | load_yaml }} {{ dict(constructor=1).constructor }} {{ {}.constructor is defined }} " +
      '{{ namespace(toString=1).toString }} {% macro f(constructor, **kwargs) %}{% endmacro %}';
    const macro = '{% macro f(constructor=1) %}{{ constructor }}{{ kwargs }}{% endmacro %}{{ f(valueOf=2) }}';
    expect(renderCase(template.replace(/\{% macro.*$/, macro))).toEqual({
      text:
        "{'__proto__': 1, 'constructor': 2, 'toString': 3} 2 1 " +
        '{"__proto__": 1, "constructor": 2, "toString": 3} {"__proto__": 1, "constructor": 2, "toString": 3} ' +
        "{__proto__: 1, constructor: 2, toString: 3} [('__proto__', 1), ('constructor', 2), ('toString', 3)] " +
        "{'__proto__': {'a': 1}} {'__proto__': {'a': 1}} 1 False 1 1{'valueOf': 2}",
    });
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test('random templates leave the prototypes of the host as they were and fail only with errors of their own', () => {
    const before = [Object, Function, Array, Map, Set, String].map((type) =>
      Object.getOwnPropertyNames(type.prototype),
    );
    const choose = seededChoice(7);
    for (let run = 0; run < 300; run++) {
      const rendered = renderCase(expand(jinjaGrammar, 'template', choose));
      expect(JSON.stringify(rendered)).not.toMatch(secretWords);
    }
    const after = [Object, Function, Array, Map, Set, String].map((type) => Object.getOwnPropertyNames(type.prototype));
    expect(after).toEqual(before);
  });
});
