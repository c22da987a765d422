import { expect, test } from 'vitest';
import { valueAt } from '../../../../shared/data/value_path.ts';

const data = {
  os: 'Debian',
  none: null,
  pkg: { apache: 'httpd', list: ['a', 'b', { name: 'x', port: 80 }] },
  'a:b': 'literal',
  numbers: { 10: 'ten' },
  users: [{ amy: { uid: 1000 } }, { bob: { uid: 1001 } }],
};

// Rows follow Salt's traverse_dict_and_list.
test.each([
  ['os', 'Debian'],
  ['none', null],
  ['pkg:apache', 'httpd'],
  ['pkg:list:0', 'a'],
  ['pkg:list:-1', { name: 'x', port: 80 }],
  ['pkg:list:2:port', 80],
  ['pkg:list:name', 'x'],
  ['users:bob:uid', 1001],
  ['numbers:10', 'ten'],
  ['pkg:list:9', 'fallback'],
  ['pkg:list:missing', 'fallback'],
  ['os:Debian', 'fallback'],
  ['os:0', 'fallback'],
  ['a:b', 'fallback'],
  ['none:x', 'fallback'],
  ['constructor', 'fallback'],
  ['os:length', 'fallback'],
  ['', 'fallback'],
])('%j leads to %j', (path, expected) => {
  expect(valueAt(data, path, ':', 'fallback')).toEqual(expected);
});

test('the delimiter may be another, and longer than one character', () => {
  expect(valueAt(data, 'a:b', '|')).toBe('literal');
  expect(valueAt(data, 'pkg::apache', '::')).toBe('httpd');
});

test('without a fallback a path that leads nowhere is undefined', () => {
  expect(valueAt(data, 'no:such')).toBeUndefined();
  expect(valueAt(undefined, 'x')).toBeUndefined();
});
