import { describe, expect, it } from 'vitest';
import { formatOutput } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';
import { sampleReturn } from '../../../support/sample_return.ts';

const plain = { colour: false };
const print = (name: string, data: unknown) => formatOutput(name, data, plain);

describe('raw', () => {
  it('prints the Python literal', async () => {
    expect(await print('raw', { m1: [true, null, "it's", 1.5, {}] })).toBe(`{'m1': [True, None, "it's", 1.5, {}]}`);
    expectGolden('output/raw.txt', await print('raw', sampleReturn));
  });
});

describe('txt', () => {
  it('puts the id before each line of text', async () => {
    expect(await print('txt', { m1: 'a\nb\n', m2: true, m3: { k: [1] }, m4: '' })).toBe(
      "m1: a\nm1: b\nm2: True\nm3: {'k': [1]}",
    );
  });

  it('prints what is no mapping as it is', async () => {
    expect(await print('txt', 'done\n')).toBe('done');
    expect(await print('txt', ['a', 1])).toBe("['a', 1]");
  });

  it('is also called text', async () => {
    expect(await print('text', { m1: 'a' })).toBe('m1: a');
  });

  it('disarms escape sequences', async () => {
    expect(await print('txt', { m1: 'a\x1b[2Jb' })).toBe('m1: a?[2Jb');
  });
});

describe('quiet', () => {
  it('prints nothing', async () => {
    expect(await print('quiet', sampleReturn)).toBe('');
  });
});

describe('newline_values_only', () => {
  it('prints the values of all minions, the items of lists a line each', async () => {
    expect(await print('newline_values_only', { m1: ['127.0.0.1', '10.0.0.1'], m2: 8, m3: null, m4: [] })).toBe(
      '127.0.0.1\n10.0.0.1\n8\nNone',
    );
  });

  it('takes a list of a runner for values', async () => {
    expect(await print('newline_values_only', ['m1', 'm2'])).toBe('m1\nm2');
  });

  it('disarms escape sequences', async () => {
    expect(await print('newline_values_only', { m1: '\x1b]0;x\x07' })).toBe('?]0;x?');
  });
});

describe('pprint', () => {
  it('breaks at 80 columns, sorts keys and cuts long text', async () => {
    const long = 'lorem ipsum dolor sit amet '.repeat(4);
    expectGolden(
      'output/pprint.txt',
      await print('pprint', { m1: { ...sampleReturn.m1, long, lines: 'a\nb\n'.repeat(12) } }),
    );
  });

  it('indents as wide as it is told', async () => {
    const data = { m1: ['a'.repeat(40), 'b'.repeat(40)] };
    expectGolden('output/pprint_indent.txt', await formatOutput('pprint', data, { colour: false, indent: 4 }));
  });
});

describe('no_return', () => {
  it('keeps blank lines and indents them', async () => {
    expect(await print('no_return', { m1: 'Minion did not return. [No response]\n\nsalt-run' })).toBe(
      'm1:\n    Minion did not return. [No response]\n    \n    salt-run',
    );
  });

  it('is red under a cyan id', async () => {
    expectGolden('output/no_return_colour.txt', await formatOutput('no_return', { m1: 'gone' }, { colour: true }));
  });
});
