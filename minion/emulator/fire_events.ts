import type { Clock, Timer } from '../../shared/clock.ts';
import type { EmulatorCounts } from './counts.ts';

const TICK_MS = 10;
/** Events that were fired and not acknowledged, for each minion: beyond that the master is what limits the rate. */
const UNDER_WAY_MAX = 8;

interface Firer {
  readonly fireMaster: (tag: string, data: Readonly<Record<string, unknown>>) => Promise<void>;
}

/**
 * Fires `emulated/event` so many times a second, by one minion after another. What the master does not take in time is
 * not made up for, so that a rate that no master reaches measures what it does take.
 */
export function fireEvents(
  minions: readonly Firer[],
  perSecond: number,
  { counts, clock }: { readonly counts: EmulatorCounts; readonly clock: Clock },
): Timer {
  // Acknowledged before, those of the start among them: only what is fired here counts.
  const before = counts.events;
  let fired = 0;
  let owed = 0;
  let lastMs = clock.monotonicMs();
  return clock.every(TICK_MS, () => {
    const nowMs = clock.monotonicMs();
    owed += ((nowMs - lastMs) * perSecond) / 1000;
    lastMs = nowMs;
    const room = minions.length * UNDER_WAY_MAX - (fired - (counts.events - before));
    const now = Math.max(0, Math.min(Math.floor(owed), room));
    for (let n = 0; n < now; n++) {
      const minion = minions[fired % minions.length];
      // One that cannot be kept is an event less; the outbox says so in the log.
      minion?.fireMaster('emulated/event', { n: fired, sent_ms: clock.nowMs() }).catch(() => undefined);
      fired++;
    }
    owed = now === Math.floor(owed) ? owed - now : 0;
  });
}
