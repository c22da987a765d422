import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { InfoPayload } from '../../shared/protocol/messages/job.ts';
import type { JobRequest } from '../../shared/protocol/messages/operator.ts';
import type { EventBus } from '../events/event_bus.ts';
import type { Fleet } from '../fleet.ts';
import { type BatchesOptions, createBatches } from './batches.ts';
import { drawLimited } from './draw_limited.ts';
import type { EndedRow, JobCause, JobRecord, JobStore } from './job_store.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { type Choice, chooseMinions, makeRecord } from './make_record.ts';
import type { SendControl } from './send_control.ts';
import { createJobSigner, type JobSignerOptions } from './sign_jobs.ts';
import { createTransmitter, type TransmitterOptions } from './transmit.ts';

/** Minions that a job is sent to in one turn of the event loop, some 10 ms; others wait for their turns meanwhile. */
const SENT_AT_A_TIME = 128;

export interface DispatchLimits {
  /** Jobs that may wait for one minion. */
  readonly queuedPerMinionMax: number;
  /** Parts of jobs that may be open for all minions together. */
  readonly openMax: number;
  /** Jobs sent to one full minion and not yet running there. */
  readonly inflightMax: number;
}

export interface DispatcherOptions extends TransmitterOptions, JobSignerOptions, BatchesOptions {
  readonly jobs: BatchesOptions['jobs'] & Pick<JobStore, 'jobOnce'>;
  readonly fleet: Fleet;
  readonly bus: EventBus;
  readonly newJid: () => string;
  readonly clock: Clock;
  /** Throws NOT_PERMITTED: whoever asks, it is decided here, when it is known whom the job would be for. */
  readonly permit: (user: string, record: JobRecord) => Promise<void>;
  readonly sendControl: SendControl;
  /** Told of parts that are over before anything was sent. */
  readonly refused: (record: JobRecord, ended: ReadonlyMap<string, EndedRow>) => void;
  /** Hands a job to the returners of `ext_job_cache`. */
  readonly keep: ((record: JobRecord) => Promise<void>) | undefined;
  /** 0 to 1, for drawing a subset. */
  readonly random: () => number;
  /** Seconds a job waits to be started when the request does not say. */
  readonly timeoutSeconds: number;
  /** Seconds an offline minion's job is kept when the request does not say; 0: not at all. */
  readonly queueForSeconds: number;
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
  const { tracker, fleet, bus, sendControl } = options;
  const lanes = createLanes();
  const signer = createJobSigner(options);
  const transmit = createTransmitter(options, signer, lanes);

  const { flush, isFull } = createFlush(options, lanes, transmit);
  const settled = (jid: string, id: string): void => {
    if (lanes.settle(id, jid)) flush(id);
  };
  const flushAll = (ids: readonly string[]): void => {
    for (const id of ids.slice(0, SENT_AT_A_TIME)) flush(id);
    if (ids.length > SENT_AT_A_TIME) setImmediate(flushAll, ids.slice(SENT_AT_A_TIME));
  };
  const send = (jid: string, ids: readonly string[]): void => {
    for (const id of ids) lanes.enqueue(id, jid);
    flushAll(ids);
  };
  const batches = createBatches(options, send);
  for (const job of tracker.all()) {
    if (job.record.batch === undefined) for (const id of job.rows.keys()) lanes.enqueue(id, job.record.jid);
    else batches.resume(job);
  }

