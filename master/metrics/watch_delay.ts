import type { Clock } from '../../shared/clock.ts';
import type { ProcessorWait } from './processor_wait.ts';

/** A delay of the event loop, seconds. */
export interface Delay {
  readonly late: number;
  /** For so much of it the thread was ready to run, and other processes and threads had the processors. */
  readonly waited: number;
}

/** Looks at the event loop every so many milliseconds, and keeps the longest delay. */
export function watchDelay(options: { readonly clock: Clock; readonly wait: ProcessorWait; readonly everyMs: number }) {
  const { clock, wait, everyMs } = options;
  const now = () => ({ ms: clock.monotonicMs(), waited: wait.seconds() });
  const none: Delay = { late: 0, waited: 0 };
  let longest = none;
  let last = now();
  const timer = clock.every(everyMs, () => {
    const { ms, waited } = now();
    const late = (ms - last.ms - everyMs) / 1000;
    // It may have waited before it was late, too.
    if (late > longest.late) longest = { late, waited: Math.min(late, waited - last.waited) };
    last = { ms, waited };
  });
  return {
    /** Since it was asked last. */
    longest(): Delay {
      const found = longest;
      longest = none;
      return found;
    },
    stop: () => timer.stop(),
  };
}
