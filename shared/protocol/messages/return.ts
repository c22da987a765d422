import * as v from 'valibot';
import { Jid, MinionId } from '../../ids.ts';
import { Args, ErrorValue, FunctionName, Kwargs, member, Retcode, ShortText } from '../fields.ts';
import { defineMessage } from '../message.ts';

const EXAMPLE_JID = '20261122093047146206';

/**
 * What a return in parts may have at most: 64 MiB fit a few hundred parts of a full minion, or thousands of small ones.
 */
export const RETURN_PARTS_MAX = { count: 4096, bytes: 64 * 1024 ** 2 } as const;

/** How a value that no packet carries was cut: as JSON in UTF-8, anywhere, its pieces numbered from 0. */
export const ReturnParts = v.object({
  count: member(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(RETURN_PARTS_MAX.count)),
    'How many there are.',
  ),
  bytes: member(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(RETURN_PARTS_MAX.bytes)),
    'All of them together.',
  ),
  sha256: member(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')), 'Over all of them together.'),
});
export type ReturnParts = v.InferOutput<typeof ReturnParts>;

export const ReturnPayload = v.object({
  id: MinionId,
  jid: v.optional(Jid),
  fun: v.optional(FunctionName),
  fun_args: v.optional(Args),
  return: v.optional(v.unknown(), null),
  retcode: v.optional(Retcode, 0),
  success: v.optional(member(v.boolean(), 'Left out: true when retcode is 0.')),
  ms: v.optional(member(v.pipe(v.number(), v.minValue(0)), 'How long it ran, milliseconds.')),
  out: v.optional(member(ShortText, 'The outputter that suits the value (OUT-1).')),
  error: v.optional(member(ErrorValue, 'Why there is no value.')),
  schedule: v.optional(
    member(
      ShortText,
      'The item of its schedule by which the minion gave itself this job (SCH-6); nobody published it.',
    ),
  ),
  metadata: v.optional(Kwargs),
  ended: v.optional(
    member(
      v.picklist(['interrupted', 'cancelled', 'timed_out', 'rejected', 'expired']),
      'How it ended before its end. Left out: it ran to its end.',
    ),
  ),
  parts: v.optional(
    member(ReturnParts, 'The value went ahead in parts; `return` is a text that says so, for whoever reads no parts.'),
  ),
});
export type ReturnPayload = v.InferOutput<typeof ReturnPayload>;

const example: v.InferInput<typeof ReturnPayload> = {
  id: 'm1',
  jid: EXAMPLE_JID,
  fun: 'test.ping',
  fun_args: [],
  return: true,
  retcode: 0,
  success: true,
  ms: 1,
};

export const Return = defineMessage({
  name: 'return',
  topic: 'salt/ret/{jid}',
  summary: 'The outcome of one job on one minion. The broker checks `id` against the connection; PUBACK means stored.',
  from: [{ role: 'minion' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  qosLow: true,
  stored: true,
  payload: ReturnPayload,
  example: { params: { jid: EXAMPLE_JID }, payload: example },
});

export const ReturnLong = defineMessage({
  name: 'return, long form',
  topic: 'salt/ret/{jid}/{id}',
  summary: 'The same, in the form that any broker with per-user topic patterns can check.',
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  qosLow: true,
  stored: true,
  payload: ReturnPayload,
  example: { params: { jid: EXAMPLE_JID, id: 'm1' }, payload: example },
});

export const ReturnPart = defineMessage({
  name: 'part of a return',
  topic: 'salt/ret/{jid}/{id}/{n}',
  summary:
    'A piece of a value that is too large for one packet, sent ahead of the return that has `parts`. PUBACK means stored. Without a return for an hour, or sent for a job that is over or unknown, it is dropped.',
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }],
  qos: 1,
  stored: true,
  raw: true,
  payload: v.instance(Uint8Array),
  example: { params: { jid: EXAMPLE_JID, id: 'm1', n: '0' }, payload: new Uint8Array([0x22, 0x68, 0x69]) },
});

const ackStates = ['run', 'rej', 'busy', 'prog', 'ctl'] as const;

export const Ack = defineMessage({
  name: 'ack',
  topic: 'salt/ack/{jid}/{id}',
  summary: 'What became of a job: it runs, was rejected, must wait, or has progress to tell.',
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  qosLow: true,
  payload: v.object({
    st: member(
      v.picklist(ackStates),
      'Runs, rejected, busy (offer it again), progress; `ctl`: what it was told of the job was refused.',
    ),
    reason: v.optional(member(ShortText, 'Why it was rejected, refused or must wait; for a person.')),
    expired: v.optional(member(v.boolean(), 'True when the reason is that `exp` had passed.')),
    p: v.optional(member(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 'Percent done.')),
    data: v.optional(member(v.unknown(), 'A piece of output or of a partial result.')),
    n: v.optional(member(v.pipe(v.number(), v.integer(), v.minValue(0)), 'Number of the piece.')),
    pid: v.optional(member(v.pipe(v.number(), v.integer()), "The minion's process that runs it.")),
  }),
  example: { params: { jid: EXAMPLE_JID, id: 'm1' }, payload: { st: 'run', pid: 4711 } },
});
export type AckPayload = v.InferOutput<typeof Ack.payload>;

export const indexFacets = ['fail', 'slow'] as const;

export const JobIndex = defineMessage({
  name: 'job index',
  topic: 'salt/idx/{facet}/{jid}/{id}',
  summary:
    'A part of a job that did not succeed (`fail`), or that ran longer than `slow_job_seconds` (`slow`): what is worth looking at is what one subscribes to.',
  from: [{ role: 'master' }],
  to: [{ role: 'operator' }],
  qos: 0,
  payload: v.object({
    id: MinionId,
    jid: Jid,
    fun: FunctionName,
    state: v.string(),
    reason: v.optional(v.string()),
    retcode: v.optional(Retcode),
    return: v.optional(v.unknown()),
    ms: v.optional(v.number()),
  }),
  example: {
    params: { facet: 'fail', jid: EXAMPLE_JID, id: 'm1' },
    payload: { id: 'm1', jid: EXAMPLE_JID, fun: 'cmd.run', state: 'failed', retcode: 1, return: 'no such file', ms: 4 },
  },
});
