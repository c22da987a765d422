import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../../shared/render/jinja/limits.ts';
import { RenderError } from '../../../../shared/render/render_error.ts';
import { renderSls } from '../../../../shared/render/render_sls.ts';
import { createSaltEnvironment } from '../../../../shared/render/salt/salt_environment.ts';

/** The first line of the error that a text ends with. */
function failure(text: string, limits: Partial<Limits> = {}): string {
  const environment = createSaltEnvironment(
    {
      functions: { find: () => undefined, names: () => [] },
      machine: {},
      randomBytes: (count) => new Uint8Array(count),
      now: () => 0,
    },
    { limits },
  );
  try {
    renderSls(environment, { path: 'x.sls', text }, new Map());
  } catch (error) {
    if (error instanceof RenderError) return error.message.split('\n', 1)[0] as string;
    throw error;
  }
  throw new Error('the file was rendered without complaint');
}

/** Sets `ns.x` sixty times to what is made of it. */
const grow = (start: string, made: string, then = '') =>
  `{% set ns = namespace(x=${start}) %}{% for i in range(60) %}{% set ns.x = ${made} %}{% endfor %}${then}`;
const lists = (then: string) => grow('[1]', '[ns.x, ns.x]', then);

describe('what a render may use', () => {
  test('characters of output', () => {
    expect(failure("{{ 'x' * 101 }}", { outputLength: 100 })).toMatch(/more than 100 characters of output; line 1$/);
    const loop = "{% for i in range(2000) %}{{ 'x' * 100 }}{% endfor %}";
    expect(failure(loop, { outputLength: 1000 })).toMatch(/more than 1000 characters of output/);
    expect(failure(`{% set a %}${loop}{% endset %}`, { outputLength: 1000 })).toMatch(/more than 1000 characters/);
  });

  test('iterations, of loops in loops too', () => {
    const loops = '{% for i in range(40) %}{% for j in range(40) %}{% endfor %}{% endfor %}';
    expect(failure(loops, { iterations: 1000 })).toMatch(/more than 1000 loop iterations/);
  });

  test.each([
    ['a macro', '{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}'],
    ['a loop', '{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}'],
    [
      'a caller',
      '{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% endmacro %}{{ g() }}',
    ],
  ])('%s inside itself', (_name, text) => {
    expect(failure(text)).toMatch(/^Jinja error: maximum recursion depth exceeded/);
  });

  test('time', () => {
    const twice = '{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}';
    expect(failure(twice, { timeMs: 50 })).toMatch(/rendering took more than 50 ms/);
  });
});

const tooLong = 'a text may hold at most 16777216 characters';
const tooMany = 'a list may hold at most 5000000 items';

describe('one expression ends with an error, not with the memory', () => {
  test.each([
    ["{{ 'x' * 10**9 }}", tooLong],
    ["{{ 'x' * 10**20 }}", "cannot fit 'int' into an index-sized integer"],
    ['{{ [1] * 10**9 }}', tooMany],
    ['{{ (1,) * 10**9 }}', tooMany],
    ['{{ 2 ** 10000000 }}', 'an int may have at most 1000000 bits'],
    ['{{ (2 ** 100000) ** 100000 }}', 'an int may have at most 1000000 bits'],
    [grow('10 ** 5000', 'ns.x * ns.x'), 'an int may have at most 1000000 bits'],
    ['{{ 2 ** 100000 }}', 'Exceeds the limit (4300 digits) for integer string conversion'],
    [`{{ ${'1'.repeat(5000)} }}`, 'Exceeds the limit (4300 digits)'],
    ["{{ '%1000000000d' % 1 }}", tooLong],
    ["{{ '%.1000000000f' % 1.5 }}", 'a text is too long'],
    ["{{ '%*d' % (10**9, 1) }}", tooLong],
    ["{{ '{:1000000000}'.format(1) }}", tooLong],
    ["{{ '{:{w}}'.format(1, w=10**9) }}", tooLong],
    ["{{ 'x'.ljust(10**9) }}", tooLong],
    ["{{ 'x' | center(10**9) }}", tooLong],
    ["{{ 'x\\ny' | indent(10**9) }}", tooLong],
    ["{{ ('a' * 10000).replace('', 'b' * 100000) }}", tooLong],
    ["{{ (',' * 1000).join('a' * 1000000) }}", tooLong],
    ['{{ range(10**9) }}', 'Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).'],
    ['{{ lipsum(n=10**8) }}', tooMany],
    ['{{ range(14) | permutations | list }}', 'an iterator may give at most 1000000 items'],
    ['{{ "x" in range(1000) | product(range(1000), range(1000)) }}', 'an iterator may give at most 1000000 items'],
    ["{{ '10.0.0.0/8' | network_hosts }}", '10.0.0.0/8 has more than 1048576 hosts'],
    [grow("'ab'", 'ns.x ~ ns.x'), 'a text'],
    [grow("'ab'", 'ns.x + ns.x'), 'a text'],
    [grow("'ab'", "ns.x | replace('a', ns.x)"), tooLong],
    [grow('[1]', 'ns.x + ns.x'), tooMany],
    [
      '{% set x = [] %}{% for i in range(4000) %}{% do x.append([i]) %}{% endfor %}{{ x | unique }}',
      'more than 5000000 comparisons of lists and dicts',
    ],
  ])('%s', (text, message) => {
    expect(failure(text)).toContain(message);
  });
});

