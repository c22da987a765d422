import type { Clock } from '../../shared/clock.ts';

/** How fast events go out after an outage: half of what a master takes by default (`max_publishes_per_second`). */
const PER_SECOND_MAX = 500;
const BURST = 64;
/** After a refusal, before the next is tried. */
const PAUSE_MS = 1000;

/** When the next event may go. What the master allows is not known here: who is refused goes slower. */
export interface Pace {
  /** 0: now, and it is counted; else the milliseconds to wait before asking again. */
  take(): number;
  /** One was refused for its rate: a pause, and half the pace from now on. */
  refused(): void;
  /** A new connection: the master may have been given other limits. */
  connected(): void;
}

export function createPace(clock: Clock): Pace {
  let perSecond = PER_SECOND_MAX;
  let tokens = BURST;
  let lastMs = clock.monotonicMs();
  let pausedUntilMs = 0;
  return {
    take() {
      const nowMs = clock.monotonicMs();
      if (nowMs < pausedUntilMs) return pausedUntilMs - nowMs;
      tokens = Math.min(BURST, tokens + ((nowMs - lastMs) * perSecond) / 1000);
      lastMs = nowMs;
      if (tokens < 1) return Math.ceil(((1 - tokens) * 1000) / perSecond);
      tokens -= 1;
      return 0;
    },
    refused() {
      const nowMs = clock.monotonicMs();
      // All that was under way when the first was refused may be refused too.
      if (nowMs < pausedUntilMs) return;
      pausedUntilMs = nowMs + PAUSE_MS;
      lastMs = pausedUntilMs;
      perSecond = Math.max(1, perSecond / 2);
      tokens = 1;
    },
    connected() {
      perSecond = Math.min(PER_SECOND_MAX, perSecond * 2);
    },
  };
}
