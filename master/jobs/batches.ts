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

/** A minion comes back after its longest pause between two tries (`recon_max`), so long after a start of the master. */
const RETURN_MS = 60_000;

/** Hands out the parts of batches: what is handed out is stored first, so that a restarted master goes on from there. */
export function createBatches(
  { tracker, fleet, jobs, clock, log }: BatchesOptions,
  send: (jid: string, ids: readonly string[]) => void,
) {
  const returnedByMs = clock.monotonicMs() + RETURN_MS;
  /** Batches of before this start, until the time is over in which their minions may come back. */
  const resumed = new Set<string>();
  /** Seconds for which a part may wait for a minion that is on its way back; 0: it should be here. */
  const returnSeconds = (jid: string): number =>
    resumed.has(jid) ? Math.max(0, Math.ceil((returnedByMs - clock.monotonicMs()) / 1000)) : 0;

  const batcher = createBatcher({
    clock,
    release(jid, ids) {
      const job = tracker.get(jid);
      const now = nowSeconds(clock);
      const waitSeconds = returnSeconds(jid);
      const here: string[] = [];
      for (const id of ids) {
        const row = job?.rows.get(id);
        // Cancelled before its turn came: its end is stored, or about to be, and must not be written over.
        if (row === undefined) batcher.ended(jid, id, false);
        else if (row.ending !== undefined) continue;
        else if (waitSeconds === 0 && !fleet.isOnline(id)) {
          void tracker.advance(jid, id, 'expire', { reason: fleet.whyOffline(id) });
        } else {
          row.exp = now + Math.max(job?.record.batch?.start_s ?? 0, waitSeconds);
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
      void tracker.advanceAll(ids.map((id) => ({ jid, id, event: 'cancel', reason })));
    },
  });
  return {
    start({ record: { jid, batch }, rows }: ActiveJob): void {
      if (batch !== undefined) batcher.start(jid, batch, [...rows.keys()], []);
    },
    /** Goes on with a batch that a former process of the master began. */
    resume({ record: { jid, batch }, rows }: ActiveJob): void {
      if (batch === undefined) return;
      resumed.add(jid);
      const released = new Set(jobs.releasedIds(jid));
      const open = [...rows.keys()];
      const running = open.filter((id) => released.has(id));
      const exp = nowSeconds(clock) + Math.max(batch.start_s, returnSeconds(jid));
      for (const id of running) (rows.get(id) as Row).exp = exp;
      send(jid, running);
      batcher.start(
        jid,
        batch,
        open.filter((id) => !released.has(id)),
        running,
      );
    },
    ended(jid: string, id: string, failed: boolean): void {
      if (clock.monotonicMs() >= returnedByMs) resumed.clear();
      batcher.ended(jid, id, failed);
    },
  };
}
