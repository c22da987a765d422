import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificateMemo } from '../../../../minion/emulator/certificate_memo.ts';
import { createCertificateAuthority, issueCertificate } from '../../../../shared/crypto/certificate.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
const authority = () => createCertificateAuthority('test', generateKeyPairSync('ed25519').privateKey, NOW_MS);
const ca = authority();

function issue(commonName: string): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  return issueCertificate({ ca, publicKey, commonName, usage: 'client', days: 1, nowMs: NOW_MS });
}

test('what was found of a certificate is remembered, for as long as it is valid', () => {
  const verify = createCertificateMemo(8);
  const asked = { certPem: issue('m1'), caPem: ca.certPem, usage: 'client', nowMs: NOW_MS } as const;
  const found = verify(asked);
  expect(found.commonName).toBe('m1');
  expect(verify(asked)).toBe(found);
  expect(() => verify({ ...asked, nowMs: NOW_MS + 2 * DAY_MS })).toThrow('expired');
});

test('it is not good for another authority or another use', () => {
  const verify = createCertificateMemo(8);
  const asked = { certPem: issue('m1'), caPem: ca.certPem, usage: 'client', nowMs: NOW_MS } as const;
  verify(asked);
  expect(() => verify({ ...asked, caPem: authority().certPem })).toThrow('not issued by this authority');
  expect(() => verify({ ...asked, usage: 'signing' })).toThrow('is not for use as signing');
});

test('the oldest makes room for a new one', () => {
  const verify = createCertificateMemo(2);
  const [first, second, third] = ['m1', 'm2', 'm3'].map(
    (id) => ({ certPem: issue(id), caPem: ca.certPem, usage: 'client', nowMs: NOW_MS }) as const,
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were made');
  const found = [first, second, third].map(verify);
  expect(verify(third)).toBe(found[2]);
  expect(verify(first)).not.toBe(found[0]);
});
