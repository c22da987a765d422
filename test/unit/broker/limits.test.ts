import { expect, test } from 'vitest';
import { createLimitedWarning } from '../../../broker/limits.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLogger } from '../../../shared/log.ts';
import { createTokenBucket } from '../../../shared/token_bucket.ts';

function standingClock() {
  const clock = { ...systemClock, atMs: 0, monotonicMs: () => clock.atMs };
  return clock;
}
const count = (take: () => boolean, tries: number): number =>
  Array.from({ length: tries }, take).filter((taken) => taken).length;

test('a bucket lets a burst through, then as much as time brings', () => {
  const clock = standingClock();
  const take = createTokenBucket(clock, 10, 5);
  expect(count(take, 20)).toBe(5);
  clock.atMs += 250;
  expect(count(take, 20)).toBe(2);
  clock.atMs += 50;
  expect(count(take, 20)).toBe(1);
});

test('a bucket that waits for long holds one burst and no more', () => {
  const clock = standingClock();
  const take = createTokenBucket(clock, 10, 5);
  clock.atMs += 3_600_000;
  expect(count(take, 20)).toBe(5);
});

test('the line after a flood says how many were left out', () => {
  const clock = standingClock();
  const lines: string[] = [];
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => lines.push(line) }], () => 0);
  const warn = createLimitedWarning(log, clock);
  for (let n = 0; n < 100; n++) warn('noise', { n });
  expect(lines).toHaveLength(10);
  clock.atMs += 1000;
  warn('noise', {});
  warn('noise', {});
  expect(lines.slice(10).map((line) => line.includes('lines_left_out=90'))).toEqual([true, false]);
});
