import * as v from 'valibot';
import { Correlation, Jid } from '../../ids.ts';
import {
  Args,
  ErrorValue,
  FunctionName,
  Kwargs,
  member,
  ShortText,
  TargetExpression,
  TargetType,
  UnixTime,
} from '../fields.ts';
import { defineMessage } from '../message.ts';

const EXAMPLE_JID = '20261122093047146206';

export const JobPayload = v.object({
  jid: Jid,
  fun: FunctionName,
  arg: v.optional(Args),
  kwarg: v.optional(Kwargs),
  tgt: v.optional(
    member(
      TargetExpression,
      'What the operator wrote; a minion that finds itself outside refuses. Left out for constrained minions.',
    ),
  ),
  tgt_type: v.optional(TargetType),
  user: v.optional(ShortText),
  ref: v.optional(
    member(
      v.object({
        f: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/, 'must be 8 hex digits')),
        z: v.pipe(v.number(), v.integer(), v.minValue(2)),
        h: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be 43 of base64url')),
      }),
      'In place of `arg` and `kwarg`, when they do not fit the minion: the JSON object that holds them is pulled by the request `blk`. Its name, its bytes, its SHA-256 in base64url.',
    ),
  ),
  exp: member(UnixTime, 'Not to be started at or after this time.'),
  timeout_ms: v.optional(member(v.pipe(v.number(), v.integer(), v.minValue(1)), 'Longest run, milliseconds.')),
  metadata: v.optional(Kwargs),
  ret: member(v.optional(ShortText), 'Returners that store the return too, separated by commas (JOB-2).'),
  ret_config: v.optional(ShortText),
  ret_kwargs: v.optional(Kwargs),
});
export type JobPayload = v.InferOutput<typeof JobPayload>;

export const Job = defineMessage({
  name: 'job',
  topic: 'salt/job/{id}',
  summary: 'Run one function. Never retained; signed for this minion alone.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion', self: 'id' }, { role: 'operator' }],
  qos: 1,
  signed: 'job',
  payload: JobPayload,
  example: {
    params: { id: 'm1' },
    payload: {
      jid: EXAMPLE_JID,
      fun: 'cmd.run',
      arg: ['uptime'],
      exp: 1795426252,
      tgt: '*',
      tgt_type: 'glob',
      user: 'root',
    },
  },
});

export const JobControl = defineMessage({
  name: 'job control',
  topic: 'salt/job/{id}/ctl',
  summary:
    'About a job already sent: cancel it, ask for its state, say its return is stored, ask for the return again. A return that is answered by `resend` before its PUBACK is not stored. Signed as jobs are, with `salt-ctl-v1` in place of `salt-job-v1`.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion', self: 'id' }, { role: 'operator' }],
  qos: 1,
  signed: 'ctl',
  payload: v.object({
    op: v.picklist(['cancel', 'probe', 'stored', 'resend']),
    jid: Jid,
    exp: member(UnixTime, 'Worth nothing at or after this time.'),
  }),
  example: { params: { id: 'm1' }, payload: { op: 'cancel', jid: EXAMPLE_JID, exp: 1795426307 } },
});
export type JobControlPayload = v.InferOutput<typeof JobControl.payload>;

export const JobResponse = defineMessage({
  name: 'response',
  topic: 'salt/job/{id}/rsp/{c}',
  summary: 'The answer to the request whose correlation id ends the topic.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion', self: 'id' }, { role: 'operator' }],
  qos: 1,
  payload: v.object({ value: v.optional(v.unknown()), error: v.optional(ErrorValue) }),
  example: { params: { id: 'm1', c: 'x7' }, payload: { value: { time: 1795426247, version: 1 } } },
});

export const JobBlock = defineMessage({
  name: 'block',
  topic: 'salt/job/{id}/blk/{file}/{n}',
  summary:
    'Raw bytes of one block; of what, and which block, stand in the topic. Asked for by the request `blk`, whose bitmap repairs what is lost.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion', self: 'id' }],
  qos: 0,
  raw: true,
  payload: v.instance(Uint8Array),
  example: { params: { id: 'm1', file: '0a1b2c3d', n: '0' }, payload: new Uint8Array([1, 2, 3]) },
});

export const requestVerbs = [
  'hello',
  'renew',
  'revoke',
  'grains',
  'pillar',
  'file',
  'mine',
  'publish',
  'next',
  'blk',
  'time',
] as const;
export type RequestVerb = (typeof requestVerbs)[number];

export const Request = defineMessage({
  name: 'request',
  topic: 'salt/req/{id}/{verb}',
  summary: 'A minion asks its master; the answer comes to salt/job/<id>/rsp/<c>.',
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  qosLow: true,
  payload: v.looseObject({ c: Correlation }),
  example: { params: { id: 'm1', verb: 'hello' }, payload: { c: 'x7', time: 1795426247 } },
});

export const Info = defineMessage({
  name: 'info',
  topic: 'salt/info/{id}',
  summary: 'What a minion can do. Until it says so, it is taken to have a 256-byte buffer and a window of one.',
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  qosLow: true,
  retain: true,
  payload: v.object({
    v: member(v.literal(1), 'Protocol version.'),
    version: v.optional(member(ShortText, 'Software and its version.')),
    max_packet: v.optional(
      member(v.pipe(v.number(), v.integer(), v.minValue(128)), 'Largest whole MQTT packet it takes, bytes.'),
      256,
    ),
    window: v.optional(
      member(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)), 'Jobs it takes at a time.'),
      1,
    ),
    enc: v.optional(member(v.picklist(['cbor', 'json']), 'Encoding that it is sent.'), 'json'),
    sig: v.optional(member(v.picklist(['ed25519', 'hmac', 'none']), 'How jobs to it are signed.'), 'ed25519'),
    grains_hash: v.optional(
      member(v.pipe(v.string(), v.maxLength(64)), 'Changes when its grains do, so that they are asked for again.'),
    ),
  }),
  example: {
    params: { id: 'm1' },
    payload: {
      v: 1,
      version: 'brine 0.1.0',
      max_packet: 262144,
      window: 4,
      enc: 'cbor',
      sig: 'ed25519',
      grains_hash: '9f86d081',
    },
  },
});
export type InfoPayload = v.InferOutput<typeof Info.payload>;
