import { expect, test } from 'vitest';
import masterCertificate, { type MasterCertificateFacts } from '../../../../../cli/doctor/checks/master_certificate.ts';
import { told } from '../../../../support/told_findings.ts';

const nowMs = Date.UTC(2026, 10, 26);
const inDays = (days: number) => nowMs + days * 86_400_000;
const judge = (facts: Partial<MasterCertificateFacts>) => {
  const usual = { pkiDir: '/pki', key: 'aa', authority: 'aa', signingProblem: undefined, nowMs, restart: 'RESTART' };
  const dates = { signingExpiresMs: inDays(400), serverExpiresMs: inDays(400) };
  return told(masterCertificate.judge({ ...usual, ...dates, ...facts }));
};

test('keys and certificates that belong together are well', () => {
  expect(judge({})).toEqual(['ok: the key of this master is aa, its jobs are signed until 2027-12-31']);
  expect(judge({ key: undefined, authority: undefined })).toEqual([
    'skip: there are no keys in /pki yet: the first start makes them',
  ]);
});

test.each<[string, Partial<MasterCertificateFacts>, string]>([
  [
    'a lost key',
    { key: undefined },
    'fail: /pki/master.pem is gone: without it every minion has to be accepted anew => cp -p BACKUP/master.pem /pki/master.pem && RESTART',
  ],
  [
    'a broken key',
    { key: 'broken' },
    'fail: /pki/master.pem does not hold a private key: without it every minion has to be accepted anew => cp -p BACKUP/master.pem /pki/master.pem && RESTART',
  ],
  [
    'a broken certificate',
    { authority: 'broken' },
    'fail: /pki/master.crt does not hold a certificate => rm /pki/master.crt && RESTART',
  ],
  ['a lost certificate', { authority: undefined }, 'fail: /pki/master.crt is gone => RESTART'],
  [
    'a certificate of another key',
    { authority: 'bb' },
    'fail: /pki/master.crt is the certificate of another key than master.pem => rm /pki/master.crt && RESTART',
  ],
  [
    'a signing certificate of another authority',
    { signingProblem: 'the certificate of salt-master is not issued by this authority' },
    'fail: signing.crt: the certificate of salt-master is not issued by this authority => RESTART',
  ],
  [
    'no signing certificate',
    { signingExpiresMs: undefined },
    'fail: signing.crt is gone or broken: minions cannot check jobs => RESTART',
  ],
  [
    'a signing certificate that ends soon',
    { signingExpiresMs: inDays(20) },
    'warn: the certificate that jobs are signed with ends on 2026-12-16 => RESTART',
  ],
  [
    'a certificate of the port that ends soon',
    { serverExpiresMs: inDays(20) },
    'warn: the certificate of the TLS port ends on 2026-12-16 => RESTART',
  ],
  [
    'a certificate of the port that has ended',
    { serverExpiresMs: inDays(-1) },
    'fail: the certificate of the TLS port ended on 2026-11-25 => RESTART',
  ],
])('%s is told', (_what, facts, line) => expect(judge(facts)).toEqual([line]));
