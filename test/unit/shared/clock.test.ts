import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
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
