import { expect, test } from 'vitest';
import { filterBy } from '../../../../shared/data/filter_by.ts';

const table = {
  Debian: { pkg: 'apache2', conf: { user: 'www-data' } },
  'Red*': { pkg: 'httpd' },
  default: { pkg: 'apache', port: 80 },
  text: 'plain',
};

test.each([
  ['Debian', { default: 'default' }, table.Debian],
  ['RedHat', { default: 'default' }, table['Red*']],
  ['Suse', { default: 'default' }, table.default],
  [['Suse', 'RedHat'], { default: 'default' }, table['Red*']],
  ['Suse', { default: 'none' }, null],
  ['Suse', { default: 'none', base: 'default' }, table.default],
  ['Debian', { default: 'default', base: 'default' }, { pkg: 'apache2', port: 80, conf: { user: 'www-data' } }],
  ['RedHat', { default: 'default', merge: { port: 8080 } }, { pkg: 'httpd', port: 8080 }],
  ['RedHat', { default: 'default', merge: {} }, table['Red*']],
  ['RedHat', { default: 'default', merge: null }, table['Red*']],
  ['Suse', { default: 'none', merge: { port: 1 } }, { port: 1 }],
  ['text', { default: 'default' }, 'plain'],
])('%j with %j is %j', (value, options, expected) => {
  expect(filterBy(table, value, options)).toEqual(expected);
});

// The examples of Salt's documentation of grains.filter_by.
test('merging, a base and a default work together as documented', () => {
  expect(
    filterBy({ A: 'B', C: { D: { E: 'F', G: 'H' } } }, [], { merge: { D: { E: 'I' }, J: 'K' }, default: 'C' }),
  ).toEqual({ D: { E: 'I', G: 'H' }, J: 'K' });
  const rows = { default: { A: { B: 'C' }, D: 'E' }, F: { A: { B: 'G' } }, H: { D: 'I' } };
  expect(filterBy(rows, [], { merge: { D: 'J' }, default: 'F', base: 'default' })).toEqual({ A: { B: 'G' }, D: 'J' });
  expect(filterBy(rows, [], { merge: { D: 'J' }, default: 'H', base: 'default' })).toEqual({ A: { B: 'C' }, D: 'J' });
});

test.each([
  ['Debian', { default: 'default', merge: 'text' }],
  ['text', { default: 'default', base: 'default' }],
  ['text', { default: 'default', merge: { a: 1 } }],
])('what cannot be merged is refused: %j with %j', (value, options) => {
  expect(() => filterBy(table, value, options)).toThrow(/filter_by/);
});

test('the table stays as it was', () => {
  filterBy(table, 'Debian', { default: 'default', merge: { conf: { user: 'me' } } });
  expect(table.Debian.conf.user).toBe('www-data');
});
