import * as v from 'valibot';
import { member, Pem, UnixTime } from '../fields.ts';
import { defineMessage } from '../message.ts';

export const MasterKeysPayload = v.object({
  signing_certs: member(
    v.pipe(v.array(Pem), v.minLength(1), v.maxLength(32)),
    'Certificates of the keys that sign jobs, the one in use first. Of any other key jobs are refused.',
  ),
  signing_ends: v.optional(
    member(v.record(v.string(), UnixTime), 'By key id when the jobs of a key that was replaced are to be refused.'),
  ),
  ca: v.optional(
    member(Pem, "The certificate of the master's CA, when it followed another one: it holds the proof of that."),
  ),
});
export type MasterKeysPayload = v.InferOutput<typeof MasterKeysPayload>;

export const MasterKeys = defineMessage({
  name: 'master keys',
  topic: 'salt/job/{id}/keys',
  summary:
    'The master changes its keys, or its clock was set: who gets it also asks for the time, by the request `hello`. PUBACK says that the minion knows the keys. Who misses it learns the same by `hello`. Not sent to constrained minions.',
  from: [{ role: 'master' }],
  to: [{ role: 'minion', self: 'id' }, { role: 'operator' }],
  qos: 1,
  payload: MasterKeysPayload,
  example: {
    params: { id: 'm1' },
    payload: {
      signing_certs: [
        '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
        '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
      ],
      signing_ends: { c0ffee12: 1795429847 },
    },
  },
});
