import type { Clock } from '../shared/clock.ts';
import { FleetError, toReport } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { nextTurn } from '../shared/pace.ts';
import type { Packet } from '../shared/protocol/message.ts';
import {
  type CallRequest,
  type JobRequest,
  type OperatorRequestPayload,
  OperatorResponse,
  type OperatorResponsePayload,
  type PartsRequest,
  type WatchRequest,
} from '../shared/protocol/messages/operator.ts';
import { formatTopic } from '../shared/protocol/topic.ts';
import { listedIds } from '../shared/target/parse_target.ts';
import { answerBy } from './answer_steps.ts';
import { type CallRunner, type CallSettings, newCallSettings } from './call_runner.ts';
import type { MasterContext } from './context.ts';
import type { Answer, EventStreams } from './events/event_streams.ts';
import { isTerminal } from './jobs/job_state.ts';
import type { JobRecord } from './jobs/job_store.ts';
import { MASTER_ID } from './jobs/keep_call.ts';
import type { JobUpdate, Row } from './jobs/tracker.ts';
import { createHeldAnswers, type HeldAnswers } from './large_answer.ts';

export interface OperatorServiceOptions {
  readonly context: (user: string, set: CallSettings) => MasterContext;
  readonly callRunner: CallRunner;
  readonly streams: EventStreams;
  readonly publish: (packet: Packet) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface ServiceParts extends OperatorServiceOptions {
  readonly held: HeldAnswers;
}

/** Answers operators: publishes their jobs and runs their runners, step by step, whichever client they use. */
export function createOperatorService(options: OperatorServiceOptions) {
  const { publish, clock, log } = options;
  const parts: ServiceParts = { ...options, held: createHeldAnswers(clock) };
  return (user: string, c: string, request: OperatorRequestPayload): void => {
    const topic = formatTopic(OperatorResponse.topic, { user, c });
    const tell = (payload: Uint8Array): void => publish({ topic, payload, qos: OperatorResponse.qos, retain: false });
    const answer = answerBy('gather' in request ? request.gather : undefined, tell, clock);
    serve(parts, user, c, request, answer).catch((error: unknown) => {
      if (!(error instanceof FleetError)) {
        log.error('a request failed with what looks like a bug', {
          user,
          op: request.op,
          error: String(error),
        });
        if (error instanceof Error) log.debug(error.stack ?? error.message);
      }
      answer({ t: 'error', error: toReport(error) });
    });
  };
}

async function serve(
  options: ServiceParts,
  user: string,
  c: string,
  request: OperatorRequestPayload,
  answer: Answer,
): Promise<void> {
  switch (request.op) {
    case 'job':
      return serveJob(options, user, request, answer);
    case 'watch':
      return serveWatch(options, user, request, answer);
    case 'parts':
      return serveParts(options, user, request, answer);
    case 'runner':
    case 'wheel':
      return serveCall(options, user, request, answer);
    case 'events':
      return options.streams.serve(request, formatTopic(OperatorResponse.topic, { user, c }), answer);
  }
}

async function serveJob(
  options: OperatorServiceOptions,
  user: string,
  request: JobRequest,
  answer: Answer,
): Promise<void> {
  const context = options.context(user, newCallSettings());
  const record = await context.dispatchJob(request);
  const { jid } = record;
  const missing = missingOf(request, context.fleet.ids());
  answer({ ...jobStep(record), ...(missing.length > 0 && { missing }) });
  if (request.async) return answer({ t: 'end' });
  for (const [id, { state, since, reason }] of context.jobs.endedRows(jid)) {
    const offline = state === 'expired' ? context.fleet.whyOffline(id) : undefined;
    answer({ t: 'state', id, jid, state, since, reason, final: true, ...(offline !== undefined && { offline }) });
  }
  follow(context, record, answer);
}

/** What is known of a job by now, then the rest as it comes. */
async function serveWatch(
  options: OperatorServiceOptions,
  user: string,
  { jid }: WatchRequest,
  answer: Answer,
): Promise<void> {
  const context = options.context(user, newCallSettings());
  const record = context.jobs.job(jid);
  if (record === undefined) {
    throw new FleetError('JOB_UNKNOWN', `there is no job ${jid}`, {
      hint: 'salt-run jobs.list_jobs lists those that are kept (keep_jobs_seconds)',
    });
  }
  answer(jobStep(record));
  const returns = await context.jobs.returns(jid);
  for (const [id, row] of context.jobs.endedRows(jid)) {
    // It is in the store a moment before all are told: then it is told with the rest.
    if (context.tracker.row(jid, id) !== undefined) continue;
    const step = stepOf(record, {
      ...row,
      id,
      reason: row.reason,
      result: returns.get(id) ?? context.jobs.returnOf(jid, id),
    });
    if (step !== undefined) answer(step);
  }
  follow(context, record, answer);
}

/**
 * Some pieces of a large return. Whoever wants it all asks again: what is under way at a time stays far below what may
 * wait for a client (`max_backlog_bytes`).
 */
async function serveParts(
  { context, held }: ServiceParts,
  user: string,
  { jid, id, from, count: wanted }: PartsRequest,
  answer: Answer,
): Promise<void> {
  const { jobs } = context(user, newCallSettings());
  const own = id === MASTER_ID ? held.get(user, jid) : undefined;
  const count = own?.length ?? jobs.returnOf(jid, id)?.parts?.count ?? 0;
  for (let n = from; n < Math.min(count, from + wanted); n++) {
    const piece = own === undefined ? jobs.part(jid, id, n) : own[n];
    if (piece === undefined) break;
    answer({ t: 'part', n, data: Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('base64') });
    await nextTurn();
  }
  answer({ t: 'end' });
}

/** Ends when every part of the job has ended or waits for a minion that is offline: it may come back in a week. */
function follow({ tracker, fleet }: MasterContext, record: JobRecord, answer: Answer): void {
  const { jid, batch, queues_offline: queuesOffline } = record;
  const job = tracker.get(jid);
  // A part of a batch that is offline when its turn comes is over at once.
  const isParked = ({ id, state }: Pick<Row, 'id' | 'state'>): boolean =>
    queuesOffline === true && batch === undefined && state === 'queued' && !fleet.isOnline(id);
  const offlineOf = (row: Pick<Row, 'id' | 'state'>) => (isParked(row) ? { offline: fleet.whyOffline(row.id) } : {});
  const isOver = (): boolean => {
    for (const row of job?.rows.values() ?? []) if (!isParked(row)) return false;
    return true;
  };
  for (const row of job?.rows.values() ?? []) {
    const { id, state, since } = row;
    if (isParked(row)) answer({ t: 'state', id, jid, state, since, final: false, ...offlineOf(row) });
  }
  const released = [...(job?.rows.values() ?? [])].filter(({ exp }) => exp !== record.exp);
  if (batch !== undefined && released.length > 0) answer({ t: 'batch', jid, minions: released.map(({ id }) => id) });
  if (isOver()) {
    answer({ t: 'end' });
    return;
  }
  const stop = tracker.watch(
    jid,
    (update) => {
      const step = stepOf(record, update);
      if (step !== undefined) answer(step.t === 'state' ? { ...step, ...offlineOf(update) } : step);
      if (!isOver()) return;
      stop();
      answer({ t: 'end' });
    },
    (news) => {
      if (news.kind === 'released') answer({ t: 'batch', jid, minions: [...news.ids] });
      else answer({ t: 'prog', id: news.id, jid, data: news.data });
    },
  );
}

function jobStep({ jid, minions, batch }: JobRecord) {
  return { t: 'job' as const, jid, minions: [...minions], ...(batch !== undefined && { batch: true as const }) };
}

/** A list names minions one by one: a name that nobody has must not be passed over in silence. */
function missingOf({ tgt, tgt_type }: JobRequest, ids: readonly string[]): string[] {
  if (tgt_type !== 'list') return [];
  const known = new Set(ids);
  return listedIds(tgt).filter((id) => !known.has(id));
}

function stepOf(
  { jid }: JobRecord,
  { id, state, since, reason, result }: JobUpdate,
): OperatorResponsePayload | undefined {
  if (result !== undefined) {
    const { retcode, out, ms, success = retcode === 0, parts } = result;
    return {
      t: 'ret',
      id,
      jid,
      return: result.return,
      retcode,
      success,
      out,
      ms,
      ...(parts !== undefined && { parts: [{ at: ['return'], jid, id, ...parts }] }),
    };
  }
  // Hops that every job makes within milliseconds are nobody's news.
  if (state === 'sent' || state === 'delivered') return undefined;
  return { t: 'state', id, jid, state, since, reason, final: isTerminal(state) };
}

async function serveCall(
  { callRunner, held }: ServiceParts,
  user: string,
  request: CallRequest,
  answer: Answer,
): Promise<void> {
  if (request.async === true) return serveAsyncCall(callRunner, user, request, answer);
  const { jid, value, large, out, retcode, parts } = await callRunner(user, request);
  const within = parts.map(({ at, ...rest }) => ({ at: ['value', ...at], ...rest }));
  if (large !== undefined) held.put(user, jid, large.pieces);
  // The whole comes before what belongs into it.
  const references = [
    ...(large === undefined ? [] : [{ at: ['value'], jid, id: MASTER_ID, ...large.parts }]),
    ...within,
  ];
  const shown = large === undefined ? (value ?? null) : large.text;
  answer({ t: 'value', value: shown, out, retcode, ...(references.length > 0 && { parts: references }) });
  answer({ t: 'end' });
}

/** Answers when the function runs; how it ended is the event `salt/run/<jid>/ret`, which is kept in the log. */
function serveAsyncCall(callRunner: CallRunner, user: string, request: CallRequest, answer: Answer): Promise<void> {
  return new Promise((resolve, reject) => {
    const began = (jid: string): void => {
      answer({ t: 'job', jid, minions: [] });
      answer({ t: 'end' });
      resolve();
    };
    // Once it runs the promise is settled, and what the function throws is for its event alone.
    callRunner(user, request, undefined, began).catch(reject);
  });
}
