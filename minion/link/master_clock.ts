import type { Clock } from '../../shared/clock.ts';

/** The time of the master, by which the expiry of jobs is judged. */
export interface MasterClock {
  /** Seconds UTC, as well as it is known. */
  now(): number;
  /** The master told its time since this process started. */
  isKnown(): boolean;
  /** It answered with its time, whole seconds UTC, to what was asked at `askedMs` of this machine's clock; the difference, seconds. */
  told(seconds: number, askedMs: number): number;
}

/**
 * The master said its time at some moment between question and answer, and the answer may have waited: in a network that
 * stalls, or before a process that was stopped. What is known already stands while it may be right, at first that both
 * clocks agree; else it is as late as it may be. An answer taken for fresh would make old jobs look young.
 */
export function createMasterClock(clock: Pick<Clock, 'nowMs'>): MasterClock {
  let aheadMs = 0;
  let isKnown = false;
  return {
    now: () => Math.floor((clock.nowMs() + aheadMs) / 1000),
    isKnown: () => isKnown,
    told(seconds, askedMs) {
      const leastMs = seconds * 1000 - clock.nowMs();
      const mostMs = (seconds + 1) * 1000 - askedMs;
      if (aheadMs < leastMs || aheadMs > mostMs) aheadMs = mostMs;
      isKnown = true;
      return Math.round(aheadMs / 1000);
    },
  };
}
