import { expect, test } from 'vitest';
import { JobStop } from '../../../../minion/jobs/job_stop.ts';

test('a signal that was asked for before fires with the reason, once', () => {
  const stop = new JobStop();
  const { signal } = stop;
  const heard: unknown[] = [];
  signal.addEventListener('abort', () => heard.push(signal.reason));
  expect([stop.reason, signal.aborted]).toEqual([undefined, false]);
  stop.stop('timeout');
  stop.stop('cancelled');
  expect([heard, stop.reason, signal.aborted]).toEqual([['timeout'], 'timeout', true]);
});

test('a signal that is asked for afterwards has fired, and is the same for all', () => {
  const stop = new JobStop();
  stop.stop('cancelled');
  stop.stop('timeout');
  expect([stop.signal.aborted, stop.signal.reason]).toEqual([true, 'cancelled']);
  expect(stop.signal).toBe(stop.signal);
});
