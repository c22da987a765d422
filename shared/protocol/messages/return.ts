import * as v from 'valibot';
import { Jid, MinionId } from '../../ids.ts';
import { Args, ErrorValue, FunctionName, Retcode, ShortText } from '../fields.ts';
import { defineMessage } from '../message.ts';

const EXAMPLE_JID = '20261122093047146206';

export const ReturnPayload = v.object({
  id: MinionId,
  jid: v.optional(Jid),
  fun: v.optional(FunctionName),
  fun_args: v.optional(Args),
  return: v.optional(v.unknown(), null),
  retcode: v.optional(Retcode, 0),
  /** Left out: true when retcode is 0. */
  success: v.optional(v.boolean()),
  /** How long it ran. */
  ms: v.optional(v.pipe(v.number(), v.minValue(0))),
  /** The outputter that suits the value (OUT-1). */
  out: v.optional(ShortText),
  error: v.optional(ErrorValue),
  /** Left out: it ran to its end. */
  ended: v.optional(v.picklist(['interrupted', 'cancelled', 'timed_out', 'rejected', 'expired'])),
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
    st: v.picklist(ackStates),
    /** Why it was rejected or must wait; for a person. */
    reason: v.optional(ShortText),
    /** True when the reason is that `exp` had passed. */
    expired: v.optional(v.boolean()),
    /** Percent done. */
    p: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100))),
    /** A piece of output or of a partial result. */
    data: v.optional(v.unknown()),
    n: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    /** The minion's process that runs it. */
    pid: v.optional(v.pipe(v.number(), v.integer())),
  }),
  example: { params: { jid: EXAMPLE_JID, id: 'm1' }, payload: { st: 'run', pid: 4711 } },
});
export type AckPayload = v.InferOutput<typeof Ack.payload>;
