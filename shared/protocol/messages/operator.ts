import * as v from 'valibot';
import { Jid, MinionId } from '../../ids.ts';
import {
  Args,
  ErrorValue,
  FunctionName,
  HowMany,
  Kwargs,
  member,
  Retcode,
  ShortText,
  TargetExpression,
  TargetType,
  UnixTime,
} from '../fields.ts';
import { defineMessage } from '../message.ts';
import { ReturnParts } from './return.ts';

const EXAMPLE_JID = '20261122093047146206';
const Seconds = v.pipe(v.number(), v.minValue(0.001), v.maxValue(366 * 86400));

const Fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** How a job is handed out little by little, by the master (JOB-12). */
export const BatchRequest = v.object({
  size: member(HowMany, 'Minions at a time: a number, or a percentage of those that are there.'),
  wait: member(v.optional(v.pipe(v.number(), v.minValue(0)), 0), 'Seconds of pause before a place is filled again.'),
  failhard: member(v.optional(v.boolean(), false), 'Hand out nothing more after the first failure.'),
  abort_on_failures: member(v.optional(Fraction), 'Share of failures at which nothing more is handed out.'),
  above: member(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
    'Only when more minions than this match; else it is no batch.',
  ),
  rate: member(v.optional(v.pipe(v.number(), v.minValue(0.001))), 'Minions a second at most.'),
});
export type BatchRequest = v.InferOutput<typeof BatchRequest>;

const gather = {
  gather: member(
    v.optional(v.union([v.boolean(), v.literal('moment')])),
    '`true`: answer with one message, `t: all`, when all is over, for clients that read one, such as mosquitto_rr. ' +
      '`moment`: steps of one moment come in one message, `t: some`.',
  ),
};

/** Publish a job. */
export const JobRequest = v.object({
  op: v.literal('job'),
  tgt: TargetExpression,
  tgt_type: v.optional(TargetType, 'glob'),
  delimiter: member(
    v.optional(v.pipe(v.string(), v.regex(/^[^\s@]$/u, 'must be one character'))),
    'Between the name of a grain and its value; left out: a colon.',
  ),
  exclude: member(v.optional(ShortText), 'A compound target whose minions are left out.'),
  limit: member(v.optional(HowMany), 'Only so many of the matched minions, there or not, drawn by the seed.'),
  seed: member(v.optional(ShortText), 'The same seed and the same minions make the same choice.'),
  fun: FunctionName,
  arg: v.optional(Args, []),
  kwarg: v.optional(Kwargs, {}),
  timeout: member(v.optional(Seconds), 'Seconds until a job that did not start expires.'),
  queue_for: member(
    v.optional(v.union([Seconds, v.literal(0)])),
    "Seconds that an offline minion's job is kept; 0: not at all. Left out: as job_queue_for of the master says.",
  ),
  run_timeout: member(v.optional(Seconds), 'Seconds that the function may run; at most job_timeout of the master.'),
  async: member(v.optional(v.boolean(), false), 'Answer with the jid and end.'),
  batch: v.optional(BatchRequest),
  subset: member(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    'Only so many of the matched minions that are there, drawn at random.',
  ),
  quorum: member(v.optional(Fraction), 'Refuse unless this share of the matched minions is there.'),
  ...gather,
  metadata: v.optional(Kwargs),
  ret: member(v.optional(ShortText), "Returners of the minions that store their returns too (Salt's `--return`)."),
  ret_config: v.optional(ShortText),
  ret_kwargs: v.optional(Kwargs),
});
export type JobRequest = v.InferOutput<typeof JobRequest>;

/** Follow a job that was published before: the returns that are there, then the rest as it comes. */
export const WatchRequest = v.object({ op: v.literal('watch'), jid: Jid, ...gather });
export type WatchRequest = v.InferOutput<typeof WatchRequest>;

/** Ask for pieces of a large return or answer, as steps name them: some of them, from a number on. */
export const PartsRequest = v.object({
  op: v.literal('parts'),
  jid: Jid,
  id: MinionId,
  from: v.pipe(v.number(), v.integer(), v.minValue(0)),
  count: member(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8)), 4),
    'So many at most: what waits for a client is limited.',
  ),
});
export type PartsRequest = v.InferOutput<typeof PartsRequest>;

/** Where in a step a value belongs that is too large for it: `op: parts` gives the pieces of its JSON. */
export const PartsReference = v.object({
  at: member(v.array(v.string()), 'Names of the members that lead there, from the step on.'),
  jid: Jid,
  id: MinionId,
  ...ReturnParts.entries,
});
export type PartsReference = v.InferOutput<typeof PartsReference>;

/** Run a runner or a wheel function on the master. */
export const CallRequest = v.object({
  op: v.picklist(['runner', 'wheel']),
  fun: FunctionName,
  arg: v.optional(Args, []),
  kwarg: v.optional(Kwargs, {}),
  ...gather,
  async: member(
    v.optional(v.boolean()),
    'Answer with the jid and end; the outcome is the event `salt/run/<jid>/ret`, and kept among the jobs.',
  ),
});
export type CallRequest = v.InferOutput<typeof CallRequest>;

/** Follow the master's events: what is kept, then the rest as it comes. */
export const EventsRequest = v.object({
  op: v.literal('events'),
  tag: member(
    v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256)), '*'),
    'Glob of the tags that are wanted.',
  ),
  from: member(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    'Only events after this cursor. Left out, with `since` too: only new ones.',
  ),
  since: member(v.optional(Seconds), 'Only events of the last so many seconds, and new ones.'),
  count: member(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), 'End after so many; left out: never.'),
});
export type EventsRequest = v.InferOutput<typeof EventsRequest>;

