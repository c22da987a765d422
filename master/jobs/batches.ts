import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Fleet } from '../fleet.ts';
import { createBatcher } from './batch.ts';
import type { JobStore } from './job_store.ts';
import type { ActiveJob, Row, Tracker } from './tracker.ts';

export interface BatchesOptions {
  readonly tracker: Tracker;
  readonly fleet: Pick<Fleet, 'isOnline' | 'whyOffline'>;
  readonly jobs: Pick<JobStore, 'markReleased' | 'markCancelled' | 'releasedIds'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Hands out the parts of batches: what is handed out is stored first, so that a restarted master goes on from there. */
export function createBatches(
  { tracker, fleet, jobs, clock, log }: BatchesOptions,
  send: (jid: string, ids: Iterable<string>) => void,
) {
  const batcher = createBatcher({
    clock,
    release(jid, ids) {
      const job = tracker.get(jid);
      const now = nowSeconds(clock);
      const here: string[] = [];
      for (const id of ids) {
        const row = job?.rows.get(id);
        // Cancelled before its turn came: its end is stored, or about to be, and must not be written over.
        if (row === undefined) batcher.ended(jid, id, false);
        else if (row.ending !== undefined) continue;
        else if (!fleet.isOnline(id)) void tracker.advance(jid, id, 'expire', { reason: fleet.whyOffline(id) });
        else {
          row.exp = now + (job?.record.batch?.start_s ?? 0);
          here.push(id);
        }
      }
      tracker.tellNews(jid, { kind: 'released', ids });
      jobs.markReleased(jid, here, now).then(
        () => send(jid, here),
        (error: unknown) => log.error('a batch cannot go on', { jid, error: String(error) }),
      );
    },
    stop(jid, ids, reason) {
      for (const id of ids) void tracker.advance(jid, id, 'cancel', { reason });
    },
  });
  return {
    start({ record, rows }: ActiveJob): void {
      const { jid, batch } = record;
      if (batch === undefined) return;
      const released = new Set(jobs.releasedIds(jid));
      const open = [...rows.keys()];
      const running = open.filter((id) => released.has(id));
      for (const id of running) (rows.get(id) as Row).exp = nowSeconds(clock) + batch.start_s;
      send(jid, running);
      batcher.start(
        jid,
        batch,
        open.filter((id) => !released.has(id)),
        running,
      );
    },
    ended: batcher.ended,
  };
}
