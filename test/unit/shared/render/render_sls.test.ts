import { describe, expect, test } from 'vitest';
import { RenderError } from '../../../../shared/render/render_error.ts';
import { renderSls, renderSlsAsync } from '../../../../shared/render/render_sls.ts';
import { createSaltEnvironment } from '../../../../shared/render/salt/salt_environment.ts';
import { createSaltLoader } from '../../../../shared/render/salt/salt_loader.ts';
import { toJs } from '../../../../shared/render/values/border.ts';
import type { PyCallable } from '../../../../shared/render/values/py_function.ts';

const functions = new Map<string, PyCallable>([
  ['test.ping', () => true],
  ['test.later', async ([value = null]) => value],
  ['test.broken', () => Promise.reject(new TypeError('the disk is gone'))],
]);

function environment(files: Readonly<Record<string, string>> = {}) {
  return createSaltEnvironment(
    {
      functions: { find: (name) => functions.get(name), names: () => functions.keys() },
      machine: {},
      randomBytes: (count) => new Uint8Array(count),
      now: () => 0,
    },
    { loader: createSaltLoader((path) => files[path]) },
  );
}

const render = (text: string, files: Readonly<Record<string, string>> = {}) =>
  toJs(renderSls(environment(files), { path: 'web/init.sls', text }, new Map()));

function failure(text: string, files: Readonly<Record<string, string>> = {}): RenderError {
  try {
    render(text, files);
  } catch (error) {
    if (error instanceof RenderError) return error;
    throw error;
  }
  throw new Error('the file was rendered without complaint');
}

describe('the pipe of renderers', () => {
  test.each([
    ['jinja and yaml unless the file says otherwise', 'a: {{ 1 + 1 }}', { a: 2 }],
    ['yaml alone', '#!yaml\na: "{{ x }}"', { a: '{{ x }}' }],
    ['jinja and json', '#!jinja|json\n{"a": {{ 1 + 1 }}, "b": 1.5}', { a: 2, b: 1.5 }],
    ['jinja and yamlex', '#!jinja|yamlex\nx: !aggregate [{{ 1 }}]\nx: !aggregate [2]', { x: [1, 2] }],
    ['jinja alone', '#!jinja\na: {{ 1 }}\n', '#!jinja\na: 1\n'],
    ['text', '#!text\n{{ x }}', '#!text\n{{ x }}'],
    ['arguments of renderers are no names', '#!jinja -o|yaml -x\na: 1', { a: 1 }],
    ['a script is no list of renderers', '#!/bin/sh\na: 1', { a: 1 }],
    ['nothing is an empty dict', ' \n\n', {}],
    ['only comments are an empty dict', '# nothing\n', {}],
    ['a byte order mark is no text', '\ufeffa: 1', { a: 1 }],
  ])('%s', (_name, text, value) => {
    expect(render(text)).toEqual(value);
  });

  test('a renderer that there is not is refused, with those that there are', () => {
    expect(failure('#!py\ndef run(): pass')).toMatchObject({
      message: "the renderer 'py' is not available",
      hint: 'use one of jinja, yaml, yamlex, json, text',
      file: 'web/init.sls',
      line: 1,
    });
  });

  test('data cannot be rendered again', () => {
    expect(failure('#!yaml|jinja\na: 1').message).toBe(
      "the renderer 'jinja' needs text, but the one before it made data",
    );
  });

  test('the default pipe can be another one', () => {
    const file = { path: 'x.json', text: '{"a": [1]}', pipe: 'json' };
    expect(toJs(renderSls(environment(), file, new Map()))).toEqual({ a: [1] });
  });
});

describe('errors of templates', () => {
  test('name the place, show the lines and keep the words of Salt', () => {
    const error = failure('a: 1\nb: {{ nope }}\n');
    expect(error).toMatchObject({ renderer: 'jinja', file: 'web/init.sls', line: 2, column: 7 });
    expect(error.message).toMatch(
      /^Jinja variable 'nope' is undefined; line 2\n\n---\na: 1\nb: \{\{ nope \}\} {4}<======================\n/,
    );
  });

  test('in an imported file name that file and how it was reached', () => {
    const error = failure("{% from 'lib.jinja' import f %}\n{{ f() }}", {
      'lib.jinja': '{% macro f() %}\n{{ nope }}\n{% endmacro %}',
    });
    expect(error).toMatchObject({ file: 'lib.jinja', line: 2 });
    expect(error.chain.map(({ template, line }) => `${template}:${line}`)).toContain('web/init.sls:2');
  });

  test('offer the nearest name', () => {
    expect(failure("{{ salt['test.pong']() }}").hint).toBe("did you mean 'test.ping'?");
    expect(failure('{{ salt.tes.ping() }}').hint).toBe("did you mean 'test'?");
    expect(failure('{{ salt.test.pin() }}').hint).toBe("did you mean 'ping'?");
    expect(failure('{{ 1 | yml }}').hint).toBe("did you mean 'yaml'?");
  });
});

