import { describe, expect, it } from 'vitest';
import { formatOutput } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';
import { sampleReturn } from '../../../support/sample_return.ts';

const plain = { colour: false };
const nested = (data: unknown, options = {}) => formatOutput('nested', data, { ...plain, ...options });

describe('nested', () => {
  it('lays out every kind of value as Salt does', async () => {
    expectGolden('output/nested.txt', await nested(sampleReturn));
  });

  it('colours keys cyan, text green and everything else yellow', async () => {
    expectGolden('output/nested_colour.txt', await nested(sampleReturn, { colour: true }));
  });

  it('prints the keys and rules of a failed return in red', async () => {
    const text = await nested({ m1: { k: ['v', ['w']] } }, { colour: true, retcode: 1 });
    expectGolden('output/nested_failed.txt', text);
  });

  it.each([
    ['a boolean', { m1: true }, 'm1:\n    True'],
    ['an empty text', { m1: '' }, 'm1:'],
    ['an empty list', { m1: [] }, 'm1:'],
    ['an empty mapping', { m1: {} }, 'm1:\n    ----------'],
    ['a list at the root', ['minion1', 'minion2'], '- minion1\n- minion2'],
    ['a mapping of lists at the root', { down: [], up: ['m1'] }, 'down:\nup:\n    - m1'],
    ['a text at the root', 'done', 'done'],
    ['several lines in a list', ['a\nb'], '- a\n  b'],
    ['an empty text in a list', ['', 'a'], '- a'],
    ['bytes that are UTF-8', { m1: Buffer.from('é') }, 'm1:\n    é'],
    ['bytes that are not', { m1: Uint8Array.of(0xff, 0x41) }, "m1:\n    b'\\xffA'"],
    ['keys in the order of their signs', { b: 1, B: 2, a: 3 }, 'B:\n    2\na:\n    3\nb:\n    1'],
  ])('prints %s', async (_name, data, expected) => {
    expect(await nested(data)).toBe(expected);
  });

  it('lets no escape sequence of a minion reach the terminal', async () => {
    const hostile = { '\x1b]0;m1\x07': 'a\x1b[2Jb\x9bc\u202ed\x7f\rnext' };
    expect(await nested(hostile)).toBe('?]0;m1?:\n    a?[2Jb?c?d?\n    next');
    const coloured = await nested(hostile, { colour: true });
    expect(
      coloured
        .split('\x1b[')
        .slice(1)
        .every((part) => /^[0-9;]+m/.test(part)),
    ).toBe(true);
    expect(coloured.replaceAll('\x1b[', '')).not.toMatch(/[^\P{Cc}\t\n]/u);
  });
});
