import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sleep, systemClock } from '../../../shared/clock.ts';

test('whoever sleeps listens to the signal for as long as that takes', async () => {
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;
  const sleeping = [sleep(systemClock, 1, signal), sleep(systemClock, 2, signal)];
  expect(listeners()).toBe(2);
  await Promise.all(sleeping);
  expect(listeners()).toBe(0);
});

test('a signal ends the sleep, and nobody falls asleep after it', async () => {
  const abort = new AbortController();
  const sleeping = sleep(systemClock, 3_600_000, abort.signal);
  abort.abort();
  await sleeping;
  await sleep(systemClock, 3_600_000, abort.signal);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});

describe('a wait of two months, which is longer than any timer of Node.js', () => {
  const TWO_MONTHS_MS = 60 * 86_400_000;

  afterEach(() => void vi.useRealTimers());

  test('is over after two months and not before', () => {
    vi.useFakeTimers();
    const run = vi.fn();
    systemClock.after(TWO_MONTHS_MS, run);
    vi.advanceTimersByTime(TWO_MONTHS_MS - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('comes again every two months', () => {
    vi.useFakeTimers();
    const run = vi.fn();
    systemClock.every(TWO_MONTHS_MS, run);
    vi.advanceTimersByTime(3 * TWO_MONTHS_MS - 1);
    expect(run).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(3);
  });

  test.each(['after', 'every'] as const)('%s can be stopped at any time', (kind) => {
    vi.useFakeTimers();
    const run = vi.fn();
    const timer = systemClock[kind](TWO_MONTHS_MS, run);
    vi.advanceTimersByTime(TWO_MONTHS_MS / 2);
    timer.stop();
    vi.advanceTimersByTime(2 * TWO_MONTHS_MS);
    expect(run).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
