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
import { encodePayload, openPayload } from '../../../../shared/protocol/codec.ts';

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
  await verifyJob(openPayload(bytes), 'm1', (name) => (name === kid ? publicKey : undefined));
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

test('the keys of TLS session tickets stay over a restart, and change with the authority', async () => {
  const before = (await open()).serverTls().ticketKeys;
  const authority = await open();
  expect(before).toHaveLength(48);
  expect(authority.serverTls().ticketKeys).toEqual(before);
  await authority.replaceAuthority();
  expect(authority.serverTls().ticketKeys).not.toEqual(before);
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

const takeNew = async (authority: Authority, overlapSeconds = 60): Promise<void> =>
  authority.prepareSigningKey().take(Math.floor(nowMs / 1000) + overlapSeconds);
const kidsTold = ({ told, caPem }: Authority): string[] =>
  told().signing_certs.map((certPem) => {
    const { fingerprint } = verifyCertificate({ certPem, caPem, usage: 'signing', nowMs });
    return fingerprint.slice(0, 8);
  });

test('a prepared signing key is told of, and signs when it is taken', async () => {
  const authority = await open();
  const { kid } = authority;
  const prepared = authority.prepareSigningKey();
  expect([authority.kid, kidsTold(authority)]).toEqual([kid, [kid, expect.not.stringMatching(kid)]]);
  await prepared.take(Math.floor(nowMs / 1000) + 60);
  expect(authority.kid).not.toBe(kid);
  expect(kidsTold(authority)).toEqual([authority.kid, kid]);
  expect(authority.told().signing_ends).toEqual({ [kid]: Math.floor(nowMs / 1000) + 60 });
});

test('a prepared signing key that was dropped is told of no more', async () => {
  const authority = await open();
  authority.prepareSigningKey().drop();
  expect(kidsTold(authority)).toEqual([authority.kid]);
});

test('after a restart the taken key signs, and the one before it is told of until its end', async () => {
  const first = await open();
  const { kid: old } = first;
  await takeNew(first);
  const second = await open();
  expect([second.kid, kidsTold(second)]).toEqual([first.kid, [first.kid, old]]);
  const later = await open(nowMs + 61_000);
  expect([kidsTold(later), later.told().signing_ends]).toEqual([[first.kid], undefined]);
  expect(await readFile(join(pkiDir, 'signing_retired.json'), 'utf8')).not.toContain('PRIVATE');
});

test('a crash before the new signing key was written leaves the old one, which is not called retired', async () => {
  const first = await open();
  const before = await readFile(join(pkiDir, 'signing.pem'), 'utf8');
  const { kid } = first;
  await takeNew(first);
  await writeFile(join(pkiDir, 'signing.pem'), before);
  const second = await open();
  expect([second.kid, second.retired()]).toEqual([kid, []]);
});

test('a replaced authority proves that it follows the one before, and issues what comes', async () => {
  const authority = await open();
  const { fingerprint, kid } = authority;
  expect([authority.predecessors, authority.succession()]).toEqual([[], {}]);
  await authority.replaceAuthority();
  expect(authority.fingerprint).not.toBe(fingerprint);
  expect([authority.predecessors, authority.kid]).toEqual([[fingerprint], kid]);
  expect(authority.told().ca).toBe(authority.caPem);
  expect(kidsTold(authority)).toEqual([kid]);
  const certPem = authority.issueMinionCertificate('m1', generateKeyPairSync('ed25519').publicKey);
  const { caPem } = authority;
  expect(() => verifyCertificate({ certPem, caPem, usage: 'client', nowMs })).not.toThrow();
  const again = await open();
  expect([again.caPem, again.kid]).toEqual([caPem, kid]);
  expect(await readFile(join(pkiDir, 'master.pub'), 'utf8')).toBe(publicPem(readCertificate(caPem).publicKey));
});

test.each([
  ['before the certificate of the new authority was written', ['master_next.pem'], 'old'],
  ['before any file was replaced', ['master_next.pem', 'master_next.crt'], 'new'],
  ['between the key and the certificate', ['master.pem', 'master_next.crt'], 'new'],
])('a crash %s leaves a master that starts', async (_when, written, which) => {
  const authority = await open();
  const old = authority.fingerprint;
  const files = ['master.pem', 'master.crt'];
  const read = () => Promise.all(files.map((name) => readFile(join(pkiDir, name), 'utf8')));
  const before = await read();
  await authority.replaceAuthority();
  const after = await read();
  for (const [index, name] of files.entries()) {
    const next = name.replace('.', '_next.');
    await writeFile(join(pkiDir, name), String((written.includes(name) ? after : before)[index]), { mode: 0o600 });
    if (written.includes(next)) await writeFile(join(pkiDir, next), String(after[index]), { mode: 0o600 });
  }
  expect((await open()).fingerprint).toBe(which === 'old' ? old : authority.fingerprint);
  expect((await readdir(pkiDir)).filter((name) => name.includes('next'))).toEqual([]);
});

test('a broken file of retired keys is named', async () => {
  await open();
  await writeFile(join(pkiDir, 'signing_retired.json'), '{');
  await expect(open()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/signing_retired/),
  });
});