export const OperatorRequestPayload = v.variant('op', [
  JobRequest,
  CallRequest,
  WatchRequest,
  EventsRequest,
  PartsRequest,
]);
export type OperatorRequestPayload = v.InferOutput<typeof OperatorRequestPayload>;

export const OperatorRequest = defineMessage({
  name: 'operator request',
  topic: 'salt/op/{user}/req/{c}',
  summary:
    'An operator asks the master to publish a job, to run a runner or wheel function, or to follow jobs and events.',
  from: [{ role: 'operator', self: 'user' }],
  to: [{ role: 'master' }, { role: 'operator', self: 'user' }],
  qos: 1,
  payload: OperatorRequestPayload,
  example: { params: { user: 'root', c: 'a1b2' }, payload: { op: 'job', tgt: '*', fun: 'test.ping' } },
});

export const OperatorFire = defineMessage({
  name: 'operator event',
  topic: 'salt/op/{user}/fire/{tag*}',
  summary:
    "An operator's event for the master's bus. The payload arrives under `data`, beside the `user` of the connection.",
  from: [{ role: 'operator', self: 'user' }],
  to: [{ role: 'master' }, { role: 'operator', self: 'user' }],
  qos: 1,
  qosLow: true,
  stored: true,
  payload: v.looseObject({}),
  example: { params: { user: 'root', tag: 'myapp/deployed' }, payload: { build: 42 } },
});

/** The states of DESIGN.md §4 that a row (jid, minion) can be in. */
export const jobStates = [
  'queued',
  'sent',
  'delivered',
  'running',
  'succeeded',
  'failed',
  'rejected',
  'timed_out',
  'cancelled',
  'expired',
  'interrupted',
] as const;
export const JobStateName = v.picklist(jobStates);
export type JobStateName = v.InferOutput<typeof JobStateName>;

/** One step of the streamed answer; `end` or `error` is the last. */
export const OperatorResponsePayload = v.variant('t', [
  v.object({
    t: v.literal('job'),
    jid: Jid,
    minions: v.array(MinionId),
    missing: member(v.optional(v.array(v.string())), 'Of a list: the names that are no accepted minion.'),
    batch: member(v.optional(v.literal(true)), 'The job is handed out little by little.'),
  }),
  v.object({
    t: v.literal('ret'),
    id: MinionId,
    jid: Jid,
    return: v.unknown(),
    retcode: Retcode,
    success: v.boolean(),
    out: v.optional(ShortText),
    ms: v.optional(v.number()),
    parts: v.optional(member(v.array(PartsReference), 'The return is larger: this is a text that says so.')),
  }),
  /** A minion whose job changed state without a return, and since when. */
  v.object({
    t: v.literal('state'),
    id: MinionId,
    jid: Jid,
    state: JobStateName,
    since: UnixTime,
    reason: v.optional(v.string()),
    final: member(v.boolean(), 'It will not change any more.'),
    offline: member(v.optional(v.string()), 'The minion is not connected: since when.'),
  }),
  v.object({
    t: v.literal('prog'),
    id: MinionId,
    jid: Jid,
    data: member(v.unknown(), 'Partial output: the new text of each stream.'),
  }),
  v.object({ t: v.literal('batch'), jid: Jid, minions: member(v.array(MinionId), 'Whose turn it is now.') }),
  v.object({
    t: v.literal('listening'),
    cursor: member(v.number(), 'Every event after this one will be told, or counted as lost.'),
  }),
  v.object({
    t: v.literal('event'),
    cursor: member(v.number(), 'To go on after it with `from`.'),
    tag: member(v.string(), 'With `salt/event/lost`, `data.lost` is how many events are not there any more.'),
    data: v.record(v.string(), v.unknown()),
  }),
  v.object({
    t: v.literal('value'),
    value: v.unknown(),
    out: v.optional(ShortText),
    retcode: v.optional(Retcode),
    parts: v.optional(member(v.array(PartsReference), 'What in it is larger: there is a text that says so.')),
  }),
  v.object({
    t: v.literal('part'),
    n: member(v.pipe(v.number(), v.integer()), 'Its number.'),
    data: member(v.string(), 'Its bytes, base64.'),
  }),
  v.object({
    t: v.literal('all'),
    steps: member(v.array(v.looseObject({ t: v.string() })), 'With `gather`: all of the others, the last left out.'),
  }),
  v.object({
    t: v.literal('some'),
    steps: member(v.array(v.looseObject({ t: v.string() })), 'With `gather: moment`: several of the others, in order.'),
  }),
  v.object({ t: v.literal('error'), error: ErrorValue }),
  v.object({ t: v.literal('end') }),
]);
export type OperatorResponsePayload = v.InferOutput<typeof OperatorResponsePayload>;

export const OperatorResponse = defineMessage({
  name: 'operator answer',
  topic: 'salt/op/{user}/rsp/{c}',
  summary: 'The answer, step by step, as things happen.',
  from: [{ role: 'master' }],
  to: [{ role: 'operator', self: 'user' }],
  qos: 1,
  payload: OperatorResponsePayload,
  example: {
    params: { user: 'root', c: 'a1b2' },
    payload: { t: 'ret', id: 'm1', jid: EXAMPLE_JID, return: true, retcode: 0, success: true },
  },
});
