import { expect, test } from 'vitest';
import { watchDelay } from '../../../../master/metrics/watch_delay.ts';
import type { Clock } from '../../../../shared/clock.ts';

/** An event loop that is as late as it is told, and waited for a processor as long as it is told. */
function createLoop() {
  let nowMs = 0;
  let waitedSeconds = 0;
  let look = (): void => undefined;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => ({ stop: () => undefined }),
    every(_periodMs, run) {
      look = run;
      return { stop: () => undefined };
    },
  };
  const delay = watchDelay({ clock, wait: { seconds: () => waitedSeconds, close: () => undefined }, everyMs: 10 });
  return {
    delay,
    turn(ms: number, waitedMs: number): void {
      nowMs += ms;
      waitedSeconds += waitedMs / 1000;
      look();
    },
  };
}

test('tells the longest delay and how much of it was waiting, then begins anew', () => {
  const { delay, turn } = createLoop();
  turn(10, 4);
  turn(50, 25);
  turn(30, 20);
  const { late, waited } = delay.longest();
  expect(late).toBeCloseTo(0.04);
  expect(waited).toBeCloseTo(0.025);
  expect(delay.longest()).toEqual({ late: 0, waited: 0 });
});

test('never tells more waiting than delay', () => {
  const { delay, turn } = createLoop();
  turn(20, 15);
  const { late, waited } = delay.longest();
  expect(late).toBeCloseTo(0.01);
  expect(waited).toBe(late);
});
