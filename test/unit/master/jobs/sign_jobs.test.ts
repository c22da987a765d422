import { expect, test } from 'vitest';
import { createJobSigner } from '../../../../master/jobs/sign_jobs.ts';
import { FULL } from '../../../support/dispatcher_rig.ts';
import { sampleJob } from '../../../support/sample_job.ts';

function setUp(fails = false) {
  const signedFor: string[] = [];
  const key = { kid: 'c0ffee12' };
  const signer = createJobSigner({
    runSeconds: 60,
    kid: () => key.kid,
    async sign(payload, encoding, id) {
      signedFor.push(`${id} ${encoding}`);
      if (fails) throw new Error('no key');
      return payload;
    },
  });
  return { signer, signedFor, key };
}
const record = sampleJob();

test('what was signed while the job was stored is not signed again', async () => {
  const { signer, signedFor } = setUp();
  signer.signAhead(record, 'm1', FULL);
  await signer.signed(record, record.exp, 'm1', FULL);
  expect(signedFor).toEqual(['m1 cbor']);
});

test('it is sent once: a copy for a later connection is signed anew', async () => {
  const { signer, signedFor } = setUp();
  signer.signAhead(record, 'm1', FULL);
  await signer.signed(record, record.exp, 'm1', FULL);
  await signer.signed(record, record.exp, 'm1', FULL);
  expect(signedFor).toHaveLength(2);
});

test.each([
  ['another expiry', record.exp + 1, FULL],
  ['another encoding', record.exp, { ...FULL, enc: 'json' } as const],
])('for %s it is signed anew', async (_what, exp, info) => {
  const { signer, signedFor } = setUp();
  signer.signAhead(record, 'm1', FULL);
  await signer.signed(record, exp, 'm1', info);
  expect(signedFor).toEqual(['m1 cbor', `m1 ${info.enc}`]);
});

test('a failure is heard by whoever wants to send it', async () => {
  const { signer } = setUp(true);
  signer.signAhead(record, 'm1', FULL);
  await expect(signer.signed(record, record.exp, 'm1', FULL)).rejects.toThrow('no key');
});

test('what was signed ahead by a key that another one took over from is signed anew', async () => {
  const { signer, signedFor, key } = setUp();
  signer.signAhead(record, 'm1', FULL);
  key.kid = 'decaf012';
  await signer.signed(record, record.exp, 'm1', FULL);
  expect(signedFor).toHaveLength(2);
});
