import { describe, expect, it } from 'vitest';
import { formatOutput, type OutputOptions } from '../../../../cli/output.ts';
import { expectGolden } from '../../../support/golden.ts';
import { sampleReturn } from '../../../support/sample_return.ts';

const json = (data: unknown, indent?: OutputOptions['indent']) => formatOutput('json', data, { colour: false, indent });

describe('json', () => {
  it('indents by four and keeps the order of keys', async () => {
    expectGolden('output/json.txt', await json(sampleReturn));
  });

  it('can be parsed again, whatever it holds', async () => {
    for (const indent of [undefined, 'pretty', -1, 0, 2] as const) {
      expect(JSON.parse(await json(sampleReturn, indent))).toEqual(sampleReturn);
    }
  });

  it('writes one line with spaces after comma and colon for a negative indentation', async () => {
    expect(await json({ m1: { b: [1, 2], a: {} } }, -1)).toBe('{"m1": {"b": [1, 2], "a": {}}}');
  });

  it('breaks lines without indenting for indentation 0', async () => {
    expect(await json({ m1: [1] }, 0)).toBe('{\n"m1": [\n1\n]\n}');
  });

  it('sorts keys when pretty', async () => {
    expect(await json({ b: 1, a: { d: 1, c: 2 } }, 'pretty')).toBe(
      '{\n    "a": {\n        "c": 2,\n        "d": 1\n    },\n    "b": 1\n}',
    );
  });

  it('escapes control characters and keeps other text readable', async () => {
    expect(await json(['\x1b[2J\x9b\x7f é'], -1)).toBe('["\\u001b[2J\\u009b\\u007f é"]');
    expect(await json(['a\u202eb\u2066'], -1)).toBe('["a\\u202eb\\u2066"]');
  });

  it('stays JSON for what JSON does not know', async () => {
    expect(await json([Number.NaN, undefined, 12n, Uint8Array.of(0)], -1)).toBe('[null, null, 12, "b\'\\\\x00\'"]');
    expect(await json({ m1: undefined, m2: 1 }, -1)).toBe('{"m2": 1}');
  });
});
