import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { expect, test } from 'vitest';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createSuccessor,
  issueCertificate,
  MASTER_NAME,
  readCertificate,
} from '../../../../shared/crypto/certificate.ts';
import { predecessorsOf } from '../../../../shared/crypto/succession.ts';

const nowMs = Date.now();
const ed25519 = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const p256 = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const authority = (key = ed25519()): CertificateAuthority => createCertificateAuthority(MASTER_NAME, key, nowMs);
const predecessors = ({ certPem }: CertificateAuthority) => predecessorsOf(readCertificate(certPem));

test('an authority that followed nobody has no predecessors', () => {
  expect(predecessors(authority())).toEqual([]);
});

test.each([
  ['Ed25519', ed25519, ed25519],
  ['P-256', p256, p256],
  ['P-256 and then Ed25519', p256, ed25519],
])('a successor proves that the authority before it made it so, with %s', (_kinds, before, after) => {
  const first = authority(before());
  expect(predecessors(createSuccessor(first, after(), nowMs))).toEqual([first.fingerprint]);
});

test('the predecessors of the predecessor come after it, eight at most', () => {
  const line = [authority()];
  for (let index = 0; index < 10; index++)
    line.unshift(createSuccessor(line[0] as CertificateAuthority, ed25519(), nowMs));
  const [last, ...earlier] = line;
  expect(predecessors(last as CertificateAuthority)).toEqual(earlier.slice(0, 8).map(({ fingerprint }) => fingerprint));
});

test('who takes the certificate of an authority without its key proves nothing about it', () => {
  const first = authority();
  const stranger = authority();
  const claimed = createSuccessor({ ...first, privateKey: stranger.privateKey }, ed25519(), nowMs);
  expect(predecessors(claimed)).toEqual([stranger.fingerprint]);
});

test('a proof is worth nothing in the certificate of another key', () => {
  const { certPem } = createSuccessor(authority(), ed25519(), nowMs);
  const { raw } = readCertificate(certPem);
  const spki = readCertificate(certPem).publicKey.export({ type: 'spki', format: 'der' });
  const place = raw.indexOf(spki) + spki.length - 1;
  raw[place] = (raw[place] ?? 0) ^ 1;
  const changed = `-----BEGIN CERTIFICATE-----\n${raw.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  expect(predecessorsOf(readCertificate(changed))).toEqual([]);
});

test('TLS takes the certificate of a successor, whose proof it does not know', async () => {
  const ca = createSuccessor(authority(), ed25519(), nowMs);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const leaf = issueCertificate({
    ca,
    publicKey,
    commonName: MASTER_NAME,
    usage: 'server',
    names: [MASTER_NAME],
    days: 1,
    nowMs,
  });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = tls.createServer({ key, cert: leaf + ca.certPem }, (socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = tls.connect({ host: '127.0.0.1', port, ca: ca.certPem, servername: MASTER_NAME });
  await once(socket, 'secureConnect');
  expect(socket.authorized).toBe(true);
  socket.destroy();
  server.close();
});
