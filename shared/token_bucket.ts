import type { Clock } from './clock.ts';

/** True when one more may pass: `perSecond` on average, `burst` at once. */
export function createTokenBucket(clock: Clock, perSecond: number, burst: number): () => boolean {
  let tokens = burst;
  let lastMs = clock.monotonicMs();
  return () => {
    const nowMs = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((nowMs - lastMs) * perSecond) / 1000);
    lastMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
