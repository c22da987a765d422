import { jidMs } from '../../shared/ids.ts';
import type { JobRecord } from '../jobs/job_store.ts';
import type { JobUpdate } from '../jobs/tracker.ts';
import type { Store } from '../store/store.ts';

/** What is timed or counted where it happens. Whoever measures puts functions here; nobody does when nothing is measured. */
export interface Observations {
  /** Seconds from the making of a job until its function began, as its return tells. */
  started?: (seconds: number) => void;
  /** A part of a job ended, so many seconds after the job was made. */
  ended?: (state: JobUpdate['state'], seconds: number, reason: string | undefined) => void;
  /** A commit of the store, in seconds. */
  committed?: (seconds: number) => void;
  /** A return of a part that had ended before. */
  repeated?: () => void;
}

/** Tells of changes of jobs; a job's age is in its id. */
export function observeJobs(observations: Observations, nowMs: () => number) {
  // The parts of one job end in succession.
  let last = { jid: '', madeMs: Number.NaN };
  return ({ jid }: Pick<JobRecord, 'jid'>, { state, reason, result }: JobUpdate): void => {
    if (last.jid !== jid) last = { jid, madeMs: jidMs(jid) };
    const ageMs = Math.max(0, nowMs() - last.madeMs);
    observations.ended?.(state, ageMs / 1000, reason);
    // Of a job that is over at once, nobody was told that it ran.
    if (result?.ms !== undefined) observations.started?.(Math.max(0, ageMs - result.ms) / 1000);
  };
}

/** The store, with each of its commits timed, and why the last one failed. */
export function observeStore(
  store: Store,
  observations: Observations,
  monotonicMs: () => number,
): Store & { readonly failure: () => string | undefined } {
  let failure: string | undefined;
  return {
    ...store,
    failure: () => failure,
    async write(changes) {
      const from = monotonicMs();
      try {
        await store.write(changes);
        failure = undefined;
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
        throw error;
      }
      observations.committed?.((monotonicMs() - from) / 1000);
    },
  };
}
