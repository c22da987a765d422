import type { Clock } from '../../shared/clock.ts';
import { createTokenBucket } from '../../shared/token_bucket.ts';
import type { EventData } from '../events/event_record.ts';
import type { JobStore } from '../jobs/job_store.ts';

/** Reactions that lead to each other in a row; the next is refused. */
const DEPTH_MAX = 3;
/** Reactions to what reactions have caused, a minute. */
const CAUSED_PER_MINUTE = 1000;

/** Stops reactions that set each other off. */
export interface LoopGuard {
  /** How many reactions led to an event, as far as a job connects them. */
  depthOf(data: EventData): number;
  /** Why an event of that depth is not reacted to, or undefined. Counts what it lets through. */
  refusal(depth: number): string | undefined;
}

export function createLoopGuard(jobs: Pick<JobStore, 'header'>, reactorUser: string, clock: Clock): LoopGuard {
  const mayGoOn = createTokenBucket(clock, CAUSED_PER_MINUTE / 60, CAUSED_PER_MINUTE);
  return {
    depthOf({ jid }) {
      const header = typeof jid === 'string' && /^\d{20}$/.test(jid) ? jobs.header(jid) : undefined;
      if (header === undefined) return 0;
      // A runner that a reaction called has published it.
      return header.cause?.depth ?? (header.user === reactorUser ? 1 : 0);
    },
    refusal(depth) {
      if (depth > DEPTH_MAX) return `a loop: ${depth} reactions led to each other, at most ${DEPTH_MAX} may`;
      if (depth > 0 && !mayGoOn())
        return `a loop: more than ${CAUSED_PER_MINUTE} reactions a minute were caused by reactions`;
      return undefined;
    },
  };
}
