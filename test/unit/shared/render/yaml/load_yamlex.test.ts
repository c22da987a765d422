import { describe, expect, test } from 'vitest';
import { pyRepr } from '../../../../../shared/render/values/text.ts';
import { loadYamlex } from '../../../../../shared/render/yaml/load_yamlex.ts';
import { YamlError } from '../../../../../shared/render/yaml/yaml_error.ts';

const read = (text: string) => pyRepr(loadYamlex(text)).replaceAll('OrderedDict', '');

describe('a key that comes again', () => {
  test.each([
    [
      'lists marked as aggregates are joined',
      'x: !aggregate [a, b]\nx: !aggregate [b, c]',
      "([('x', ['a', 'b', 'c'])])",
    ],
    [
      'single values marked as aggregates become a list',
      'x: !aggregate foo\nx: !aggregate bar',
      "([('x', ['foo', 'bar'])])",
    ],
    [
      'dicts marked as aggregates are merged',
      'x: !aggregate {a: 1}\nx: !aggregate {b: 2}',
      "([('x', ([('a', 1), ('b', 2)]))])",
    ],
    ['unmarked lists are replaced', 'x: [a]\nx: [b]', "([('x', ['b'])])"],
    ['unmarked scalars are replaced', 'x: 1\nx: 2', "([('x', 2)])"],
    ['an unmarked dict replaces what it does not name', 'x: {a: 1, b: 1}\nx: {b: 2}', "([('x', ([('b', 2)]))])"],
    [
      'a reset forgets what came before',
      'x: !aggregate [a]\n!reset x: !aggregate [b]\nx: !aggregate [c]',
      "([('x', ['b', 'c'])])",
    ],
    ['an aggregate key marks its value', '!aggregate x: [a]\n!aggregate x: [b]', "([('x', ['a', 'b'])])"],
  ])('%s', (_name, text, value) => {
    expect(read(text)).toBe(value);
  });
});

test('scalars are read as Salt reads them', () => {
  expect(read('mode: 0644\nflag: yes\ntext: "12"\nx: !aggregate 0755')).toBe(
    "([('mode', 644), ('flag', True), ('text', '12'), ('x', [755])])",
  );
});

test('the document is an aggregate: a scalar is a list of one', () => {
  expect(read('foo')).toBe("['foo']");
  expect(read('')).toBe('None');
});

test('merge keys and unknown tags are as in YAML', () => {
  expect(read('a: &a {x: 1}\nb: {<<: *a, y: 2}')).toBe("([('a', ([('x', 1)])), ('b', ([('x', 1), ('y', 2)]))])");
  expect(() => loadYamlex('a: !foo 1')).toThrow(YamlError);
  expect(() => loadYamlex('? [a]\n: 1')).toThrow('found unacceptable key');
});