describe('a value that holds itself many times over', () => {
  const endless = 'a value that unfolds to more than 2000000 values';

  test.each([
    ['is not printed', lists('{{ ns.x }}'), endless],
    ['is not printed in a dict', lists('{{ {1: ns.x} }}'), endless],
    ['becomes no JSON', lists('{{ ns.x | json }}'), endless],
    ['is not pretty', lists('{{ ns.x | pprint }}'), endless],
    ['equals no other such', lists(`{% set y = ns.x %}${lists('{{ ns.x == y }}')}`), endless],
    ['can be written as YAML, but not read back', lists('{{ ns.x | yaml }}'), 'more than 500000 nodes'],
    ['is no key', grow('(1,)', '(ns.x, ns.x)', '{{ {ns.x: 1} }}'), tooLong],
    [
      'by way of itself is not compared',
      '{% set x = [1] %}{% do x.append(x) %}{% set y = [1] %}{% do y.append(y) %}{{ x == y }}',
      'maximum recursion depth exceeded',
    ],
    [
      'in a hundred thousand levels is not printed',
      `${lists('')}{% set d = namespace(x=[]) %}{% for i in range(100000) %}{% set d.x = [d.x] %}{% endfor %}{{ d.x }}`,
      'maximum recursion depth exceeded',
    ],
  ])('%s', (_name, text, message) => {
    expect(failure(text)).toContain(message);
  });
});

describe('patterns that would take for ever', () => {
  test.each([
    ["{{ ('a' * 40 ~ 'b') | regex_search('^(a+)+$') }}"],
    ["{{ ('a' * 40 ~ 'b') | regex_match('(a|aa)+$') }}"],
    ["{{ ('a' * 100000) | regex_search('(a*)*b') }}"],
    ["{{ ('a' * 60) is match('(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b') }}"],
  ])('%s', (text) => {
    expect(failure(text)).toContain('a regular expression takes too long');
  });

  test('in our own filters take no longer than the text is long', () => {
    const text = "{{ ('<' * 1000000) | striptags | length }}{{ ('a@' * 500000) | urlize | length }}";
    expect(failure(`${text}{{ nope }}`)).toContain("'nope' is undefined");
  });
});

describe('templates nested too deep', () => {
  test.each([
    ['brackets', `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`],
    ['signs', `{{ ${'-'.repeat(20_000)}1 }}`],
    ['negations', `{{ ${'not '.repeat(20_000)}1 }}`],
    ['sums', `{{ 1${' + 1'.repeat(20_000)} }}`],
    ['attributes', `{{ a${'.b'.repeat(20_000)} }}`],
    ['filters', `{{ 1${' | abs'.repeat(20_000)} }}`],
    ['blocks', '{% if 1 %}'.repeat(20_000)],
    ['patterns', "{{ 'a' | regex_search('(' * 50000) }}"],
    ['queries', `{{ {} | json_query('${'['.repeat(10_000)}') }}`],
  ])('%s', (_name, text) => {
    expect(failure(text)).toContain('maximum recursion depth exceeded');
  });
});

test('JSON that is too large or too deep is refused', () => {
  expect(failure(`#!json\n${'['.repeat(100_000)}`)).toContain('more than 500 collections inside one another');
  expect(failure(`#!json\n[${'1,'.repeat(1_000_001)}1]`)).toContain('more than 1000000 values');
  expect(failure(`#!json\n${'9'.repeat(5000)}`)).toContain('Exceeds the limit (4300 digits)');
});
