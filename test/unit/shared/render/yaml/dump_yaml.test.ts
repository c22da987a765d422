import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromJs } from '../../../../../shared/render/values/border.ts';
import { pyEquals } from '../../../../../shared/render/values/equality.ts';
import { OrderedDict } from '../../../../../shared/render/values/ordered_dict.ts';
import { PyDict } from '../../../../../shared/render/values/py_dict.ts';
import { PyFloat } from '../../../../../shared/render/values/py_float.ts';
import { PySet } from '../../../../../shared/render/values/py_set.ts';
import { PyTuple } from '../../../../../shared/render/values/py_tuple.ts';
import { Undefined } from '../../../../../shared/render/values/undefined.ts';
import { dumpYaml } from '../../../../../shared/render/yaml/dump_yaml.ts';
import { loadYaml } from '../../../../../shared/render/yaml/load_yaml.ts';

interface Dump {
  readonly source: string;
  readonly flow: boolean | null;
  readonly sortKeys: boolean;
  readonly text: string;
}

const golden = new URL('../../../../golden/render/yaml_dumps.json', import.meta.url);
const dumps = JSON.parse(readFileSync(golden, 'utf8')) as Dump[];

test.each(dumps.map((dump, index) => [index, dump] as const))(
  'value %i is written as PyYAML wrote it',
  (_index, dump) => {
    const { source, flow, sortKeys, text } = dump;
    expect(dumpYaml(loadYaml(source, { rules: 'plain' }), { flow, sortKeys })).toBe(text);
  },
);

describe('values that only Python has', () => {
  test('an ordered dict keeps its order, a dict is sorted', () => {
    const entries = [
      ['b', 1],
      ['a', 2],
    ] as const;
    expect(dumpYaml(new OrderedDict(entries))).toBe('b: 1\na: 2\n');
    expect(dumpYaml(new PyDict(entries))).toBe('a: 2\nb: 1\n');
    expect(dumpYaml(new PyDict(entries), { sortKeys: false })).toBe('b: 1\na: 2\n');
  });

  test('keys without an order among them stay as they are', () => {
    const mixed = new PyDict([
      ['b', 1],
      [2, 2],
      ['a', 3],
    ]);
    expect(dumpYaml(mixed)).toBe('b: 1\n2: 2\na: 3\n');
  });

  test('a tuple is a list, a set has its tag, what is undefined is NULL', () => {
    expect(dumpYaml(new PyTuple([1, 'a']), { flow: true })).toBe('[1, a]\n');
    expect(dumpYaml(new PySet(['b', 'a']))).toBe('!!set\na: null\nb: null\n');
    expect(dumpYaml(['x', new Undefined({ name: 'x' })])).toBe('- x\n- NULL\n');
  });

  test('a tuple as a key needs a question mark', () => {
    expect(dumpYaml(new PyDict([[new PyTuple([1, 2]), 'x']]))).toBe('? - 1\n  - 2\n: x\n');
  });

  test('what stands there twice gets a name', () => {
    const shared = fromJs([1, 2]);
    expect(dumpYaml(new PyDict([['a', shared] as const, ['b', shared] as const]))).toBe(
      'a: &id001\n- 1\n- 2\nb: *id001\n',
    );
  });

  test('floats keep their point', () => {
    expect(dumpYaml([1, 1e16, 1e-7, Number.NaN, -Infinity].map((value) => new PyFloat(value)))).toBe(
      '- 1.0\n- 1.0e+16\n- 1.0e-07\n- .nan\n- -.inf\n',
    );
  });
});

test('lists can be indented under their key', () => {
  expect(dumpYaml(fromJs({ a: [1] }), { indentLists: true })).toBe('a:\n  - 1\n');
});

// U+0085 in single quotes is PyYAML's own loss: it reads back as a line break.
const text = fc
  .string({ unit: 'grapheme' })
  .filter((value) => !/[\x85\ud800-\udfff]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')));
const spaced = fc.array(fc.constantFrom('a', ' ', '\n', ':', '#', '-', "'", '"', 'é', '😀', '\t', '{', '0', '\\'), {
  maxLength: 200,
});
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    spaced.map((parts) => parts.join('')),
    fc.integer(),
    fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.oneof(
        text,
        spaced.map((parts) => parts.join('')),
      ),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
}));

test.each([true, false, null])('what is written with flow %s reads back the same', (flow) => {
  fc.assert(
    fc.property(anyValue, (plain) => {
      const value = fromJs(plain);
      expect(pyEquals(loadYaml(dumpYaml(value, { flow }), { rules: 'plain' }), value)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
