import { describe, expect, test } from 'vitest';
import { RenderError } from '../../../../shared/render/render_error.ts';
import { renderSls, renderSlsAsync } from '../../../../shared/render/render_sls.ts';
import { createSaltEnvironment } from '../../../../shared/render/salt/salt_environment.ts';
import { createSaltLoader } from '../../../../shared/render/salt/salt_loader.ts';
import { fromJs } from '../../../../shared/render/values/border.ts';
import type { PyCallable } from '../../../../shared/render/values/py_function.ts';
import type { Value } from '../../../../shared/render/values/py_object.ts';

const functions = new Map<string, PyCallable>([
  ['pkg.version', () => '1.0'],
  [
    'disk.usage',
    () => {
      throw new Error('the disk is gone');
    },
  ],
  ['disk.later', () => Promise.reject(new Error('the disk is gone'))],
]);

const files: Readonly<Record<string, string>> = {
  'lib.jinja': '{% macro f(x) %}\n{{ x.nope }}\n{% endmacro %}\n{% macro g(x) %}{{ f(x) }}{% endmacro %}',
  'open.jinja': 'a\n{% for x in [] %}\nb',
  'inner.jinja': 'x\ny: {{ 1 / 0 }}',
  'outer.sls': '{% include "inner.jinja" %}',
  'base.jinja': 'top\n{% block a %}{{ missing }}{% endblock %}',
  'data.yaml': 'a: 1\nb: c: d\n',
  'data.json': '{\n"a": }',
};

const environment = createSaltEnvironment(
  {
    functions: { find: (name) => functions.get(name), names: () => functions.keys() },
    machine: {},
    randomBytes: (count) => new Uint8Array(count),
    now: () => 0,
  },
  { loader: createSaltLoader((path) => files[path]) },
);

const variables = () =>
  new Map<string, Value>([
    ['grains', fromJs({ os: 'Debian', os_family: 'Debian' })],
    ['pillar', fromJs({ web: { port: 80 } })],
  ]);

function failure(text: string): RenderError {
  try {
    renderSls(environment, { path: 'web/init.sls', text }, variables());
  } catch (error) {
    if (error instanceof RenderError) return error;
    throw error;
  }
  throw new Error('the file was rendered without complaint');
}

/** `file:line:column`, then where it was reached from. */
function places({ file, line, column, chain }: RenderError): string {
  const from = chain.map((place) => ` < ${place.template}:${place.line}`);
  return `${[file, line, column].filter((part) => part !== undefined).join(':')}${from.join('')}`;
}

describe('an error of a template says where it is and what could have been meant', () => {
  test.each([
    // Lexing and parsing.
    ["a: {{ 'abc }}", 'web/init.sls:1:7', `unexpected char "'" at 6`, undefined],
    ['a: 1\nb: {{ y }', 'web/init.sls:2:9', "unexpected '}'", undefined],
    ['é😀 {{ $x }}', 'web/init.sls:1:7', "unexpected char '$'", undefined],
    ['{% fro x in y %}{% endfor %}', 'web/init.sls:1:4', "Encountered unknown tag 'fro'", "did you mean 'for'?"],
    ['a\n{% if x %}\nb\nc', 'web/init.sls:4:2', 'Unexpected end of template', "'if' begins in line 2"],
    ['{% for x in y %}\n{% endif %}', 'web/init.sls:2:4', "Encountered unknown tag 'endif'", "'for' begins in line 1"],
    [
      "{% import 'open.jinja' as b %}",
      'open.jinja:3:2 < web/init.sls:1',
      'Unexpected end of template',
      "'for' begins in line 2",
    ],
    ['{{ 1 | defualt(2) }}', 'web/init.sls:1:8', "No filter named 'defualt'", "did you mean 'default'?"],
    ['{{ 1 is defned }}', 'web/init.sls:1:9', "No test named 'defned'", "did you mean 'defined'?"],
    // Undefined names.
    ['a: 1\nb: {{ grians.os }}', 'web/init.sls:2:14', "'grians' is undefined", "did you mean 'grains'?"],
    ["{{ grains['oss'] }}", 'web/init.sls:1:10', "no attribute 'oss'", "did you mean 'os'?"],
    ["{{ pillar['web']['prot'] }}", 'web/init.sls:1:17', "no attribute 'prot'", "did you mean 'port'?"],
    ['{{ {}.gett(1) }}', 'web/init.sls:1:11', "no attribute 'gett'", "did you mean 'get'?"],
    ['{{ length([1]) }}', 'web/init.sls:1:10', "'length' is undefined", "'length' is a filter: value | length"],
    ['{{ lenght([1]) }}', 'web/init.sls:1:10', "'lenght' is undefined", "did you mean the filter 'length'?"],
    ["{{ salt['pkg.verson']() }}", 'web/init.sls:1:22', "no attribute 'pkg.verson'", "did you mean 'pkg.version'?"],
    ['{{ salt.pkgs.version() }}', 'web/init.sls:1:14', "no attribute 'pkgs'", "did you mean 'pkg'?"],
    ['{{ x }}', 'web/init.sls:1:4', "'x' is undefined", undefined],
    // What runs.
    ["{{ 'a' | int + 'b' }}", 'web/init.sls:1:14', 'unsupported operand', undefined],
    ["{{ 'a' | regex_search('(') }}", 'web/init.sls:1:10', 'unterminated subpattern', undefined],
    [
      "{% from 'lib.jinja' import g %}\n\n{{ g({}) }}",
      'lib.jinja:2:6 < lib.jinja:4 < web/init.sls:3',
      "no attribute 'nope'",
      undefined,
    ],
    [
      "a: 1\n{% include 'outer.sls' %}",
      'inner.jinja:2:9 < outer.sls:1 < web/init.sls:2',
      'division by zero',
      undefined,
    ],
    [
      "{% extends 'base.jinja' %}",
      'base.jinja:2:17 < base.jinja:2 < web/init.sls:1',
      "'missing' is undefined",
      undefined,
    ],
    [
      "{% from 'libb.jinja' import g %}",
      'web/init.sls:1:4',
      'libb.jinja',
      expect.stringContaining('there is no such file'),
    ],
    [
      "a: 1\nb: {{ salt['disk.usage']() }}",
      'web/init.sls:2:25',
      'Problem running salt function in Jinja template: the disk is gone',
      'the function disk.usage has failed',
    ],
    // What is loaded.
    [
      "a: 1\n{% import_yaml 'data.yaml' as d %}",
      'data.yaml:2:5 < web/init.sls:2',
      'mapping values are not allowed here',
      expect.stringContaining('quote'),
    ],
    [
      "{% import_json 'data.json' as d %}",
      'data.json:2:6 < web/init.sls:1',
      'Unable to load json',
      expect.stringContaining('Expecting value'),
    ],
    [
      'a: 1\n{% load_yaml as x %}\na: 1\nb: {{ grains.os }}: d\n{% endload %}',
      'web/init.sls:4:1',
      'mapping values are not allowed here',
      expect.stringContaining('quote'),
    ],
    [
      "a: 1\n{{ 'a: b: c' | load_yaml }}",
      'web/init.sls:2:16',
      'mapping values are not allowed here',
      expect.stringContaining('quote'),
    ],
  ])('%j', (text, where, message, hint) => {
    const error = failure(text);
    expect({ where: places(error), hint: error.hint }).toEqual({ where, hint });
    expect(error.message).toContain(message);
  });

  test('also when the function that failed answers later', async () => {
    const text = "a: 1\nb: {{ salt['disk.later']() }}";
    const error = await renderSlsAsync(environment, { path: 'web/init.sls', text }, variables).catch(
      (reason) => reason,
    );
    expect(error).toMatchObject({ file: 'web/init.sls', line: 2, hint: 'the function disk.later has failed' });
    expect(error.cause.cause).toEqual(new Error('the disk is gone'));
  });
});

