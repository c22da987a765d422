import { describe, expect, test } from 'vitest';
import { queryJmespath } from '../../../../../shared/render/jmespath/query_jmespath.ts';
import { fromJs, toJs } from '../../../../../shared/render/values/border.ts';

const data = fromJs({
  services: [
    { name: 'http', host: '192.0.2.4', port: 80, tags: ['a', 'b'] },
    { name: 'smtp', host: '192.0.2.5', port: 25, tags: [] },
    {
      name: 'ssh',
      port: 22,
      nested: {
        deep: [
          [1, 2],
          [3, [4]],
        ],
      },
    },
  ],
  a: { b: { c: [0, 1, 2, 3, 4] } },
  m: { x: { v: 1 }, y: { v: 2 }, z: {} },
  text: 'text',
  none: null,
  words: ['pear', 'fig', 'apple'],
  'foo bar': 5,
});

const query = (expression: string) => toJs(queryJmespath(data, expression));

describe('what an expression finds', () => {
  test.each([
    ['services[].port', [80, 25, 22]],
    ['services[*].host', ['192.0.2.4', '192.0.2.5']],
    ['services[-1].name', 'ssh'],
    ['services[9]', null],
    ['services[?port > `22`].name', ['http', 'smtp']],
    ["services[?name == 'ssh'].nested.deep[][]", [1, 2, 3, [4]]],
    ["services[?port == `80` || name == 'ssh'].name", ['http', 'ssh']],
    ['services[?!tags].name', ['smtp', 'ssh']],
    ['services[].{n: name, p: port} | [0]', { n: 'http', p: 80 }],
    [
      'services[:2].[name, port]',
      [
        ['http', 80],
        ['smtp', 25],
      ],
    ],
    ['services[].tags[]', ['a', 'b']],
    ['a.b.c[1:3]', [1, 2]],
    ['a.b.c[::-1]', [4, 3, 2, 1, 0]],
    ['a.b.c[?@ > `1`]', [2, 3, 4]],
    ['m.*.v', [1, 2]],
    ['"foo bar"', 5],
    ['none || text', 'text'],
    ['text && `1`', 1],
    ['nope.x.y', null],
    ['`1` == `true`', false],
    ['length(services)', 3],
    ['sort_by(services, &port)[0].name', 'ssh'],
    ['max_by(services, &port).name', 'http'],
    ["join('-', words)", 'pear-fig-apple'],
    ["contains(words, 'fig')", true],
    ['sum(a.b.c)', 10],
    ['avg(a.b.c)', 2],
    ["not_null(none, nope, 'x')", 'x'],
    ['map(&length(@), words)', [4, 3, 5]],
    ['to_string(m)', '{"x":{"v":1},"y":{"v":2},"z":{}}'],
    ["to_number('1.5')", 1.5],
    ['type(none)', 'null'],
    ['merge(m.x, {q: `1`})', { v: 1, q: 1 }],
    ['keys(m)', ['x', 'y', 'z']],
  ])('%s', (expression, expected) => {
    expect(query(expression)).toEqual(expected);
  });
});

describe('expressions that cannot be read or do not fit', () => {
  test.each([
    ['services[', 'the expression ends too early'],
    ['a..b', 'unexpected . at column 2'],
    ['a b', 'unexpected b at column 2'],
    ['a # b', 'unknown token # at column 2'],
    ['nope(a)', 'unknown function: nope()'],
    ['length()', 'length() takes 1 arguments, not 0'],
    ['abs(text)', 'abs() takes number, not string'],
    ['sort_by(services, port)', 'sort_by() takes expref'],
  ])('%s', (expression, message) => {
    expect(() => query(expression)).toThrow(message);
  });
});
