import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { defineModule, fn } from '../../minion/context.ts';
import { encodeSign1, parseSign1 } from '../../shared/crypto/cose.ts';
import { keyId, macJob } from '../../shared/crypto/job_signature.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import { Inbox } from '../integration/broker/inbox.ts';
import { foreign, sign, signing, useCarriedMinion } from '../support/carried_minion.ts';

/**
 * Whoever has the master's broker and its TLS key, but not the key that signs jobs, carries what he likes to `m9`. What
 * `victim.mark` was called with is what a minion that was fooled would have done.
 */
const marks = new Inbox<string>();
const victim = defineModule({
  summary: 'Tell that it was run.',
  functions: {
    mark: fn({
      summary: 'Tell.',
      args: {},
      examples: ["salt '*' victim.mark"],
      async run({ jid }) {
        marks.push(String(jid));
        return true;
      },
    }),
  },
});

const carried = useCarriedMinion({ victim });
const carry = (payload: Uint8Array): Promise<void> => carried().carry(payload);
const answerTo = (jid: string) => carried().answerTo(jid);

let count = 0;
const nextJid = (): string => `20260101${String(++count).padStart(12, '0')}`;
const jobOf = (jid: string, members: object = {}) => ({
  ...{ jid, fun: 'victim.mark', arg: [], exp: Math.floor(Date.now() / 1000) + 600, user: 'root' },
  ...members,
});

/** It does what the master signed, and has done nothing else. */
async function expectOnly(...jids: string[]): Promise<void> {
  const last = nextJid();
  await carry(await sign(jobOf(last)));
  await marks.waitFor((jid) => jid === last);
  await carried().carrier.received.waitFor(
    ({ params, message }) => message.name.startsWith('return') && params.jid === last,
  );
  expect(marks.all.splice(0)).toEqual([...jids, last]);
}

test('a job that is replayed runs once', async () => {
  const jid = nextJid();
  const bytes = await sign(jobOf(jid));
  for (let n = 0; n < 5; n++) await carry(bytes);
  await expectOnly(jid);
});

test.each(['cbor', 'json'] as const)('a job for another minion is rejected, and says why (%s)', async (encoding) => {
  const jid = nextJid();
  await carry(await sign(jobOf(jid), { encoding, id: 'm1' }));
  expect(await answerTo(jid)).toMatchObject({
    st: 'rej',
    reason: expect.stringContaining('not one of this job for m9'),
  });
  await expectOnly();
});

test('a job whose target was another minion is rejected, signed or not', async () => {
  const jid = nextJid();
  await carry(await sign(jobOf(jid, { tgt: 'm1', tgt_type: 'glob' })));
  expect(await answerTo(jid)).toMatchObject({ st: 'rej', reason: 'the target does not match this minion' });
  await expectOnly();
});

test('a job that is held back until it expired is rejected as expired', async () => {
  const jid = nextJid();
  await carry(await sign(jobOf(jid, { exp: 1 })));
  expect(await answerTo(jid)).toMatchObject({ st: 'rej', expired: true });
  await expectOnly();
});

test.each(['cbor', 'json'] as const)('a job of which any byte was changed does not run (%s)', async (encoding) => {
  const bytes = await sign(jobOf(nextJid()), { encoding });
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] as number) ^ 1;
    await carry(changed);
  }
  await expectOnly();
});

test.each(['cbor', 'json'] as const)('a job without its signature is rejected (%s)', async (encoding) => {
  const jid = nextJid();
  await carry(encodePayload(jobOf(jid), encoding));
  expect(await answerTo(jid)).toEqual({ st: 'rej', reason: 'signature: the job is not signed' });
  await expectOnly();
});

test('a job that the master signed as JSON is rejected: this minion takes CBOR, and said so', async () => {
  const jid = nextJid();
  await carry(await sign(jobOf(jid), { encoding: 'json' }));
  const reason = 'signature: it is signed as json, and this minion takes cbor';
  expect(await answerTo(jid)).toEqual({ st: 'rej', reason });
  await expectOnly();
});

