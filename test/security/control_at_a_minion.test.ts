import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { macJob } from '../../shared/crypto/job_signature.ts';
import { type Encoding, encodePayload } from '../../shared/protocol/codec.ts';
import { ReturnLong, type ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { foreign, sign, signing, useCarriedMinion } from '../support/carried_minion.ts';
import { createGate } from '../support/gate_module.ts';

/** Whoever carries the messages to `m9`, and cannot sign, wants to stop a job of it that runs. */
const gate = createGate();
const carried = useCarriedMinion({ gate: gate.module });

let count = 0;
const nextJid = (): string => `20260102${String(++count).padStart(12, '0')}`;
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const cancelOf = (jid: string, members: object = {}) => ({ op: 'cancel', jid, exp: inSeconds(60), ...members });

/** A job that runs until its gate is opened. */
async function startJob(): Promise<string> {
  const jid = nextJid();
  await carried().carry(await sign({ jid, fun: 'gate.wait', arg: [jid], exp: inSeconds(600), user: 'root' }));
  await gate.entered.waitFor((entered) => entered === `m9 ${jid}`);
  return jid;
}
const tell = (payload: Uint8Array): Promise<void> => carried().carry(payload, '/ctl');

async function returnOf(jid: string): Promise<ReturnPayload> {
  const isReturn = ({ message, params }: { message: { name: string }; params: Readonly<Record<string, string>> }) =>
    message.name === ReturnLong.name && params.jid === jid;
  return (await carried().carrier.received.waitFor(isReturn)).payload as ReturnPayload;
}

/** It was not stopped; and the next is, when the master itself says so. */
async function expectWentOn(jid: string): Promise<void> {
  gate.open(jid);
  expect(await returnOf(jid)).toMatchObject({ return: `through ${jid}`, success: true });
  const next = await startJob();
  await tell(await sign(cancelOf(next), { kind: 'ctl' }));
  expect(await returnOf(next)).toMatchObject({ ended: 'cancelled' });
}

const publicBytes = createPublicKey(signing).export({ type: 'spki', format: 'der' });

test.each<[string, RegExp, (jid: string) => Promise<Uint8Array> | Uint8Array]>([
  ['is not signed (CBOR)', /is not signed$/, (jid) => encodePayload(cancelOf(jid), 'cbor')],
  ['is not signed (JSON)', /is not signed$/, (jid) => encodePayload(cancelOf(jid), 'json')],
  ['is for another minion', / for m9$/, (jid) => sign(cancelOf(jid), { kind: 'ctl', id: 'm1' })],
  ['is signed as a job', / for m9$/, (jid) => sign(cancelOf(jid, { fun: 'test.ping' }), { kind: 'job' })],
  ['is signed as JSON', /takes cbor$/, (jid) => sign(cancelOf(jid), { kind: 'ctl', encoding: 'json' })],
  ['was held back', /expired \d+ s before/, (jid) => sign(cancelOf(jid, { exp: 1 }), { kind: 'ctl' })],
  ['is signed by another authority', /no key/, (jid) => sign(cancelOf(jid), { kind: 'ctl', key: foreign })],
  [
    'has a MAC by the public key of the master',
    /no key h/,
    (jid) => macJob(encodePayload(cancelOf(jid), 'json'), 'm9', publicBytes, 'ctl'),
  ],
])('a cancellation that %s is refused, and the master is told', async (_what, reason, make) => {
  const jid = await startJob();
  await tell(await make(jid));
  expect(await carried().answerTo(jid)).toEqual({ st: 'ctl', reason: expect.stringMatching(reason) });
  await expectWentOn(jid);
});

test('a cancellation that is retained is ignored', async () => {
  const jid = await startJob();
  const packet = { topic: 'salt/job/m9/ctl', payload: await sign(cancelOf(jid), { kind: 'ctl' }) } as const;
  carried().carrier.broker.play('m9', { ...packet, qos: 1, retain: false }, { retain: true });
  // What comes after it shows that it has been there.
  gate.open(await startJob());
  await expectWentOn(jid);
});

test('a cancellation that is replayed, or put on another job, stops no other', async () => {
  const [first, second] = [await startJob(), await startJob()];
  const bytes = Buffer.from(await sign(cancelOf(first), { kind: 'ctl' }));
  await tell(bytes);
  expect(await returnOf(first)).toMatchObject({ ended: 'cancelled' });
  for (let n = 0; n < 3; n++) await tell(bytes);
  await tell(Buffer.from(bytes.toString('latin1').replace(first, second), 'latin1'));
  expect(await carried().answerTo(second)).toMatchObject({ st: 'ctl', reason: expect.stringMatching(/ for m9$/) });
  await expectWentOn(second);
});

test('a cancellation of which any byte was changed stops nothing', async () => {
  const jid = await startJob();
  const bytes = await sign(cancelOf(jid), { kind: 'ctl' });
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] as number) ^ 1;
    await tell(changed);
  }
  await expectWentOn(jid);
});

test.each<Encoding>(['cbor', 'json'])('a return is not asked for again without a signature (%s)', async (encoding) => {
  const jid = await startJob();
  gate.open(jid);
  await returnOf(jid);
  await tell(encodePayload({ op: 'resend', jid, exp: inSeconds(60) }, encoding));
  expect(await carried().answerTo(jid)).toEqual({
    st: 'ctl',
    reason: expect.stringMatching(/^resend: .* not signed$/),
  });
});
