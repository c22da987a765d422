import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBackoff } from '../../../../shared/client/backoff.ts';

const waits = (random: number, count: number, limits = { firstMs: 1000, maxMs: 60_000 }): number[] => {
  const backoff = createBackoff({ ...limits, random: () => random });
  return Array.from({ length: count }, () => backoff.next());
};

test('the ceiling doubles up to its limit', () => {
  expect(waits(1, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('the wait is anything from nothing to the ceiling, so that a fleet does not return at once', () => {
  expect(waits(0, 3)).toEqual([0, 0, 0]);
  expect(waits(0.5, 3)).toEqual([500, 1000, 2000]);
});

test('after a success it begins anew', () => {
  const backoff = createBackoff({ firstMs: 1000, maxMs: 60_000, random: () => 1 });
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});

test('no wait is ever longer than the limit, after any number of tries', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 2000 }), (random, count) => {
      const last = waits(random, count).at(-1) as number;
      expect(Number.isInteger(last) && last >= 0 && last <= 60_000).toBe(true);
    }),
  );
});
