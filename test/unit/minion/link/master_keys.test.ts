import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMasterKeys } from '../../../../minion/link/master_keys.ts';
import { followAuthority, pinnedFile } from '../../../../minion/link/trust.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createSuccessor,
  issueCertificate,
  MASTER_NAME,
} from '../../../../shared/crypto/certificate.ts';
import { keyId } from '../../../../shared/crypto/job_signature.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';

let pkiDir: string;
beforeEach(async () => {
  pkiDir = await mkdtemp(join(tmpdir(), 'brine-master-keys-'));
});
afterEach(() => rm(pkiDir, { recursive: true, force: true }));

const clock = fakeClock();
const NOW = Math.floor(clock.nowMs() / 1000);
const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const ca = createCertificateAuthority(MASTER_NAME, newKey(), clock.nowMs());
const stranger = createCertificateAuthority(MASTER_NAME, newKey(), clock.nowMs());
const [first, second, third] = [newKey(), newKey(), newKey()];
const certify = (publicKey: KeyObject, by: CertificateAuthority = ca): string =>
  issueCertificate({ ca: by, publicKey, commonName: MASTER_NAME, usage: 'signing', days: 10, nowMs: clock.nowMs() });

function setUp() {
  let now = NOW;
  const keys = createMasterKeys({ pkiDir, clock, masterNow: () => now, log: silentLogger });
  keys.begin({ certPem: '', signingCertPem: certify(first), caPem: ca.certPem });
  const known = (...all: readonly KeyObject[]) => all.map((key) => keys.signingKey(keyId(key)) !== undefined);
  return { keys, known, passTo: (seconds: number) => (now = seconds) };
}

test('what the master names is known, what it does not name is forgotten', async () => {
  const { keys, known } = setUp();
  expect(known(first, second, third)).toEqual([true, false, false]);
  await keys.learn({ signing_certs: [certify(first), certify(second)] });
  expect(known(first, second, third)).toEqual([true, true, false]);
  await keys.learn({ signing_certs: [certify(third)] });
  expect(known(first, second, third)).toEqual([false, false, true]);
});

test('a key that has an end is known until then', async () => {
  const { keys, known, passTo } = setUp();
  const signing_ends = { [keyId(first)]: NOW + 60 };
  await keys.learn({ signing_certs: [certify(second), certify(first)], signing_ends });
  passTo(NOW + 59);
  expect(known(first, second)).toEqual([true, true]);
  passTo(NOW + 60);
  expect(known(first, second)).toEqual([false, true]);
});

test('the key in use is the one that is stored for the next start', async () => {
  const { keys } = setUp();
  const certPem = certify(second);
  await keys.learn({ signing_certs: [certPem, certify(first)] });
  expect(await readFile(join(pkiDir, 'minion_master_sign.crt'), 'utf8')).toBe(certPem);
});

test('a certificate of another authority changes nothing', async () => {
  const { keys, known } = setUp();
  const told = { signing_certs: [certify(second), certify(third, stranger)] };
  await expect(keys.learn(told)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  expect(known(first, second, third)).toEqual([true, false, false]);
});

test('what is told twice at once is taken in its order', async () => {
  const { keys, known } = setUp();
  const successor = createSuccessor(ca, newKey(), clock.nowMs());
  const before = keys.learn({ signing_certs: [certify(second, successor)], ca: successor.certPem });
  const after = keys.learn({ signing_certs: [certify(third, successor)] });
  expect(await Promise.all([before, after])).toEqual([true, false]);
  expect([known(second, third), keys.caPem()]).toEqual([[false, true], successor.certPem]);
});

test('an authority that the pinned one vouches for is pinned, and no other', async () => {
  const { keys, known } = setUp();
  await writeFile(pinnedFile(pkiDir), ca.certPem);
  const claimed = createSuccessor(stranger, newKey(), clock.nowMs());
  for (const other of [stranger, claimed]) {
    const told = { signing_certs: [certify(second, other)], ca: other.certPem };
    await expect(keys.learn(told)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  }
  expect([known(first, second), await readFile(pinnedFile(pkiDir), 'utf8')]).toEqual([[true, false], ca.certPem]);
  const successor = createSuccessor(ca, newKey(), clock.nowMs());
  expect(await followAuthority(pkiDir, ca.certPem, successor.certPem)).toBe(successor.certPem);
  expect(await readFile(pinnedFile(pkiDir), 'utf8')).toBe(successor.certPem);
  // The way back is not proven.
  await expect(followAuthority(pkiDir, successor.certPem, ca.certPem)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
});
