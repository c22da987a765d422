import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../../../../master/keys/authority.ts';
import { openAutosign } from '../../../../master/keys/autosign.ts';
import { createEnrollment, type Enrollment } from '../../../../master/keys/enroll.ts';
import { type KeyStore, openKeyStore } from '../../../../master/keys/key_store.ts';
import { createTokenStore, type TokenStore } from '../../../../master/keys/tokens.ts';
import { type Clock, systemClock } from '../../../../shared/clock.ts';
import { createCsr, verifyCertificate } from '../../../../shared/crypto/certificate.ts';
import { fingerprintOf, publicPem } from '../../../../shared/crypto/fingerprint.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { EnrollResponse, type EnrollResponsePayload } from '../../../../shared/protocol/messages/enroll.ts';

let pkiDir: string;
let authority: Authority;
let store: KeyStore;
let tokens: TokenStore;
let enrollment: Enrollment;
let events: [string, Readonly<Record<string, unknown>>][];
let elapsedMs: number;

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

async function start(settings: { keysMax?: number; pendingMax?: number; newKeysPerMinute?: number } = {}) {
  const clock: Clock = { ...systemClock, monotonicMs: () => elapsedMs };
  const log = silentLogger;
  const rules = { autoAccept: false, autosignFile: join(pkiDir, 'sign'), autorejectFile: join(pkiDir, 'reject') };
  const autosign = await openAutosign({
    ...rules,
    pkiDir,
    autosignGrainsDir: '',
    autosignTimeoutMinutes: 120,
    trustedGroups: [],
    clock,
    log,
  });
  authority = await openAuthority({ pkiDir, clock, minionCertDays: 90 });
  store = await openKeyStore({ pkiDir, keysMax: 0, pendingMax: 100, onChange: () => {}, log, ...settings });
  tokens = createTokenStore({ pkiDir, clock });
  const emit = (tag: string, data: Readonly<Record<string, unknown>>) => void events.push([tag, data]);
  const { newKeysPerMinute = 100 } = settings;
  enrollment = createEnrollment({
    store,
    authority,
    autosign,
    tokens,
    emit,
    clock,
    newKeysPerMinute,
    isTaken: (id) => id === 'led1',
  });
}

/** An offer as a minion makes it; the answer is checked against the protocol. */
async function offer(id: string, key: KeyObject, extra: { csr?: string; token?: string; topic?: string } = {}) {
  const { topic = fingerprintOf(key), ...rest } = extra;
  const answer = await enrollment.offered(topic, { id, csr: createCsr(key, id), ...rest });
  return EnrollResponse.check(answer) as EnrollResponsePayload;
}

const acts = (): unknown[] => events.map(([, { act }]) => act);

beforeEach(async () => {
  pkiDir = await mkdtemp(join(tmpdir(), 'brine-enroll-'));
  events = [];
  elapsedMs = 0;
  await start();
});
afterEach(() => rm(pkiDir, { recursive: true, force: true }));

test('a device waits until an operator accepts it and then is told its certificates', async () => {
  const key = newKey();
  expect(await offer('m1', key)).toEqual({ st: 'pending', message: 'waiting for an operator: salt-key -a m1' });
  expect(enrollment.decided('m1')).toEqual([]);
  await store.accept(['m1']);
  const [decision] = enrollment.decided('m1');
  expect(decision).toMatchObject({ fingerprint: fingerprintOf(key), response: { st: 'accepted' } });
  const { cert = '', signing_cert = '' } = decision!.response;
  const caPem = authority.caPem;
  expect(verifyCertificate({ certPem: cert, caPem, usage: 'client', nowMs: Date.now() })).toMatchObject({
    commonName: 'm1',
    fingerprint: fingerprintOf(key),
  });
  expect(signing_cert).toBe(authority.signingCertPem);
});

test('the name of a constrained minion is taken', async () => {
  expect(await offer('led1', newKey())).toEqual({
    st: 'invalid',
    message: 'led1 is a constrained minion, which has a password',
  });
  expect(store.get('led1')).toEqual([]);
});

test('an accepted device that offers again gets a new certificate', async () => {
  const key = newKey();
  await offer('m1', key);
  await store.accept(['m1']);
  expect(await offer('m1', key)).toMatchObject({ st: 'accepted', signing_cert: authority.signingCertPem });
});

test('each offer is told on the event bus as Salt tells it', async () => {
  const [key, other] = [newKey(), newKey()];
  await offer('m1', key);
  await store.accept(['m1']);
  await offer('m1', key);
  await offer('m1', other);
  await store.reject(['m1'], ['accepted']);
  await offer('m1', key);
  const pub = publicPem(key);
  expect(events).toEqual([
    ['salt/auth', { id: 'm1', act: 'pend', result: true, pub }],
    ['salt/auth', { id: 'm1', act: 'accept', result: true, pub }],
    ['salt/auth', { id: 'm1', act: 'denied', result: false, pub: publicPem(other) }],
    ['salt/auth', { id: 'm1', act: 'reject', result: false, pub }],
  ]);
});

test('another key for a known id is denied, and a good token does not change that and is not used up', async () => {
  await offer('m1', newKey());
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 60 });
  expect(await offer('m1', newKey(), { token })).toMatchObject({
    st: 'denied',
    message: expect.stringMatching(/-d m1/),
  });
  expect(await tokens.consume(token, 'm1')).toBe(true);
});

