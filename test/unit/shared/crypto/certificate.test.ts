import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { expect, test } from 'vitest';
import {
  type CertificateUsage,
  createCertificateAuthority,
  createCsr,
  issueCertificate,
  parseCsr,
  verifyCertificate,
} from '../../../../shared/crypto/certificate.ts';
import { fingerprintOf } from '../../../../shared/crypto/fingerprint.ts';

/** Both made by OpenSSL 3: `openssl req -new`, the first with P-256 and two attributes, the second with RSA. */
const OPENSSL_FINGERPRINT = '66dc0b04a542a38ee260ed300b94190f1804c555b66b66845e433e8dcaeca922';
const OPENSSL_REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIHgMIGHAgEAMCUxEDAOBgNVBAoMB0V4YW1wbGUxETAPBgNVBAMMCHNlbnNvci03
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExRt2Sd6pQBSpH35KtrilpSwcWFR/
8Ke6lvLHghCCyUPqq159lUxr1YCLAj1yUknHYAOw5hjNXi2Ef4CsWz8lkqAAMAoG
CCqGSM49BAMCA0gAMEUCIQCFoO/EOdNyml5i21MfCSfINylP6+FwkqaFxtx2pqMd
PwIgOuCFFGw+V3gncNtKCSQ/voYFWLz5dI7Pxr83tvkCfdc=
-----END CERTIFICATE REQUEST-----
`;
const RSA_REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIIBTDCBtgIBADANMQswCQYDVQQDDAJtMTCBnzANBgkqhkiG9w0BAQEFAAOBjQAw
gYkCgYEArxnyonZXdjQFJLNPhPv7xgH7dNSzFoYcLfdaxHCFJHLaNX8pqW4R5d8E
T9zl7tX3lHqx0DRlKswnz1UihHMTIYTp4FRVhMzlG/gVgn7A7gLxkVvD0n2+buCr
ZJGiODuaVQ2X/ZrgUiknSStnV1kPDfCYZoyQriEP4Vva6bwerukCAwEAAaAAMA0G
CSqGSIb3DQEBCwUAA4GBAJBfcB7JANRiT1Pc3Uf73j7PwNJ0t8xAYpqZ7v2sPV1z
wjjWdGxbSFmXzzVDbNtNhYrZY+HYp1MYlwVgd1GGfic0gUVGFNG3rOg87f5rp8j9
/vV0Zl1u/yImyuE/CliCHC5i7aE0xW+7g8xy36ZIeaMa4M0Y/3vI2o1Y4hejLZrM
-----END CERTIFICATE REQUEST-----
`;

const nowMs = Date.now();
const DAY_MS = 86_400_000;
const ed25519 = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const p256 = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64');

const ca = createCertificateAuthority('salt-master', ed25519(), nowMs);

function certify(key: KeyObject, commonName: string, usage: CertificateUsage, options: object = {}): string {
  const { publicKey } = parseCsr(createCsr(key, commonName));
  return issueCertificate({ ca, publicKey, commonName, usage, days: 30, nowMs, ...options });
}

interface Party {
  readonly key: KeyObject;
  readonly cert: string;
}

