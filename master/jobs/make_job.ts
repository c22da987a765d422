import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { createPace, createTurn, eachInTurns, nextTurn } from '../../shared/pace.ts';
import type { JobRequest } from '../../shared/protocol/messages/operator.ts';
import { createSerialQueue } from '../../shared/serial_queue.ts';
import type { EventBus, HeldEvent } from '../events/event_bus.ts';
import type { Fleet } from '../fleet.ts';
import { drawLimited } from './draw_limited.ts';
import type { EndedRow, JobCause, JobRecord } from './job_store.ts';
import type { Lanes } from './lanes.ts';
import { type Choice, chooseMinions, makeRecord, type RecordDefaults } from './make_record.ts';
import type { JobSigner } from './sign_jobs.ts';
import type { ActiveJob, Tracker } from './tracker.ts';

/** Minions that a job is signed for while it is being stored. */
const SIGNED_AHEAD = 128;
/** A job of so many at most is made at once: it waits for nothing but the disk. */
const SMALL_MAX = 1000;

export interface JobLimits {
  /** Jobs that may wait for one minion. */
  readonly queuedPerMinionMax: number;
  /** Parts of jobs that may be open for all minions together. */
  readonly openMax: number;
}

export interface JobMakerOptions extends RecordDefaults {
  readonly tracker: Tracker;
  readonly fleet: Fleet;
  readonly bus: EventBus;
  readonly newJid: () => string;
  readonly clock: Clock;
  /** Throws NOT_PERMITTED: whoever asks, it is decided here, when it is known whom the job would be for. */
  readonly permit: (user: string, record: JobRecord) => Promise<void>;
  /** Told of parts that are over before anything was sent; resolves when that is done. */
  readonly refused: (record: JobRecord, ended: ReadonlyMap<string, EndedRow>) => Promise<void>;
  /** Hands a job to the returners of `ext_job_cache`. */
  readonly keep: ((record: JobRecord) => Promise<void>) | undefined;
  /** 0 to 1, for drawing a subset. */
  readonly random: () => number;
  readonly limits: JobLimits;
}

/** Chooses whom a job is for, asks whether it may be, stores it and hands it over to be sent to those it is open for. */
export function createJobMaker(
  options: JobMakerOptions,
  lanes: Lanes,
  signer: JobSigner,
  send: (job: ActiveJob, open: readonly string[]) => void,
) {
  const { tracker, bus, keep, refused } = options;
  const make = async (request: JobRequest, choice: Choice, user: string, cause?: JobCause): Promise<JobRecord> => {
    const { record, ended, open } = await plan(options, lanes, request, choice, user, cause);
    if (record.batch === undefined) signAhead(options, lanes, signer, record, open);
    const hold = (): HeldEvent => bus.hold(`salt/job/${record.jid}/new`, newEvent(record, ended));
    const job = await tracker.add(record, ended, hold);
    await keep?.(record);
    send(job, open);
    await refused(record, ended);
    return record;
  };
  // They are made with other work in between, and yet one that was asked for first is sent first.
  const inOrder = createSerialQueue();
  return async (request: JobRequest, user: string, cause?: JobCause): Promise<JobRecord> => {
    const choice = await choose(options, request);
    return isLarge(choice) ? inOrder(() => make(request, choice, user, cause)) : make(request, choice, user, cause);
  };
}

/** For as many as one turn is for. */
function signAhead(
  { fleet }: JobMakerOptions,
  lanes: Lanes,
  signer: JobSigner,
  record: JobRecord,
  ids: readonly string[],
): void {
  const isOver = createTurn();
  let count = 0;
  for (const id of ids) {
    if (!fleet.isOnline(id) || lanes.waitingCount(id) > 0) continue;
    signer.signAhead(record, id, fleet.info(id));
    if (++count === SIGNED_AHEAD || isOver()) return;
  }
}

/** The job, the parts that are over before they began, and the minions of the others. Throws LIMIT_EXCEEDED too. */
async function plan(
  options: JobMakerOptions,
  lanes: Lanes,
  request: JobRequest,
  choice: Choice,
  user: string,
  cause: JobCause | undefined,
) {
  const { limits, tracker, clock } = options;
  const pace = isLarge(choice) ? createPace() : (): undefined => undefined;
  const made = makeRecord(options.newJid(), user, request, choice, options, clock.nowMs() / 1000);
  await options.permit(user, made);
  const ended = new Map<string, EndedRow>();
  const open: string[] = [];
  const whyEnded = createRefusal(options, request);
  const look = (id: string): void => {
    const refusal = whyEnded(id);
    if (refusal !== undefined) ended.set(id, refusal);
    else open.push(id);
  };
  await eachInTurns(choice.minions, look, pace);
  checkTotal(limits, tracker.openCount(), open.length);
  await eachInTurns(open, (id) => checkRoom(limits, id, lanes.waitingCount(id)), pace);
  const record: JobRecord = cause === undefined ? made : { ...made, cause };
  if (isLarge(choice)) await nextTurn();
  return { record, ended, open };
}

function isLarge({ minions }: Pick<Choice, 'minions'>): boolean {
  return minions.length > SMALL_MAX;
}

/** Whom the job is for. Throws TARGET_EMPTY, TARGET_INVALID, QUORUM_MISSED. */
async function choose({ fleet, random }: JobMakerOptions, request: JobRequest): Promise<Choice> {
  const { tgt, tgt_type, limit, seed } = request;
  const { ids, words } = await fleet.select(tgt, tgt_type, request);
  if (ids.length === 0) {
    throw new FleetError('TARGET_EMPTY', 'No minions matched the target. No command was sent, no jid was assigned.');
  }
  if (isLarge({ minions: ids })) await nextTurn();
  const minions = limit === undefined ? ids : drawLimited(ids, limit, seed ?? String(random()));
  const chosen = chooseMinions({ minions, online: minions.filter(fleet.isOnline) }, request, random);
  return words === undefined ? chosen : { ...chosen, words };
}

/**
 * Why a part is over before it began. Without a queue, a minion that is not there never gets the job: said at once, true
 * for good (AC-2). A constrained minion that was declared without that function is not asked.
 */
function createRefusal({ fleet, clock, queueForSeconds }: JobMakerOptions, request: JobRequest) {
  const isQueued = (request.queue_for ?? queueForSeconds) > 0;
  return (id: string): EndedRow | undefined => {
    const why = fleet.whyNot(id, request.fun);
    if (why !== undefined) return { state: 'rejected', since: nowSeconds(clock), reason: why };
    if (isQueued || fleet.isOnline(id)) return undefined;
    return { state: 'expired', since: nowSeconds(clock), reason: fleet.whyOffline(id) };
  };
}

function checkRoom(limits: JobLimits, id: string, waiting: number): void {
  if (waiting < limits.queuedPerMinionMax) return;
  throw new FleetError('LIMIT_EXCEEDED', `${waiting} jobs wait for minion ${id} already`, {
    hint: 'job_queue_max_per_minion is reached: wait, cancel some, or raise it',
  });
}

function checkTotal(limits: JobLimits, openCount: number, more: number): void {
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