test('what the master signed about a job is no job', async () => {
  const jid = nextJid();
  await carry(await sign(jobOf(jid, { op: 'cancel' }), { kind: 'ctl' }));
  expect(await answerTo(jid)).toMatchObject({
    st: 'rej',
    reason: expect.stringContaining('not one of this job for m9'),
  });
  await expectOnly();
});

test('a signature of one encoding is worth nothing in the other', async () => {
  const [first, second] = [nextJid(), nextJid()];
  const { kid, payload, signature } = parseSign1(await sign(jobOf(first)));
  const asJson = Buffer.from(`${JSON.stringify(jobOf(first))}\t${kid}.${Buffer.from(signature).toString('base64url')}`);
  await carry(asJson);
  expect(await answerTo(first)).toMatchObject({ st: 'rej' });
  const text = Buffer.from(await sign(jobOf(second), { encoding: 'json' })).toString();
  const taken = Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');
  await carry(encodeSign1({ kid, payload: encodePayload(jobOf(second), 'cbor'), signature: taken }));
  expect(await answerTo(second)).toMatchObject({ st: 'rej' });
  await carry(encodeSign1({ kid, payload, signature: Buffer.alloc(64) }));
  await expectOnly();
});

test('the public key of the master is no key for a message authentication code', async () => {
  const publicBytes = createPublicKey(signing).export({ type: 'spki', format: 'der' });
  const [first, second] = [nextJid(), nextJid()];
  // A key that is not known yet is asked for once.
  await carry(macJob(encodePayload(jobOf(first), 'json'), 'm9', publicBytes));
  expect(await answerTo(first)).toMatchObject({ st: 'busy' });
  await carry(macJob(encodePayload(jobOf(second), 'json'), 'm9', publicBytes.subarray(-32)));
  expect(await answerTo(second)).toMatchObject({ st: 'rej', reason: expect.stringContaining('no key h') });
  await expectOnly();
});

test('a key of another authority signs nothing, under its own name or that of the right one', async () => {
  const [first, second, third] = [nextJid(), nextJid(), nextJid()];
  await carry(await sign(jobOf(first), { key: foreign }));
  expect(await answerTo(first)).toMatchObject({ st: 'busy' });
  await carry(await sign(jobOf(second), { key: foreign }));
  expect(await answerTo(second)).toMatchObject({ st: 'rej', reason: expect.stringContaining('no key') });
  await carry(await sign(jobOf(third), { key: foreign, kid: keyId(signing) }));
  expect(await answerTo(third)).toMatchObject({ st: 'rej', reason: expect.stringContaining('not one of this job') });
  await expectOnly();
});

test('bombs and noise in the place of jobs cost a line each, and the next job runs', async () => {
  const bombs = [
    Buffer.concat([Buffer.from([0xa1, 0x61, 0x61]), Buffer.alloc(100_000, 0x81)]),
    Buffer.concat([Buffer.from([0xa1, 0x61, 0x61, 0xc2, 0x5a, 0, 1, 0x86, 0xa0]), Buffer.alloc(100_000, 0xff)]),
    Buffer.from([0xa1, 0x61, 0x61, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
    Buffer.concat([Buffer.from([0xd2, 0x84]), Buffer.alloc(1000, 0xd2)]),
    Buffer.from('{"jid":"20260101000000000000"}\t'),
    Buffer.from([0xd2]),
    Buffer.alloc(0),
  ];
  const lines = carried().fleet.minionLog.all.length;
  for (const bomb of bombs) await carry(bomb);
  const refusals = carried()
    .fleet.minionLog.all.slice(lines)
    .filter((line) => line.includes('a message was refused'));
  expect(refusals).toHaveLength(bombs.length);
  expect(carried().fleet.minionLog.all.filter((line) => /\bbug\b/.test(line))).toEqual([]);
  await expectOnly();
});
