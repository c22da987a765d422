import { systemClock } from './clock.ts';

/** How long one piece of work may keep the event loop, milliseconds: a tenth of what anything may. */
const TURN_MS = 5;

/**
 * For work that is long all in all: `await pace()` after each small step goes on at once, and every few milliseconds it
 * lets other work go first. It goes by the real clock, since the real event loop is what others wait for.
 */
export function createPace(): () => Promise<void> | undefined {
  const isOver = createTurn();
  return () => (isOver() ? nextTurn() : undefined);
}

/** Whether a piece of work has had the event loop for long enough; then it begins anew. */
export function createTurn(): () => boolean {
  let untilMs = systemClock.monotonicMs() + TURN_MS;
  return () => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs < untilMs) return false;
    untilMs = nowMs + TURN_MS;
    return true;
  };
}

/** Other work goes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
