import * as v from 'valibot';
import { Jid, MinionId } from '../../ids.ts';
import { Args, ErrorValue, FunctionName, Kwargs, member, Retcode, ShortText } from '../fields.ts';
import { defineMessage } from '../message.ts';

const EXAMPLE_JID = '20261122093047146206';

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

export const ackStates = ['run', 'rej', 'busy', 'prog'] as const;

export const Ack = defineMessage({
  name: 'ack',
  topic: 'salt/ack/{jid}/{id}',
  summary: 'What became of a job: it runs, was rejected, must wait, or has progress to tell.',
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  qosLow: true,
  payload: v.object({
    st: member(v.picklist(ackStates), 'Runs, rejected, busy (offer it again), progress.'),
    reason: v.optional(member(ShortText, 'Why it was rejected or must wait; for a person.')),
    expired: v.optional(member(v.boolean(), 'True when the reason is that `exp` had passed.')),
    p: v.optional(member(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 'Percent done.')),
    data: v.optional(member(v.unknown(), 'A piece of output or of a partial result.')),
    n: v.optional(member(v.pipe(v.number(), v.integer(), v.minValue(0)), 'Number of the piece.')),
    pid: v.optional(member(v.pipe(v.number(), v.integer()), "The minion's process that runs it.")),
  }),
  example: { params: { jid: EXAMPLE_JID, id: 'm1' }, payload: { st: 'run', pid: 4711 } },
});
export type AckPayload = v.InferOutput<typeof Ack.payload>;
