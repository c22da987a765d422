import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fittingScale, linearScale, logScale } from '../../../../../bench/lib/plot/scale.ts';

describe('a linear scale', () => {
  test.each([
    [[], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[0], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[7], [0, 2, 4, 6, 8]],
    [
      [1, 300],
      [0, 100, 200, 300],
    ],
    [[0.3], [0, 0.1, 0.2, 0.3]],
    [
      [-3, 4],
      [-4, -2, 0, 2, 4],
    ],
    [
      [Number.NaN, 90],
      [0, 20, 40, 60, 80, 100],
    ],
    [
      [Number.POSITIVE_INFINITY, 90],
      [0, 20, 40, 60, 80, 100],
    ],
  ])('of %j has ticks at %j', (values, ticks) => {
    expect(linearScale(values).ticks).toEqual(ticks);
  });

  test('begins at zero, and places values in proportion', () => {
    const scale = linearScale([40, 100]);
    expect([0, 25, 100].map(scale.at)).toEqual([0, 0.25, 1]);
  });

  test('keeps at its ends what lies beyond them', () => {
    const scale = linearScale([100]);
    expect([-5, 500].map(scale.at)).toEqual([0, 1]);
  });
});

describe('a logarithmic scale', () => {
  test.each([
    [[], [1, 2, 5, 10]],
    [[3], [2, 5]],
    [[100], [100, 200]],
    [
      [30, 400],
      [20, 50, 100, 200, 500],
    ],
    [
      [1, 10_000],
      [1, 10, 100, 1000, 10_000],
    ],
    [
      [1, 1e12],
      [1, 100, 1e4, 1e6, 1e8, 1e10, 1e12],
    ],
    [
      [0, -1, 20, 90],
      [20, 50, 100],
    ],
  ])('of %j has ticks at %j', (values, ticks) => {
    expect(logScale(values).ticks).toEqual(ticks);
  });

  test('gives each tenfold the same room, and zero the lower end', () => {
    const scale = logScale([1, 10_000]);
    expect([0, 1, 10, 100, 10_000].map(scale.at)).toEqual([0, 0, 0.25, 0.5, 1]);
  });
});

test.each([
  [[1, 2, 3], 'linear'],
  [[1, 2000], 'log'],
  [[0, 2000], 'linear'],
  [[-1, 2000], 'linear'],
  [[], 'linear'],
  [[Number.NaN, 5], 'linear'],
])('what fits %j is %s', (values, kind) => {
  expect(fittingScale(values).kind).toBe(kind);
});

test('whatever is measured has its place between few ticks that rise', () => {
  const size = fc.double({ min: 1e-200, max: 1e200, noNaN: true });
  fc.assert(
    fc.property(fc.array(size, { minLength: 1 }), fc.constantFrom(linearScale, logScale), (values, scaleOf) => {
      const { ticks, at } = scaleOf(values);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThanOrEqual(7);
      expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
      for (const value of values) expect(at(value) >= 0 && at(value) <= 1).toBe(true);
    }),
  );
});
