import * as v from 'valibot';
import { mayFire } from '../../event_tags.ts';
import { member, ShortText, UnixTime } from '../fields.ts';
import { defineMessage } from '../message.ts';

const EXAMPLE_STAMP = '2026-11-22T09:30:47.146206';

export const MasterEvent = defineMessage({
  name: 'event',
  topic: 'salt/event/{tag*}',
  summary: "The master's event bus. The tag is Salt's; `_stamp` is the time, UTC.",
  from: [{ role: 'master' }],
  to: [{ role: 'operator' }],
  qos: 0,
  payload: v.looseObject({ _stamp: v.string() }),
  example: {
    params: { tag: 'salt/minion/m1/start' },
    payload: { id: 'm1', data: 'Minion m1 started at Sun Nov 22 09:30:47 2026', _stamp: EXAMPLE_STAMP },
  },
});

export const Fire = defineMessage({
  name: 'fire',
  topic: 'salt/fire/{id}/{tag*}',
  summary: "A minion's event for the master's bus. Which tags a minion may use is an allow list (docs/guide).",
  from: [{ role: 'minion', self: 'id' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  forbids: ({ id, tag }) => (mayFire(id, tag) ? undefined : `a minion may not fire events of tag ${tag}`),
  qos: 1,
  qosLow: true,
  stored: true,
  payload: v.looseObject({}),
  example: { params: { id: 'm1', tag: 'myapp/deployed' }, payload: { data: { build: 42 } } },
});

export const Presence = defineMessage({
  name: 'presence',
  topic: 'salt/presence/{id}',
  summary:
    'Whether a minion is connected, written by the master from what the broker sees. Taken back by an empty message when its key is deleted or rejected, as is its `salt/info/<id>`.',
  from: [{ role: 'master' }],
  to: [{ role: 'operator' }],
  qos: 1,
  retain: true,
  payload: v.object({ online: v.boolean(), since: UnixTime, address: v.optional(ShortText) }),
  example: { params: { id: 'm1' }, payload: { online: true, since: 1795426247, address: '127.0.0.1' } },
});

export const Refusal = defineMessage({
  name: 'refusal',
  topic: 'salt/err/{id}',
  summary: 'Why a publish of that client was refused. The connection stays open.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion', self: 'id' }, { role: 'operator' }],
  qos: 0,
  payload: v.object({
    topic: v.string(),
    reason: v.picklist(['acl', 'size', 'rate', 'schema']),
    message: v.string(),
    mid: v.optional(
      member(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
        'Packet identifier of the publish, when it had one. Its PUBACK comes after this.',
      ),
    ),
  }),
  example: {
    params: { id: 'm1' },
    payload: {
      topic: 'salt/ret/20261122093047146206/m2',
      reason: 'acl',
      message: 'a minion may publish only its own topics',
      mid: 7,
    },
  },
});

export type RefusalPayload = v.InferOutput<typeof Refusal.payload>;

export const MasterBeacon = defineMessage({
  name: 'master',
  topic: 'salt/master',
  summary: 'Who the master is and what time it has, for clients that have no clock.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion' }, { role: 'operator' }],
  qos: 1,
  retain: true,
  payload: v.object({
    boot: member(v.string(), 'Changes at every start of the master.'),
    time: UnixTime,
    v: member(v.literal(1), 'Protocol version.'),
    kid: member(v.string(), 'Names the key that signs jobs.'),
    version: v.optional(ShortText),
  }),
  example: {
    params: {},
    payload: { boot: '5f2c8a10', time: 1795426247, v: 1, kid: 'c0ffee12', version: 'brine 0.1.0' },
  },
});

export const LocalEvent = defineMessage({
  name: 'local event',
  topic: '$local/{tag*}',
  summary:
    "The minion's own event bus. It exists on the loopback broker only; the master's broker refuses it both ways.",
  from: [{ role: 'local' }],
  to: [{ role: 'local' }],
  qos: 0,
  qosLow: true,
  payload: v.looseObject({}),
  example: { params: { tag: 'myapp/ready' }, payload: { port: 8080, _stamp: EXAMPLE_STAMP } },
});