/** A real handshake on the loopback: what each side made of the other. */
async function handshake(server: Party, client: Party, caPem = ca.certPem) {
  const listener = tls.createServer({
    key: pemOf(server.key),
    cert: server.cert + ca.certPem,
    ca: ca.certPem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const arrived = once(listener, 'secureConnection') as Promise<[tls.TLSSocket]>;
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const socket = tls.connect({
    port: (listener.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: 'salt-master',
    ca: caPem,
    key: pemOf(client.key),
    cert: client.cert,
  });
  try {
    await once(socket, 'secureConnect');
    const [peer] = await arrived;
    return {
      authorized: peer.authorized,
      reason: peer.authorizationError,
      commonName: peer.getPeerCertificate().subject.CN,
      fingerprint: fingerprintOf(peer.getPeerX509Certificate()!.publicKey),
    };
  } finally {
    socket.destroy();
    listener.close();
  }
}

const serverKey = ed25519();
const server: Party = { key: serverKey, cert: certify(serverKey, 'salt-master', 'server', { names: ['salt-master'] }) };

test.each([
  ['Ed25519', ed25519],
  ['P-256', p256],
])('a minion with an %s key and the master verify each other in TLS', async (_name, makeKey) => {
  const key = makeKey();
  const met = await handshake(server, { key, cert: certify(key, 'm1', 'client') });
  expect(met).toMatchObject({ authorized: true, commonName: 'm1', fingerprint: fingerprintOf(key) });
});

test('an authority with a P-256 key serves clients that know no Ed25519', async () => {
  const other = createCertificateAuthority('salt-master', p256(), nowMs);
  const key = p256();
  const cert = issueCertificate({ ca: other, publicKey: key, commonName: 'm1', usage: 'client', days: 1, nowMs });
  expect(verifyCertificate({ certPem: cert, caPem: other.certPem, usage: 'client', nowMs }).commonName).toBe('m1');
});

test('a minion refuses a master of another authority', async () => {
  const stranger = createCertificateAuthority('salt-master', ed25519(), nowMs);
  const key = ed25519();
  const client = { key, cert: certify(key, 'm1', 'client') };
  await expect(handshake(server, client, stranger.certPem)).rejects.toThrow(/self-signed|unable to verify/);
});

test("a minion's certificate does not make it a master", async () => {
  const key = ed25519();
  const impostor = { key, cert: certify(key, 'salt-master', 'client', { names: ['salt-master'] }) };
  await expect(handshake(impostor, impostor)).rejects.toThrow(/purpose/);
});

test('a server certificate for another name is refused', async () => {
  const key = ed25519();
  const misnamed = { key, cert: certify(key, 'other', 'server', { names: ['other'] }) };
  await expect(handshake(misnamed, server)).rejects.toThrow(/altnames/);
});

test.each(['server', 'signing'] as const)('a certificate for use as %s is none of a minion', async (usage) => {
  const key = ed25519();
  const met = await handshake(server, { key, cert: certify(key, 'm1', usage) });
  expect(met).toMatchObject({ authorized: false, reason: 'INVALID_PURPOSE' });
});

test('an expired certificate is refused on both sides', async () => {
  const long = { nowMs: nowMs - 60 * DAY_MS };
  const key = ed25519();
  const old = { key, cert: certify(key, 'm1', 'client', long) };
  expect(await handshake(server, old)).toMatchObject({ authorized: false, reason: 'CERT_HAS_EXPIRED' });
  const oldServer = { key, cert: certify(key, 'salt-master', 'server', { ...long, names: ['salt-master'] }) };
  await expect(handshake(oldServer, server)).rejects.toThrow(/expired/);
});

test('a server certificate carries its names and addresses', () => {
  const names = ['salt-master', '192.0.2.7', '2001:db8::7', '::ffff:192.0.2.1', '::'];
  const certificate = new X509Certificate(certify(ed25519(), 'salt-master', 'server', { names }));
  expect(certificate.subjectAltName).toBe(
    'DNS:salt-master, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, ' +
      'IP Address:0:0:0:0:0:FFFF:C000:201, IP Address:0:0:0:0:0:0:0:0',
  );
});

test('the authority never expires and its certificate is taken back with its key alone', () => {
  const authority = new X509Certificate(ca.certPem);
  expect(authority.validTo).toBe('Dec 31 23:59:59 9999 GMT');
  expect(authority.ca).toBe(true);
  expect(createCertificateAuthority('ignored', ca.privateKey, nowMs, ca.certPem)).toEqual(ca);
  expect(() => createCertificateAuthority('x', ed25519(), nowMs, ca.certPem)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});

test('a verified certificate says whose key it names', () => {
  const key = ed25519();
  const found = verifyCertificate({
    certPem: certify(key, 'salt-master', 'signing'),
    caPem: ca.certPem,
    usage: 'signing',
    nowMs,
  });
  expect(found).toMatchObject({ commonName: 'salt-master', fingerprint: fingerprintOf(key) });
  expect(found.expiresAtMs - nowMs).toBeGreaterThan(29 * DAY_MS);
});

test.each([
  ['of another authority', () => createCertificateAuthority('salt-master', ed25519(), nowMs).certPem, nowMs],
  ['past its end', () => ca.certPem, nowMs + 31 * DAY_MS],
  ['before its begin', () => ca.certPem, nowMs - 2 * DAY_MS],
])('a signing certificate %s is refused', (_what, caPem, atMs) => {
  const certPem = certify(ed25519(), 'salt-master', 'signing');
  expect(() => verifyCertificate({ certPem, caPem: caPem(), usage: 'signing', nowMs: atMs })).toThrow(
    expect.objectContaining({ code: 'KEY_MISMATCH' }),
  );
});

test("a minion's certificate is no signing certificate, and the authority's own is none either", () => {
  for (const certPem of [certify(ed25519(), 'm1', 'client'), ca.certPem]) {
    expect(() => verifyCertificate({ certPem, caPem: ca.certPem, usage: 'signing', nowMs })).toThrow(
      /not for use as signing/,
    );
  }
});

test.each([
  ['Ed25519', ed25519],
  ['P-256', p256],
])('no single changed bit of an %s request passes', (_name, makeKey) => {
  const request = derOf(createCsr(makeKey(), 'm1'));
  for (let bit = 0; bit < request.length * 8; bit++) {
    const changed = Buffer.from(request);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => parseCsr(changed), `bit ${bit}`).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
  }
});

test.each([
  ['text that is no PEM', 'hello'],
  ['another kind of PEM', ca.certPem],
  ['two blocks', createCsr(ed25519(), 'm1').repeat(2)],
  ['base64 with other characters', createCsr(ed25519(), 'm1').replace(/\n([A-Za-z])/, '\n*$1')],
  ['a request that is too long', ' '.repeat(9000)],
  ['a request cut short', derOf(createCsr(ed25519(), 'm1')).subarray(0, 80)],
  ['bytes after the request', Buffer.concat([derOf(createCsr(ed25519(), 'm1')), Buffer.of(0)])],
  ['an RSA key', RSA_REQUEST],
])('%s is refused', (_what, request) => {
  expect(() => parseCsr(request)).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});

test('a request that OpenSSL made is read', () => {
  const { commonName, publicKey, fingerprint } = parseCsr(OPENSSL_REQUEST);
  expect(commonName).toBe('sensor-7');
  expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(fingerprint).toBe(OPENSSL_FINGERPRINT);
});