  return {
    async dispatchJob(request, user, cause) {
      const known = cause === undefined ? undefined : options.jobs.jobOnce(cause.once);
      if (known !== undefined) return known;
      const { record, ended, open } = await plan(options, lanes, request, user, cause);
      if (record.batch === undefined) {
        const soon = open.filter((id) => fleet.isOnline(id) && lanes.waitingCount(id) === 0);
        for (const id of soon.slice(0, SENT_AT_A_TIME)) signer.signAhead(record, id, fleet.info(id));
      }
      const job = await tracker.add(record, ended, bus.hold(`salt/job/${record.jid}/new`, newEvent(record, ended)));
      options.refused(record, ended);
      await options.keep?.(record);
      if (record.batch === undefined) send(record.jid, open);
      else batches.start(job);
      return record;
    },
    flush,
    isFull,
    requeue(id) {
      for (const jid of lanes.requeue(id)) void tracker.advance(jid, id, 'requeue');
    },
    postpone: (jid, id) => lanes.putBack(id, jid),
    async cancel(jid, ids, reason) {
      const open = [...(tracker.get(jid)?.rows.values() ?? [])].filter(({ id }) => ids?.includes(id) ?? true);
      // An end that is being stored must not be written over.
      const away = open.filter(({ mayHaveIt, ending }) => mayHaveIt && ending === undefined).map(({ id }) => id);
      for (const row of open) {
        row.isCancelled = true;
        if (row.mayHaveIt) void sendControl(row.id, jid, 'cancel');
        else void tracker.advance(jid, row.id, 'cancel', { reason });
      }
      if (away.length > 0) await options.jobs.markCancelled(jid, away, nowSeconds(options.clock));
      return open.map(({ id }) => id);
    },
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

/** The job, the parts that are over before they began, and the minions of the others. Throws LIMIT_EXCEEDED too. */
async function plan(
  options: DispatcherOptions,
  lanes: Lanes,
  request: JobRequest,
  user: string,
  cause: JobCause | undefined,
) {
  const { limits, tracker, clock } = options;
  const choice = await choose(options, request);
  const made = makeRecord(options.newJid(), user, request, choice, options, clock.nowMs() / 1000);
  await options.permit(user, made);
  const ended = new Map([...refuseOffline(options, request, choice.minions), ...refuseUnable(options, made)]);
  const open = choice.minions.filter((id) => !ended.has(id));
  checkTotal(limits, tracker.openCount(), open.length);
  for (const id of open) checkRoom(limits, id, lanes.waitingCount(id));
  const record: JobRecord = cause === undefined ? made : { ...made, cause };
  return { record, ended, open };
}

/** Whom the job is for. Throws TARGET_EMPTY, TARGET_INVALID, QUORUM_MISSED. */
async function choose({ fleet, random }: DispatcherOptions, request: JobRequest): Promise<Choice> {
  const { tgt, tgt_type, limit, seed } = request;
  const { ids, words } = await fleet.select(tgt, tgt_type, request);
  if (ids.length === 0) {
    throw new FleetError('TARGET_EMPTY', 'No minions matched the target. No command was sent, no jid was assigned.');
  }
  const minions = limit === undefined ? ids : drawLimited(ids, limit, seed ?? String(random()));
  const chosen = chooseMinions({ minions, online: minions.filter(fleet.isOnline) }, request, random);
  return words === undefined ? chosen : { ...chosen, words };
}

/** Without a queue, a minion that is not there never gets the job: said at once, true for good (AC-2). */
function refuseOffline(
  options: DispatcherOptions,
  request: JobRequest,
  minions: readonly string[],
): Map<string, EndedRow> {
  const ended = new Map<string, EndedRow>();
  if ((request.queue_for ?? options.queueForSeconds) > 0) return ended;
  const since = nowSeconds(options.clock);
  for (const id of minions) {
    if (!options.fleet.isOnline(id)) ended.set(id, { state: 'expired', since, reason: options.fleet.whyOffline(id) });
  }
  return ended;
}

/** A constrained minion that was declared without that function is not asked. */
function refuseUnable({ fleet, clock }: DispatcherOptions, { fun, minions }: JobRecord): Map<string, EndedRow> {
  const ended = new Map<string, EndedRow>();
  for (const id of minions) {
    const reason = fleet.whyNot(id, fun);
    if (reason !== undefined) ended.set(id, { state: 'rejected', since: nowSeconds(clock), reason });
  }
  return ended;
}

function checkRoom(limits: DispatchLimits, id: string, waiting: number): void {
  if (waiting < limits.queuedPerMinionMax) return;
  throw new FleetError('LIMIT_EXCEEDED', `${waiting} jobs wait for minion ${id} already`, {
    hint: 'job_queue_max_per_minion is reached: wait, cancel some, or raise it',
  });
}

function checkTotal(limits: DispatchLimits, openCount: number, more: number): void {
  if (openCount + more <= limits.openMax) return;
  throw new FleetError('LIMIT_EXCEEDED', `${openCount} parts of jobs are open already, and this job has ${more}`, {
    hint: 'job_queue_max_total is reached: wait, cancel some, or raise it',
  });
}

function newEvent(record: JobRecord, ended: ReadonlyMap<string, EndedRow>): Readonly<Record<string, unknown>> {
  const { jid, tgt, tgt_type, fun, arg, kwarg, user, minions } = record;
  const args = Object.keys(kwarg).length === 0 ? arg : [...arg, { __kwarg__: true, ...kwarg }];
  return { jid, tgt, tgt_type, fun, arg: args, user, minions, missing: [...ended.keys()] };
}
