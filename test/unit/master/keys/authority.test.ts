import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../../../../master/keys/authority.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { readCertificate, verifyCertificate } from '../../../../shared/crypto/certificate.ts';
import { fingerprintOf, publicPem } from '../../../../shared/crypto/fingerprint.ts';
import { signJob, verifyJob } from '../../../../shared/crypto/job_signature.ts';
import { encodePayload } from '../../../../shared/protocol/codec.ts';

const DAY_MS = 86_400_000;
let pkiDir: string;

beforeEach(async () => {
  pkiDir = join(await mkdtemp(join(tmpdir(), 'brine-authority-')), 'pki');
});
afterEach(() => rm(join(pkiDir, '..'), { recursive: true, force: true }));

const clockAt = (nowMs: number): Clock => ({ ...systemClock, nowMs: () => nowMs });
const nowMs = Date.now();
const open = (atMs = nowMs): Promise<Authority> => openAuthority({ pkiDir, clock: clockAt(atMs), minionCertDays: 90 });

async function seedKey(name: string, key: KeyObject): Promise<void> {
  await mkdir(pkiDir, { recursive: true });
  await writeFile(join(pkiDir, name), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}

test('the first start makes keys and certificates, secrets for the owner alone', async () => {
  const authority = await open();
  expect((await readdir(pkiDir)).sort()).toEqual([
    'master.crt',
    'master.pem',
    'master.pub',
    'signing.crt',
    'signing.pem',
  ]);
  for (const name of ['master.pem', 'signing.pem']) {
    expect((await stat(join(pkiDir, name))).mode & 0o777).toBe(0o600);
  }
  expect(await readFile(join(pkiDir, 'master.crt'), 'utf8')).toBe(authority.caPem);
  const ca = readCertificate(authority.caPem);
  expect(fingerprintOf(ca.publicKey)).toBe(authority.fingerprint);
  expect(await readFile(join(pkiDir, 'master.pub'), 'utf8')).toBe(publicPem(ca.publicKey));
});

test('the second start takes the same keys', async () => {
  const first = await open();
  const second = await open(nowMs + DAY_MS);
  for (const name of ['fingerprint', 'caPem', 'kid', 'signingCertPem'] as const) {
    expect(second[name]).toBe(first[name]);
  }
});

test('a job that the signing key signed verifies with the signing certificate', async () => {
  const { caPem, kid, signingKey, signingCertPem } = await open();
  const { publicKey } = verifyCertificate({ certPem: signingCertPem, caPem, usage: 'signing', nowMs });
  const payload = encodePayload({ fun: 'test.ping' }, 'cbor');
  const bytes = await signJob({ payload, encoding: 'cbor', id: 'm1', kid, privateKey: signingKey });
  expect(verifyJob(bytes, 'm1', (name) => (name === kid ? publicKey : undefined)).encoding).toBe('cbor');
});

test("a minion's certificate is for its id and the configured days", async () => {
  const authority = await open();
  const { publicKey } = generateKeyPairSync('ed25519');
  const certPem = authority.issueMinionCertificate('m1', publicKey);
  const found = verifyCertificate({ certPem, caPem: authority.caPem, usage: 'client', nowMs });
  expect(found).toMatchObject({ commonName: 'm1', fingerprint: fingerprintOf(publicKey) });
  expect(Math.round((found.expiresAtMs - nowMs) / DAY_MS)).toBe(90);
});

test('each start has another server key, named salt-master, with the authority in its chain', async () => {
  const authority = await open();
  const [first, second] = [authority.serverTls(), authority.serverTls()];
  expect(first.keyPem).not.toBe(second.keyPem);
  const leaf = new X509Certificate(first.certPem);
  expect(leaf.checkHost('salt-master')).toBe('salt-master');
  expect(first.certPem.endsWith(authority.caPem)).toBe(true);
  expect(() =>
    verifyCertificate({ certPem: leaf.toString(), caPem: authority.caPem, usage: 'server', nowMs }),
  ).not.toThrow();
  expect(await readFile(join(pkiDir, 'master.pem'), 'utf8')).not.toBe(first.keyPem);
});

test("the server's certificate outlives a master that runs for years", async () => {
  const { serverTls, caPem } = await open();
  const certPem = new X509Certificate(serverTls().certPem).toString();
  const later = nowMs + 9 * 365 * DAY_MS;
  expect(() => verifyCertificate({ certPem, caPem, usage: 'server', nowMs: later })).not.toThrow();
});

test('a P-256 key that was put there issues P-256 certificates', async () => {
  await seedKey('master.pem', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
  const leaf = new X509Certificate((await open()).serverTls().certPem);
  expect(leaf.publicKey.asymmetricKeyType).toBe('ec');
});

test('a signing certificate is made again when less than a year is left of it', async () => {
  const first = await open();
  const later = nowMs + 9.5 * 365 * DAY_MS;
  const second = await open(later);
  expect(second.kid).toBe(first.kid);
  expect(second.signingCertPem).not.toBe(first.signingCertPem);
  expect(() =>
    verifyCertificate({ certPem: second.signingCertPem, caPem: second.caPem, usage: 'signing', nowMs: later }),
  ).not.toThrow();
});

test('a signing certificate is made again when the signing key was replaced', async () => {
  const first = await open();
  await rm(join(pkiDir, 'signing.pem'));
  const second = await open();
  expect(second.kid).not.toBe(first.kid);
  expect(fingerprintOf(readCertificate(second.signingCertPem).publicKey).slice(0, 8)).toBe(second.kid);
});

test.each(['master.pem', 'master.crt', 'signing.pem', 'signing.crt'])('a broken %s is named', async (name) => {
  await open();
  await writeFile(join(pkiDir, name), 'hello');
  await expect(open()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(join(pkiDir, name)),
  });
});

test('an authority whose certificate is of another key is refused', async () => {
  await open();
  await seedKey('master.pem', generateKeyPairSync('ed25519').privateKey);
  await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/master\.crt/) });
});

test('a signing key that is not Ed25519 is refused', async () => {
  await seedKey('signing.pem', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
  await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/Ed25519/) });
});

test('a private key that others may read is refused with the command that mends it', async () => {
  await open();
  await chmod(join(pkiDir, 'signing.pem'), 0o644);
  await expect(open()).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
    hint: `chmod 600 ${join(pkiDir, 'signing.pem')}`,
  });
});
