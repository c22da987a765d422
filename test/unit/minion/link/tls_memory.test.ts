import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTlsMemory } from '../../../../minion/link/tls_memory.ts';
import { createCertificateAuthority, issueCertificate } from '../../../../shared/crypto/certificate.ts';

const nowMs = Date.UTC(2026, 0, 1);
const { privateKey } = generateKeyPairSync('ed25519');
const authority = () => createCertificateAuthority('salt-master', generateKeyPairSync('ed25519').privateKey, nowMs);
const credentialsOf = (ca = authority()) => {
  const publicKey = createPublicKey(privateKey);
  const certPem = issueCertificate({ ca, publicKey, commonName: 'm1', usage: 'client', days: 1, nowMs });
  return { caPem: ca.certPem, certPem };
};
const session = Buffer.from('session');

test('the next connection goes on with the context and the session of the last', () => {
  const tlsFor = createTlsMemory(privateKey);
  const own = credentialsOf();
  const first = tlsFor(own);
  expect(first.options).toMatchObject({ servername: 'salt-master', session: undefined });
  first.keep(Buffer.from('first'));
  first.keep(session);
  const second = tlsFor({ ...own });
  expect(second.options.session).toBe(session);
  expect(second.options.secureContext).toBe(first.options.secureContext);
});

test.each([
  ['certificate', (own: ReturnType<typeof credentialsOf>) => ({ ...own, certPem: credentialsOf().certPem })],
  ['authority', (own: ReturnType<typeof credentialsOf>) => ({ ...own, caPem: credentialsOf().caPem })],
])('another %s begins anew', (_name, change) => {
  const tlsFor = createTlsMemory(privateKey);
  const own = credentialsOf();
  const first = tlsFor(own);
  first.keep(session);
  const second = tlsFor(change(own));
  expect(second.options.session).toBeUndefined();
  expect(second.options.secureContext).not.toBe(first.options.secureContext);
  // What a connection with the former credentials still tells is none of the present ones.
  first.keep(session);
  expect(tlsFor(change(own)).options.session).toBeUndefined();
});

test('a session with which no connection could be made is not tried again', () => {
  const tlsFor = createTlsMemory(privateKey);
  const own = credentialsOf();
  tlsFor(own).keep(session);
  tlsFor(own).forget();
  expect(tlsFor(own).options.session).toBeUndefined();
});