describe('errors of YAML', () => {
  test('that the scanner finds show the rendered lines, as in Salt', () => {
    const error = failure('a: {{ 1 }}\nb: c: d\n');
    expect(error.message).toBe(
      'mapping values are not allowed here; line 2\n\n---\na: 1\nb: c: d    <======================\n---',
    );
    expect(error).toMatchObject({ renderer: 'yaml', line: 2 });
  });

  test('a tab is called by its name', () => {
    expect(failure('a:\n\t- b\n')).toMatchObject({ hint: 'indent with spaces', line: 2 });
    expect(failure('a:\n\t- b\n').message).toMatch(/^Illegal tab character; line 2/);
  });

  test('point to the line of the template that printed the wrong one', () => {
    const text = '{% set x = "v" %}\n{# one\n   two #}\nfirst: {{ x }}\nwrong: {{ x }}: y\nlast: 1\n';
    expect(failure(text)).toMatchObject({ line: 5, file: 'web/init.sls' });
    expect(failure(text).excerpt).toContain('wrong: {{ x }}: y    <======================');
  });

  test('do not guess where several lines could have printed it', () => {
    const error = failure(
      '{% for i in [1, 1] %}\nk{{ i }}: v\n{% endfor %}\n{% for i in [2] %}\nk{{ i }}: v: w\n{% endfor %}',
    );
    expect(error.line).toBe(5);
    expect(failure('{{ "a: b: c" }}').line).toBeUndefined();
  });

  test('a duplicate key tells where it stood first', () => {
    const error = failure('a: 1\nb: 2\na: 3\n');
    expect(error.message).toContain("found conflicting ID 'a'");
    expect(error.hint).toBe('it stands in line 1 already');
  });

  test('double braces are explained', () => {
    expect(failure('#!yaml\na: {{ x }}').hint).toMatch(/double braces/);
  });

  test('JSON has its own', () => {
    expect(failure('#!json\n{"a": }').message).toBe('Invalid JSON: Expecting value: line 1 column 7 (char 6)');
  });
});

describe('functions that answer later', () => {
  const renderAsync = (text: string) =>
    renderSlsAsync(environment(), { path: 'web/init.sls', text }, () => new Map()).then(toJs);

  test('are waited for', async () => {
    const text =
      "{% for n in [1, 2, 3] %}k{{ n }}: {{ salt['test.later'](n) }}\n{% endfor %}ping: {{ salt.test.ping() }}";
    await expect(renderAsync(text)).resolves.toEqual({ k1: 1, k2: 2, k3: 3, ping: true });
  });

  test('keep their own errors', async () => {
    await expect(renderAsync("{{ salt['test.broken']() }}")).rejects.toThrow('the disk is gone');
  });

  test('random values are the same in every pass', async () => {
    const text = "{% set secret = 8 | random_str %}a: {{ secret }}\nb: {{ salt['test.later'](secret) }}";
    const value = (await renderAsync(text)) as { a: string; b: string };
    expect(value.a).toBe(value.b);
  });
});

describe('what templates import', () => {
  const files = {
    'web/map.jinja': '{% set port = 80 %}',
    // Asked for as './sub/page.jinja', it keeps the place of the file that asks.
    'web/sub/page.jinja': "{% from './map.jinja' import port %}{% set twice = port * 2 %}",
    'top.jinja': '{% set x = 1 %}',
  };

  test('counts from the top of the roots, or from the place of the file that asks', () => {
    expect(render("{% from 'web/map.jinja' import port %}p: {{ port }}", files)).toEqual({ p: 80 });
    expect(render("{% from './map.jinja' import port %}p: {{ port }}", files)).toEqual({ p: 80 });
    expect(render("{% from './sub/page.jinja' import twice %}p: {{ twice }}", files)).toEqual({ p: 160 });
    expect(render("{% from '../top.jinja' import x %}p: {{ x }}", files)).toEqual({ p: 1 });
  });

  test('never leaves the roots', () => {
    for (const path of ['../../etc/passwd', 'web/../../etc/passwd', './../../x']) {
      expect(failure(`{% include '${path}' %}`).message).toContain(path);
    }
  });
});
