import type { BeaconEvent, BeaconTiming } from '../../beacon.ts';

/** Decides which of the events that a beacon yields are told: `onchangeonly`, `emitatstartup` and `delay`. */
export interface EventGate {
  /** A tick: what is yielded from here to `endTick` is what was seen at it. */
  beginTick(): void;
  /** Conditions that were not yielded since `beginTick` are over. */
  endTick(): void;
  isTold(event: BeaconEvent): boolean;
}

interface Condition {
  readonly state: string;
  readonly sinceMs: number;
  /** It was told, or came at startup when that is not to be told. */
  isDone: boolean;
}

export function createEventGate(timing: BeaconTiming, nowMs: () => number): EventGate {
  const conditions = new Map<string, Condition>();
  const seen = new Set<string>();
  let ticks = 0;
  return {
    beginTick() {
      ticks++;
      seen.clear();
    },
    endTick() {
      for (const about of conditions.keys()) if (!seen.has(about)) conditions.delete(about);
    },
    isTold({ state, about = '', timing: own }) {
      if (state === undefined) return true;
      const { onchangeonly, emitatstartup, delay } = { ...timing, ...own };
      const isSilent = ticks <= 1 && !emitatstartup;
      if (!onchangeonly) return !isSilent;
      seen.add(about);
      let condition = conditions.get(about);
      if (condition?.state !== state) {
        condition = { state, sinceMs: nowMs(), isDone: isSilent };
        conditions.set(about, condition);
      }
      if (condition.isDone || nowMs() - condition.sinceMs < delay * 1000) return false;
      condition.isDone = true;
      return true;
    },
  };
}