test('after an operator has decided, each key of that id is told its own answer', async () => {
  const [key, other] = [newKey(), newKey()];
  await offer('m1', key);
  await offer('m1', other);
  await store.accept(['m1']);
  expect(enrollment.decided('m1').map(({ fingerprint, response }) => [fingerprint, response.st])).toEqual([
    [fingerprintOf(key), 'accepted'],
    [fingerprintOf(other), 'denied'],
  ]);
});

test('a token accepts a device at once, and one device alone', async () => {
  const token = await tokens.generate({ idGlob: 'web*', ttlSeconds: 60 });
  expect(await offer('db1', newKey(), { token })).toMatchObject({ st: 'pending' });
  expect(await offer('web1', newKey(), { token })).toMatchObject({ st: 'accepted' });
  expect(await offer('web2', newKey(), { token })).toMatchObject({ st: 'pending' });
});

test('a token accepts a device that waits already', async () => {
  const key = newKey();
  await offer('m1', key);
  const token = await tokens.generate({ idGlob: 'm1', ttlSeconds: 60 });
  expect(await offer('m1', key, { token })).toMatchObject({ st: 'accepted' });
});

test('rules accept and reject, rejecting is stronger than accepting and than a token', async () => {
  await writeFile(join(pkiDir, 'sign'), 'web*', { mode: 0o644 });
  await writeFile(join(pkiDir, 'reject'), 'web9', { mode: 0o644 });
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 60 });
  expect(await offer('web1', newKey())).toMatchObject({ st: 'accepted' });
  expect(await offer('web9', newKey(), { token })).toEqual({ st: 'rejected', message: 'the key of web9 is rejected' });
  expect(await tokens.consume(token, 'm1')).toBe(true);
});

test('a request for another key than the one of the topic is invalid', async () => {
  const topic = fingerprintOf(newKey());
  expect(await offer('m1', newKey(), { topic })).toMatchObject({
    st: 'invalid',
    message: expect.stringMatching(/topic/),
  });
  expect(events).toEqual([['salt/auth', { id: 'm1', act: 'error', result: false, pub: '' }]]);
  expect(store.find(['*']).unaccepted).toEqual([]);
});

test('a request for another id is invalid', async () => {
  const key = newKey();
  expect(await offer('m1', key, { csr: createCsr(key, 'm2') })).toEqual({
    st: 'invalid',
    message: 'the request names m2, not m1',
  });
});

test.each(['', 'hello', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'])(
  'the request %j is invalid',
  async (csr) => {
    expect(await offer('m1', newKey(), { csr })).toMatchObject({ st: 'invalid' });
  },
);

test('a flood of keys is stopped, keys known already and good tokens pass, and the next minute is another', async () => {
  await start({ newKeysPerMinute: 2 });
  const key = newKey();
  await offer('m1', key);
  await offer('m2', newKey());
  expect(await offer('m3', newKey())).toEqual({ st: 'full', message: '2 new keys were offered in this minute' });
  expect(acts()).toEqual(['pend', 'pend', 'full']);
  expect(await offer('m1', key)).toMatchObject({ st: 'pending' });
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 60 });
  expect(await offer('m4', newKey(), { token })).toMatchObject({ st: 'accepted' });
  elapsedMs += 60_000;
  expect(await offer('m3', newKey())).toMatchObject({ st: 'pending' });
});

test('when too many keys wait, or max_minions is reached, the answer is full and names the limit', async () => {
  await start({ pendingMax: 1, keysMax: 1 });
  await offer('m1', newKey());
  expect(await offer('m2', newKey())).toMatchObject({ st: 'full', message: expect.stringMatching(/keys that wait/) });
  await store.accept(['m1']);
  expect(await offer('m2', newKey())).toMatchObject({ st: 'full', message: expect.stringMatching(/max_minions/) });
});

test('a token is not used up by an offer that is full', async () => {
  await start({ keysMax: 1 });
  await offer('m1', newKey(), { token: await tokens.generate({ idGlob: '*', ttlSeconds: 60 }) });
  const token = await tokens.generate({ idGlob: '*', ttlSeconds: 60 });
  expect(await offer('m2', newKey(), { token })).toMatchObject({ st: 'full' });
  expect(await tokens.consume(token, 'm2')).toBe(true);
});

test('a flood of offers that change nothing is told at a bounded rate, and what is new is told all the same', async () => {
  const key = newKey();
  for (let n = 0; n < 150; n++) await offer('m1', key, n % 2 === 0 ? {} : { csr: 'hello' });
  expect(events.length).toBeLessThanOrEqual(101);
  await offer('m2', newKey());
  expect(events.at(-1)).toEqual(['salt/auth', expect.objectContaining({ act: 'pend', id: 'm2', left_out: 49 })]);
  elapsedMs += 1000;
  await offer('m1', key);
  expect(events.at(-1)?.[1]).toMatchObject({ act: 'pend', id: 'm1' });
  expect(events.at(-1)?.[1]).not.toHaveProperty('left_out');
});

test('a flood of keys for an id that is taken is stopped before each is written down', async () => {
  await start({ newKeysPerMinute: 3 });
  await offer('m1', newKey());
  for (let n = 0; n < 2; n++) expect(await offer('m1', newKey())).toMatchObject({ st: 'denied' });
  expect(await offer('m1', newKey())).toMatchObject({ st: 'full' });
  expect(acts()).toEqual(['pend', 'denied', 'denied', 'full']);
});
