import { expect, test } from 'vitest';
import minionCertificate, { type MinionCertificateFacts } from '../../../../../cli/doctor/checks/minion_certificate.ts';
import { told } from '../../../../support/told_findings.ts';

const nowMs = Date.UTC(2026, 10, 26);
const inDays = (days: number) => nowMs + days * 86_400_000;
const valid = { commonName: 'm1', fingerprint: 'aa', issuedMs: inDays(-100), expiresMs: inDays(265) };
const judge = (facts: Partial<MinionCertificateFacts>) => {
  const usual = { id: 'm1', file: '/pki/minion.crt', certificate: valid, nowMs, restart: 'RESTART' };
  return told(minionCertificate.judge({ ...usual, isOfPinnedMaster: true, isOfOwnKey: true, ...facts }));
};
const anew = 'rm /pki/minion.crt && RESTART';

test('a certificate that is valid, or not there yet, is well', () => {
  expect(judge({})).toEqual(['ok: the certificate of m1 is valid until 2027-08-18']);
  expect(judge({ certificate: undefined })).toEqual(['skip: the master has not issued a certificate yet']);
});

test.each<[Partial<MinionCertificateFacts>, string]>([
  [{ certificate: 'broken' }, `fail: /pki/minion.crt does not hold a certificate => ${anew}`],
  [{ id: 'm2' }, `fail: the certificate is for m1, and this minion is m2 => ${anew}`],
  [{ isOfOwnKey: false }, `fail: the certificate is for another key than minion.pem => ${anew}`],
  [{ isOfPinnedMaster: false }, `fail: the certificate is of another master than the pinned one => ${anew}`],
  [{ certificate: { ...valid, expiresMs: inDays(-2) } }, `fail: the certificate ended on 2026-11-24 => ${anew}`],
  [
    { certificate: { ...valid, expiresMs: inDays(10) } },
    'warn: the certificate ends on 2026-12-06 and was not renewed, as it should long have been => RESTART',
  ],
])('%j', (facts, line) => expect(judge(facts)).toEqual([line]));

test('what cannot be compared is not held against it', () => {
  expect(judge({ isOfPinnedMaster: undefined, isOfOwnKey: undefined })[0]).toMatch(/^ok: /);
});
