import type { Clock, Timer } from '../clock.ts';

/** However often it is put off, an event is reacted to within this many times its debounce. */
const PATIENCE = 10;
/** Keys that may wait; beyond it what comes is not put off. */
const WAITING_MAX = 1000;

/** Of things that follow each other closely, lets the last one through. */
export interface Debounce<T> {
  /** `superseded` of an earlier thing of that key is called, or `settled` of this one when the key has been quiet. */
  offer(key: string, thing: T, quietMs: number): void;
  /** Forgets all that waits. */
  stop(): void;
}

interface Waiting<T> {
  readonly thing: T;
  readonly sinceMs: number;
  readonly timer: Timer;
}

export function createDebounce<T>(
  clock: Clock,
  on: { readonly settled: (thing: T) => void; readonly superseded: (thing: T) => void },
): Debounce<T> {
  const waiting = new Map<string, Waiting<T>>();
  return {
    offer(key, thing, quietMs) {
      const before = waiting.get(key);
      if (before === undefined && waiting.size >= WAITING_MAX) return on.settled(thing);
      if (before !== undefined) {
        before.timer.stop();
        on.superseded(before.thing);
      }
      const nowMs = clock.monotonicMs();
      const sinceMs = before?.sinceMs ?? nowMs;
      const delayMs = Math.max(0, Math.min(quietMs, sinceMs + PATIENCE * quietMs - nowMs));
      const timer = clock.after(delayMs, () => {
        waiting.delete(key);
        on.settled(thing);
      });
      waiting.set(key, { thing, sinceMs, timer });
    },
    stop() {
      for (const { timer } of waiting.values()) timer.stop();
      waiting.clear();
    },
  };
}
