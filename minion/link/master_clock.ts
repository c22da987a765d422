import type { Clock } from '../../shared/clock.ts';

/** For so long what the master told of its time is fresh: its clock may be set as well as ours. */
const FRESH_MS = 60_000;
/** The clock of this machine was set when it left the one that only goes on by more than this. */
const SET_MS = 1000;

/** The time of the master, by which the expiry of jobs is judged. */
export interface MasterClock {
  /** Seconds UTC, as well as it is known. */
  now(): number;
  /** The master told its time since this process started. */
  isKnown(): boolean;
  /** It told it lately, and the clock of this machine was not put forward since. Else it is to be asked before a job is called late. */
  isSure(): boolean;
  /** The master is asked: gives what takes its answer, whole seconds UTC, and returns the difference between the clocks, seconds. */
  ask(): (seconds: number) => number;
}

/**
 * The master said its time at some moment between question and answer, and the answer may have waited: in a network that
 * stalls, or before a process that was stopped. What is known already stands while it may be right, at first that both
 * clocks agree; else it is as late as it may be. An answer taken for fresh would make old jobs look young. So would a clock
 * that was set back, or the one that only goes on, which stands still while a machine sleeps: of both the later counts.
 */
export function createMasterClock(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>): MasterClock {
  let aheadMs = 0;
  let aheadOfMonotonicMs = clock.nowMs() - clock.monotonicMs();
  let toldMs: number | undefined;
  const bySetClock = (): number => clock.nowMs() + aheadMs;
  const byMonotonic = (): number => clock.monotonicMs() + aheadOfMonotonicMs;
  const latestMs = (): number => Math.max(bySetClock(), byMonotonic());
  return {
    now: () => Math.floor(latestMs() / 1000),
    isKnown: () => toldMs !== undefined,
    isSure: () =>
      toldMs !== undefined && clock.monotonicMs() - toldMs < FRESH_MS && bySetClock() - byMonotonic() <= SET_MS,
    ask() {
      const askedMs = clock.nowMs();
      const askedMonotonicMs = clock.monotonicMs();
      return (seconds) => {
        const nowMs = clock.nowMs();
        const monotonicMs = clock.monotonicMs();
        const waitedMs = Math.max(nowMs - askedMs, monotonicMs - askedMonotonicMs);
        const mostMs = (seconds + 1) * 1000 + waitedMs;
        const thoughtMs = latestMs();
        const masterMs = thoughtMs < seconds * 1000 || thoughtMs > mostMs ? mostMs : thoughtMs;
        aheadMs = masterMs - nowMs;
        aheadOfMonotonicMs = masterMs - monotonicMs;
        toldMs = monotonicMs;
        return Math.round(aheadMs / 1000);
      };
    },
  };
}
