import * as v from 'valibot';
import { MinionId } from '../../ids.ts';
import { Kwargs, member, Pem, ShortText } from '../fields.ts';
import { defineMessage } from '../message.ts';

const EXAMPLE_FINGERPRINT = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const Enroll = defineMessage({
  name: 'enrolment',
  topic: 'salt/enroll/{fingerprint}',
  summary: 'An unenrolled client offers its key. Its fingerprint is its whole identity until an operator accepts it.',
  from: [{ role: 'unenrolled', self: 'fingerprint' }],
  to: [{ role: 'master' }, { role: 'operator' }],
  qos: 1,
  payload: v.object({
    id: MinionId,
    csr: member(Pem, 'PKCS#10, PEM: names the key and proves that the client holds it.'),
    token: v.optional(member(v.pipe(v.string(), v.maxLength(128)), 'One-time token from `salt-key --gen-token`.')),
    grains: v.optional(member(Kwargs, 'Grains that autosign rules may look at; claims, not facts.')),
  }),
  example: {
    params: { fingerprint: EXAMPLE_FINGERPRINT },
    payload: { id: 'm1', csr: '-----BEGIN CERTIFICATE REQUEST-----\n…\n-----END CERTIFICATE REQUEST-----\n' },
  },
});

const enrollStates = ['accepted', 'pending', 'rejected', 'denied', 'full', 'invalid'] as const;

export const EnrollResponse = defineMessage({
  name: 'enrolment answer',
  topic: 'salt/enroll/{fingerprint}/rsp',
  summary: 'What became of the offer; with `accepted` come the certificates. Sent again when an operator decides.',
  from: [{ role: 'master' }],
  to: [{ role: 'unenrolled', self: 'fingerprint' }, { role: 'operator' }],
  qos: 1,
  payload: v.object({
    st: v.picklist(enrollStates),
    message: v.optional(ShortText),
    cert: v.optional(member(Pem, "The minion's client certificate, PEM.")),
    signing_cert: v.optional(
      member(Pem, "The certificate of the key that signs jobs, PEM, issued by the master's CA."),
    ),
    ca: v.optional(member(Pem, "The CA's certificate, PEM, when it followed another one: it holds the proof of that.")),
  }),
  example: {
    params: { fingerprint: EXAMPLE_FINGERPRINT },
    payload: { st: 'pending', message: 'waiting for an operator: salt-key -a m1' },
  },
});
export type EnrollResponsePayload = v.InferOutput<typeof EnrollResponse.payload>;
