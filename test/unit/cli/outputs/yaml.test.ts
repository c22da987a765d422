import { describe, expect, it } from 'vitest';
import { formatOutput } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';
import { sampleReturn } from '../../../support/sample_return.ts';

describe('yaml', () => {
  it('writes blocks with sorted keys', async () => {
    expectGolden('output/yaml.txt', await formatOutput('yaml', sampleReturn, { colour: false }));
  });

  it('indents as wide as it is told', async () => {
    const text = await formatOutput('yaml', { m1: { a: { b: 1 } } }, { colour: false, indent: 4 });
    expect(text).toBe('m1:\n    a:\n        b: 1');
  });

  it('writes flow style for a negative indentation', async () => {
    const text = await formatOutput('yaml', { m1: { b: [1, 'x'], a: {} } }, { colour: false, indent: -1 });
    expect(text).toBe('{m1: {a: {}, b: [1, x]}}');
  });
});
