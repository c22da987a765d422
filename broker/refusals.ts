import { type Clock, nowSeconds } from '../shared/clock.ts';
import type { Counters } from './limits.ts';

/** What was refused of one client for one reason, whose counter names it. */
export interface NotedRefusal {
  readonly what: keyof Counters;
  /** Minion, operator, or address of somebody who has not said who it is. */
  readonly client: string;
  readonly count: number;
  /** Of the last one, seconds UTC. */
  readonly time: number;
  /** Why the last one was refused. */
  readonly message: string;
  readonly topic?: string;
}

export interface Refusals {
  /** Counts it as well. */
  note(what: keyof Counters, refused: Pick<NotedRefusal, 'client' | 'message' | 'topic'>): void;
  /** The last first. */
  list(): readonly NotedRefusal[];
}

/** Whoever comes from many addresses pushes out the oldest, and takes no more memory. */
const KEPT_MAX = 100;
const CHARACTERS_MAX = 200;

/** Remembers who was refused what, so that an operator who comes later need not have watched. */
export function createRefusals(counters: Counters, clock: Pick<Clock, 'nowMs'>): Refusals {
  const kept = new Map<string, NotedRefusal>();
  return {
    note(what, { client, message, topic }) {
      counters[what]++;
      const key = `${what} ${client}`;
      const count = (kept.get(key)?.count ?? 0) + 1;
      // Taken out first, so that the oldest stay in front.
      kept.delete(key);
      kept.set(key, {
        what,
        client,
        count,
        time: nowSeconds(clock),
        message: message.slice(0, CHARACTERS_MAX),
        ...(topic !== undefined && { topic: topic.slice(0, CHARACTERS_MAX) }),
      });
      const [oldest] = kept.keys();
      if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
    },
    list: () => [...kept.values()].reverse(),
  };
}
