import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { createTurns } from '../../shared/pace.ts';
import type { InfoPayload } from '../../shared/protocol/messages/job.ts';
import type { JobRequest } from '../../shared/protocol/messages/operator.ts';
import type { Fleet } from '../fleet.ts';
import { type BatchesOptions, createBatches } from './batches.ts';
import { createCanceller } from './cancel_job.ts';
import type { JobCause, JobRecord, JobStore } from './job_store.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createJobMaker, type JobLimits, type JobMakerOptions } from './make_job.ts';
import type { SendControl } from './send_control.ts';
import { createJobSigner, type JobSignerOptions } from './sign_jobs.ts';
import { createTransmitter, type TransmitterOptions } from './transmit.ts';

export interface DispatchLimits extends JobLimits {
  /** Jobs sent to one full minion and not yet running there. */
  readonly inflightMax: number;
}

export interface DispatcherOptions extends JobMakerOptions, TransmitterOptions, JobSignerOptions, BatchesOptions {
  readonly jobs: BatchesOptions['jobs'] & Pick<JobStore, 'jobOnce'>;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly sendControl: SendControl;
  readonly limits: DispatchLimits;
}

/** Hands jobs to minions: the queue belongs to the store, the broker only carries. */
export interface Dispatcher {
  /**
   * Records a job and starts to send it. `user` is who the connection says it is. A job that is there already stays.
   */
  dispatchJob(request: JobRequest, user: string, cause?: JobCause): Promise<JobRecord>;
  /** Sends what waits for a minion, oldest first, as far as its window allows. */
  flush(id: string): void;
  /** The same for all that are there, some at a time. */
  flushAll(): void;
  /** The minion's connection ended, or is another one: what it did not start waits again. */
  requeue(id: string): void;
  /** The minion is busy: the job waits again and is offered with the next flush. */
  postpone(jid: string, id: string): void;
  /**
   * Stops a job, on all minions or on some. What was not sent is over at once; a minion that may have it is told, again
   * when it comes back, and has the last word. Resolves, when a restart of the master would not forget it, to the ids
   * whose parts were open.
   */
  cancel(jid: string, ids: readonly string[] | undefined, reason: string): Promise<readonly string[]>;
  /** The minion's key is not accepted any more: nothing of it is waited for. */
  abandon(id: string, reason: string): void;
  /** A row is over: the next part of its batch may begin, and the minion's next job. */
  ended(jid: string, id: string, failed: boolean): void;
  /** The minion was sent as much as it takes at a time. */
  isFull(id: string): boolean;
  /** A row of this minion moved on: there may be room for the next. */
  settled(jid: string, id: string): void;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { tracker, fleet } = options;
  const lanes = createLanes();
  const signer = createJobSigner(options);
  const transmit = createTransmitter(options, signer, lanes);

  const { flush, isFull } = createFlush(options, lanes, transmit);
  const settled = (jid: string, id: string): void => {
    if (lanes.settle(id, jid)) flush(id);
  };
  // Of all jobs that are being sent together.
  const takeTurn = createTurns();
  const flushSome = (ids: readonly string[]): void => {
    for (const id of ids) takeTurn(() => flush(id));
  };
  const send = (jid: string, ids: readonly string[]): void => {
    for (const id of ids) lanes.enqueue(id, jid);
    flushSome(ids);
  };
  const batches = createBatches(options, send);
  for (const job of tracker.all()) {
    if (job.record.batch === undefined) for (const id of job.rows.keys()) lanes.enqueue(id, job.record.jid);
    else batches.resume(job);
  }

  const makeJob = createJobMaker(options, lanes, signer, (job, open) => {
    if (job.record.batch === undefined) send(job.record.jid, open);
    else batches.start(job);
  });

  return {
    async dispatchJob(request, user, cause) {
      const known = cause === undefined ? undefined : options.jobs.jobOnce(cause.once);
      if (known !== undefined) return known;
      return makeJob(request, user, cause);
    },
    flush,
    flushAll: () => flushSome(lanes.waitingIds().filter(fleet.isOnline)),
    isFull,
    requeue(id) {
      for (const jid of lanes.requeue(id)) void tracker.advance(jid, id, 'requeue');
    },
    postpone: (jid, id) => lanes.putBack(id, jid),
    cancel: createCanceller(options),
    abandon(id, reason) {
      for (const { record, rows } of tracker.all()) {
        if (rows.has(id)) void tracker.advance(record.jid, id, 'cancel', { reason });
      }
    },
    ended(jid, id, failed) {
      batches.ended(jid, id, failed);
      settled(jid, id);
    },
    settled,
  };
}

/** What goes to a minion now, oldest first. */
function createFlush(
  { tracker, fleet, limits, sendControl, clock }: DispatcherOptions,
  lanes: Lanes,
  transmit: ReturnType<typeof createTransmitter>,
): Pick<Dispatcher, 'flush' | 'isFull'> {
  const windowOf = ({ window }: InfoPayload): number => Math.min(window, limits.inflightMax);
  /** What may not go any more makes room: true when there was such. */
  const sendSome = (id: string): boolean => {
    const info = fleet.info(id);
    let hasMadeRoom = false;
    for (const jid of lanes.take(id, windowOf(info))) {
      const job = tracker.get(jid);
      const row = job?.rows.get(id);
      if (row?.isCancelled) void sendControl(id, jid, 'cancel');
      // Its end is being stored. If that fails it is open as before, and goes out with the next connection or question.
      else if (row?.ending !== undefined) continue;
      else if (job !== undefined && row !== undefined && row.exp > nowSeconds(clock)) transmit(job.record, row, info);
      // Over, or expired: then the sweep says when it is over, and why.
      else hasMadeRoom = lanes.settle(id, jid) || hasMadeRoom;
    }
    return hasMadeRoom;
  };
  const flush = (id: string): void => {
    while (fleet.isOnline(id) && sendSome(id));
  };
  return { flush, isFull: (id) => lanes.inflightCount(id) >= windowOf(fleet.info(id)) };
}