describe('an error of YAML says what to do', () => {
  test.each([
    ['a: @x', 'web/init.sls:1:4', "quote a value that begins with '@'"],
    ['a: `x`', 'web/init.sls:1:4', "quote a value that begins with '`'"],
    ['a: %x', 'web/init.sls:1:4', "quote a value that begins with '%'"],
    ['a: *x', 'web/init.sls:1:4', "quote a value that begins with '*'"],
    ['a: !x 1', 'web/init.sls:1:4', "quote a value that begins with '!'; tags of Python are not allowed"],
    ['a: "b\nc: 1', 'web/init.sls:2:5', 'while scanning a quoted scalar, which begins in line 1'],
    ['a:\n  - b\n c: 1', 'web/init.sls:3:2', 'check the indentation of this line and of those before'],
    ['a: 1\n---\nb: 2', 'web/init.sls:2:1', "a file holds one document: remove the '---'"],
    ['{% set x = 1 %}\na: {{ x }}\nb: 2\na: 3', 'web/init.sls:4', 'it stands in line 2 already'],
    [
      '{% for i in [1, 2] %}\nk:\n  v: {{ i }}\n{% endfor %}',
      'web/init.sls:2',
      'line 2 makes it more than once, as in a loop: give it a name of its own each time',
    ],
    ["{{ 'a: 1' }}\n{{ 'a: 2' }}", 'web/init.sls', 'it stands in line 1 of what was rendered already'],
  ])('%j', (text, where, hint) => {
    const error = failure(text);
    expect({ where: places(error), hint: error.hint }).toEqual({ where, hint });
  });
});

describe('a report', () => {
  test('holds all that an operator needs', () => {
    expect(failure("{% from 'lib.jinja' import f %}\n{{ f(grians) }}").report()).toBe(`\
Jinja variable 'grians' is undefined; line 2

---
{% macro f(x) %}
{{ x.nope }}    <======================
     ^
{% endmacro %}
{% macro g(x) %}{{ f(x) }}{% endmacro %}
---
  in lib.jinja, line 2, column 6
  from web/init.sls, line 2, column 5
hint: did you mean 'grains'?`);
  });

  test('shows the lines of the template for an error in what it made', () => {
    expect(failure('{% set x = 1 %}\na: {{ x }}: b').report()).toBe(`\
mapping values are not allowed here; line 2

---

a: 1: b    <======================
---
  in web/init.sls, line 2
---
{% set x = 1 %}
a: {{ x }}: b    <======================
---
hint: quote a value that holds ': ', or check the indentation`);
  });

  test('names a place that comes again and again once', () => {
    const lines = failure('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}').report().split('\n');
    expect(lines.slice(-3)).toEqual([
      '  in web/init.sls, line 1, column 20',
      '  from web/init.sls, line 1, column 20, 199 times',
      '  from web/init.sls, line 1, column 43',
    ]);
  });

  test('cuts long lines and keeps the caret below its place', () => {
    const [, , , shown = '', caret = ''] = failure(`\t${'x'.repeat(500)}{{ nope }}${'y'.repeat(500)}`)
      .report()
      .split('\n');
    expect(shown.length).toBeLessThan(250);
    expect(shown.slice(caret.length - 1)).toMatch(/^nope \}\}/);
    const [, , , , tabbed] = failure('\t\té😀{{ nope }}').report().split('\n');
    expect(tabbed).toBe('\t\t     ^');
  });
});
