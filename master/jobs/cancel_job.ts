import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { JobStore } from './job_store.ts';
import type { SendControl } from './send_control.ts';
import type { Row, Tracker } from './tracker.ts';

/** Minions that are told in one turn of the event loop: it is signed for each. */
const TOLD_AT_A_TIME = 128;

export interface CancellerOptions {
  readonly tracker: Tracker;
  readonly jobs: Pick<JobStore, 'markCancelled'>;
  readonly sendControl: SendControl;
  readonly clock: Clock;
}

/** Stops a job on all minions or on some, some at a time; see Dispatcher. */
export function createCanceller({ tracker, jobs, sendControl, clock }: CancellerOptions) {
  const cancelSome = async (jid: string, rows: readonly Row[], reason: string): Promise<void> => {
    // An end that is being stored must not be written over.
    const away = rows.filter(({ mayHaveIt, ending }) => mayHaveIt && ending === undefined).map(({ id }) => id);
    const unsent = rows.filter(({ mayHaveIt }) => !mayHaveIt);
    for (const { id, mayHaveIt } of rows) if (mayHaveIt) void sendControl(id, jid, 'cancel');
    const ended = tracker.advanceAll(unsent.map(({ id }) => ({ jid, id, event: 'cancel', reason })));
    if (away.length > 0) await jobs.markCancelled(jid, away, nowSeconds(clock));
    await ended;
  };
  return async (jid: string, ids: readonly string[] | undefined, reason: string): Promise<readonly string[]> => {
    const named = ids && new Set(ids);
    const open = [...(tracker.get(jid)?.rows.values() ?? [])].filter(({ id }) => named?.has(id) ?? true);
    for (const row of open) row.isCancelled = true;
    for (let at = 0; at < open.length; at += TOLD_AT_A_TIME) {
      await cancelSome(jid, open.slice(at, at + TOLD_AT_A_TIME), reason);
    }
    return open.map(({ id }) => id);
  };
}
