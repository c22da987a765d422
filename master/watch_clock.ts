import type { Clock, Timer } from '../shared/clock.ts';

const LOOK_MS = 1000;
/** What is less is no setting: two clocks are read one after the other. */
const SET_MS = 1000;

/** Tells when the clock of this machine was set, or the machine slept: by so many seconds, negative when it was put back. */
export function watchClock(
  clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'every'>,
  tell: (seconds: number) => void,
): Timer {
  const aheadOfMonotonicMs = (): number => clock.nowMs() - clock.monotonicMs();
  let lastMs = aheadOfMonotonicMs();
  return clock.every(LOOK_MS, () => {
    const aheadMs = aheadOfMonotonicMs();
    const setMs = aheadMs - lastMs;
    if (Math.abs(setMs) < SET_MS) return;
    lastMs = aheadMs;
    tell(Math.round(setMs / 1000));
  });
}
