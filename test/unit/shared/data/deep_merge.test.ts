import { expect, test } from 'vitest';
import { deepMerge, deepMergeWithLists } from '../../../../shared/data/deep_merge.ts';

test('mappings are merged at every depth', () => {
  expect(deepMerge({ a: { b: { c: 1 }, d: 2 } }, { a: { b: { e: 3 } }, f: 4 })).toEqual({
    a: { b: { c: 1, e: 3 }, d: 2 },
    f: 4,
  });
});

test('lists and values of another kind are replaced', () => {
  expect(deepMerge({ a: [1, 2], b: { c: 1 }, d: 1 }, { a: [3], b: 2, d: { e: 1 } })).toEqual({
    a: [3],
    b: 2,
    d: { e: 1 },
  });
});

test('lists can be merged, too: what is new follows what was there', () => {
  expect(deepMergeWithLists({ a: { b: [1, { c: 2 }] }, d: [1] }, { a: { b: [{ c: 2 }, 3] }, d: 'x' })).toEqual({
    a: { b: [1, { c: 2 }, 3] },
    d: 'x',
  });
});

test('neither side is changed', () => {
  const base = { a: { b: 1 } };
  const over = { a: { c: 2 } };
  deepMerge(base, over);
  expect([base, over]).toEqual([{ a: { b: 1 } }, { a: { c: 2 } }]);
});

test('a key named __proto__ is data', () => {
  const merged = deepMerge({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  expect(Object.keys(merged)).toEqual(['__proto__']);
  expect(merged.polluted).toBeUndefined();
});
