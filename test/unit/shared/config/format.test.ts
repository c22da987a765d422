import { expect, test } from 'vitest';
import {
  anyText,
  bytes,
  choice,
  count,
  type Format,
  flag,
  map,
  mapOf,
  milliseconds,
  nullable,
  port,
  seconds,
  text,
  textLike,
  textList,
} from '../../../../shared/config/format.ts';

const fromEnvironment = <T>(format: Format<T>, given: string): T | undefined => format.read(format.fromText(given));

test.each([
  ['0', false],
  ['1', true],
  ['false', false],
  ['True', true],
  ['no', false],
  ['On', true],
  ['maybe', undefined],
])('a flag in the environment written as %j is %j', (given, expected) => {
  expect(fromEnvironment(flag, given)).toBe(expected);
});

test.each<[string, Format<unknown>, unknown, unknown]>([
  ['flag', flag, true, true],
  ['flag', flag, 'true', undefined],
  ['flag', flag, 1, undefined],
  ['text', text, '', undefined],
  ['text', text, 5, undefined],
  ['any text', anyText, '', ''],
  ['count', count(0, 9), 0, 0],
  ['count', count(0, 9), 10, undefined],
  ['count', count(0, 9), -1, undefined],
  ['count', count(0, 9), 1.5, undefined],
  ['count', count(0, 9), '5', undefined],
  ['count', count(0), Number.NaN, undefined],
  ['port', port, 65536, undefined],
  ['port', port, 0, undefined],
  ['seconds', seconds(1), 1.5, 1.5],
  ['seconds', seconds(1), '90s', 90],
  ['seconds', seconds(1), '5m', 300],
  ['seconds', seconds(1), '7d', 604800],
  ['seconds', seconds(1), '7 fortnights', undefined],
  ['seconds', seconds(1), 0, undefined],
  ['milliseconds', milliseconds(1), '2s', 2000],
  ['milliseconds', milliseconds(1), '250ms', 250],
  ['bytes', bytes(1), '256KiB', 262144],
  ['bytes', bytes(1), '256kb', undefined],
  ['choice', choice(['a', 'b']), 'b', 'b'],
  ['choice', choice(['a', 'b']), 'B', undefined],
  ['text of a shape', textLike(/^x+$/, 'x'), 'xy', undefined],
  ['list', textList, ['a'], ['a']],
  ['list', textList, ['a', 1], undefined],
  ['list', textList, 'a', undefined],
  ['map', map, { a: [1] }, { a: [1] }],
  ['map', map, [1], undefined],
  ['map', map, null, undefined],
  ['map of ports', mapOf(port), { a: 1 }, { a: 1 }],
  ['map of ports', mapOf(port), { a: 0 }, undefined],
  ['nullable', nullable(port), null, null],
  ['nullable', nullable(port), 0, undefined],
])('%s: %#', (_name, format, given, expected) => {
  expect(format.read(given)).toEqual(expected);
});

test('every environment text that is not of its format is refused, not turned into NaN', () => {
  expect(fromEnvironment(count(0), 'many')).toBeUndefined();
  expect(fromEnvironment(seconds(0), '')).toBeUndefined();
  expect(fromEnvironment(map, '{a: [')).toBeUndefined();
});

test('lists, mappings and none can be written in the environment', () => {
  expect(fromEnvironment(textList, 'a, b')).toEqual(['a', 'b']);
  expect(fromEnvironment(textList, '[a, b]')).toEqual(['a', 'b']);
  expect(fromEnvironment(map, '{a: 1}')).toEqual({ a: 1 });
  expect(fromEnvironment(nullable(port), 'none')).toBeNull();
  expect(fromEnvironment(nullable(port), '80')).toBe(80);
});
