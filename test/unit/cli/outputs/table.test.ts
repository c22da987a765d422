import { describe, expect, it } from 'vitest';
import { formatOutput } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';

const table = (data: unknown, colour = false) => formatOutput('table', data, { colour });
const rows = [
  { interface: 'ae1.900', active: true, last_move: 0, mac: '40:A6:77:5A:50:01' },
  { interface: 'é', active: false, last_move: 1.5, mac: null },
];

describe('table', () => {
  it('draws a list of mappings as a grid with a heading', async () => {
    expectGolden('output/table.txt', await table({ m1: { comment: 'from the device', out: rows, result: true } }));
  });

  it('draws lists of lists and of single values without a heading', async () => {
    expectGolden('output/table_lists.txt', await table({ m1: [['a', 1], ['bcd', 22], ['e']], m2: ['x', 'yz'] }));
  });

  it('goes on in a further line of the cell where the text is wide', async () => {
    expectGolden(
      'output/table_wide.txt',
      await table({ m1: [['id', 'lorem ipsum dolor sit amet '.repeat(4).trim()]] }),
    );
  });

  it('has colours for headings, rules and rows', async () => {
    expectGolden('output/table_colour.txt', await table({ m1: ['x'] }, true));
  });

  it('draws a mapping of single values as a row, and a single value as a cell', async () => {
    const text = await table({ m1: { '/': { capacity: '61%', free_kb: 120 }, none: {} }, m2: true });
    expectGolden('output/table_values.txt', text);
  });

  it('draws nothing of empty and of mixed lists', async () => {
    expect(await table({ m1: [] })).toBe('m1:\n----------');
    expect(await table({ m1: ['a', { b: 1 }] })).toBe('m1:\n----------');
  });
});
