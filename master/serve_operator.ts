import type { Clock } from '../shared/clock.ts';
import { FleetError, toReport } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { createSharedTurns, nextTurn } from '../shared/pace.ts';
import type { Packet } from '../shared/protocol/message.ts';
import {
  type CallRequest,
  type JobRequest,
  type OperatorRequestPayload,
  OperatorResponse,
  type PartsRequest,
  type WatchRequest,
} from '../shared/protocol/messages/operator.ts';
import { formatTopic } from '../shared/protocol/topic.ts';
import { listedIds } from '../shared/target/parse_target.ts';
import { createAnswerRoom } from './answer_room.ts';
import { answerBy } from './answer_steps.ts';
import { type CallRunner, type CallSettings, newCallSettings } from './call_runner.ts';
import type { MasterContext } from './context.ts';
import type { Answer, EventStreams } from './events/event_streams.ts';
import type { Fleet } from './fleet.ts';
import { type FollowOptions, followJob } from './follow_job.ts';
import type { JobRecord } from './jobs/job_store.ts';
import { MASTER_ID } from './jobs/keep_call.ts';
import { createHeldAnswers, type HeldAnswers } from './large_answer.ts';

export interface OperatorServiceOptions {
  readonly context: (user: string, set: CallSettings) => MasterContext;
  readonly callRunner: CallRunner;
  readonly streams: EventStreams;
  readonly publish: (packet: Packet) => void;
  /** Bytes that wait for who is subscribed to that topic; undefined when nobody is. */
  readonly backlogOf: (topic: string) => number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where an answer goes, step by step, and how much of it may go now. */
type Reply = Pick<FollowOptions, 'answer' | 'room'>;

interface ServiceParts extends OperatorServiceOptions {
  readonly held: HeldAnswers;
}

/** Answers operators: publishes their jobs and runs their runners, step by step, whichever client they use. */
export function createOperatorService(options: OperatorServiceOptions) {
  const { publish, backlogOf, clock, log } = options;
  const parts: ServiceParts = { ...options, held: createHeldAnswers(clock) };
  // Many may follow large jobs at once: together they take no more of the event loop than one would.
  const nextTurn = createSharedTurns();
  return (user: string, c: string, request: OperatorRequestPayload): void => {
    const topic = formatTopic(OperatorResponse.topic, { user, c });
    const { told, room } = createAnswerRoom({ backlog: () => backlogOf(topic), nextTurn, clock });
    const tell = (payload: Uint8Array): void => {
      told(payload.length);
      publish({ topic, payload, qos: OperatorResponse.qos, retain: false });
    };
    const answer = answerBy('gather' in request ? request.gather : undefined, tell, clock);
    serve(parts, user, c, request, { answer, room }).catch((error: unknown) => {
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
  reply: Reply,
): Promise<void> {
  const { answer } = reply;
  switch (request.op) {
    case 'job':
      return serveJob(options, user, request, reply);
    case 'watch':
      return serveWatch(options, user, request, reply);
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
  { answer, room }: Reply,
): Promise<void> {
  const context = options.context(user, newCallSettings());
  const record = await context.dispatchJob(request);
  const missing = missingOf(request, context.fleet);
  const first = { ...jobStep(record), ...(missing.length > 0 && { missing }) };
  if (!request.async) return followJob({ context, record, isNew: true, first, answer, room });
  answer(first);
  answer({ t: 'end' });
}

/** What is known of a job by now, then the rest as it comes. */
async function serveWatch(
  options: OperatorServiceOptions,
  user: string,
  { jid }: WatchRequest,
  { answer, room }: Reply,
): Promise<void> {
  const context = options.context(user, newCallSettings());
  const record = context.jobs.job(jid);
  if (record === undefined) {
    throw new FleetError('JOB_UNKNOWN', `there is no job ${jid}`, {
      hint: 'salt-run jobs.list_jobs lists those that are kept (keep_jobs_seconds)',
    });
  }
  return followJob({ context, record, isNew: false, first: jobStep(record), answer, room });
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

function jobStep({ jid, minions, batch }: JobRecord) {
  return { t: 'job' as const, jid, minions: [...minions], ...(batch !== undefined && { batch: true as const }) };
}

/** A list names minions one by one: a name that nobody has must not be passed over in silence. */
function missingOf({ tgt, tgt_type }: JobRequest, fleet: Fleet): string[] {
  if (tgt_type !== 'list') return [];
  const known = new Set(fleet.ids());
  return listedIds(tgt).filter((id) => !known.has(id));
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
