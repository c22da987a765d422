import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emitKeyEvent } from '../../../../master/keys/key_events.ts';
import { type KeyStore, openKeyStore } from '../../../../master/keys/key_store.ts';
import type { KeyChange, KeyIds } from '../../../../master/keys/key_table.ts';
import { fingerprintOf, publicPem } from '../../../../shared/crypto/fingerprint.ts';
import { createLogger } from '../../../../shared/log.ts';

let pkiDir: string;
let changes: KeyChange[];
let warnings: string[];

beforeEach(async () => {
  pkiDir = await mkdtemp(join(tmpdir(), 'brine-keys-'));
  changes = [];
  warnings = [];
});
afterEach(() => rm(pkiDir, { recursive: true, force: true }));

const newKey = (): KeyObject => generateKeyPairSync('ed25519').publicKey;
const none: KeyIds = { accepted: [], denied: [], unaccepted: [], rejected: [] };
const asUnaccepted = async () => 'unaccepted' as const;
const asAccepted = async () => 'accepted' as const;
const asRejected = async () => 'rejected' as const;

function open(limits: { keysMax?: number; pendingMax?: number } = {}): Promise<KeyStore> {
  const sink = { level: 'warning', format: 'text', write: (line: string) => void warnings.push(line) } as const;
  return openKeyStore({
    pkiDir,
    keysMax: 0,
    pendingMax: 100,
    ...limits,
    onChange: (change) => void changes.push(change),
    log: createLogger([sink], () => 0),
  });
}

async function seed(directory: string, id: string, key: KeyObject): Promise<void> {
  await mkdir(join(pkiDir, directory), { recursive: true });
  await writeFile(join(pkiDir, directory, id), publicPem(key));
}

test('a key is offered, accepted and deleted, and its file goes with it', async () => {
  const store = await open();
  const key = newKey();
  const fingerprint = fingerprintOf(key);
  expect(store.refuseMinion('m1', fingerprint)).toBe('its key is not known');
  expect(await store.offer('m1', key, asUnaccepted)).toBe('unaccepted');
  expect(await readFile(join(pkiDir, 'minions_pre', 'm1'), 'utf8')).toBe(publicPem(key));
  expect(store.refuseMinion('m1', fingerprint)).toBe('its key is not accepted yet');

  expect(await store.accept(['m1'])).toEqual({ ...none, unaccepted: ['m1'] });
  expect(await readdir(join(pkiDir, 'minions_pre'))).toEqual([]);
  expect(await readdir(join(pkiDir, 'minions'))).toEqual(['m1']);
  expect(store.refuseMinion('m1', fingerprint)).toBeUndefined();
  expect(store.refuseMinion('m2', fingerprint)).toBe('its key is not known');
  expect(await store.offer('m1', key, asUnaccepted)).toBe('accepted');

  expect(await store.delete(['m1'])).toEqual({ ...none, accepted: ['m1'] });
  expect(await readdir(join(pkiDir, 'minions'))).toEqual([]);
  expect(store.refuseMinion('m1', fingerprint)).toBe('its key is not known');
  expect(changes).toEqual([
    { id: 'm1', fingerprint, from: undefined, to: 'unaccepted', by: 'offer' },
    { id: 'm1', fingerprint, from: 'unaccepted', to: 'accepted', by: 'operator' },
    { id: 'm1', fingerprint, from: 'accepted', to: undefined, by: 'operator' },
  ]);
});

test('a rejected key stays rejected whatever it asks for, until an operator includes it', async () => {
  const store = await open();
  const key = newKey();
  await store.offer('m1', key, asUnaccepted);
  await store.reject(['m1']);
  expect(await store.offer('m1', key, asAccepted)).toBe('rejected');
  expect(store.refuseMinion('m1', fingerprintOf(key))).toBe('its key is rejected');
  expect(await store.accept(['*'])).toEqual(none);
  expect(await store.accept(['*'], ['rejected'])).toEqual({ ...none, rejected: ['m1'] });
  expect(store.refuseMinion('m1', fingerprintOf(key))).toBeUndefined();
});

test('an accepted key is rejected only when it is included', async () => {
  const store = await open();
  await store.offer('m1', newKey(), asAccepted);
  expect(await store.reject(['m1'])).toEqual(none);
  expect(await store.reject(['m1'], ['accepted'])).toEqual({ ...none, accepted: ['m1'] });
  expect(store.list()).toEqual({ ...none, rejected: ['m1'] });
});

test.each([
  ['accepted', asAccepted],
  ['unaccepted', asUnaccepted],
  ['rejected', asRejected],
] as const)('another key for an id that is %s is denied and changes nothing', async (state, decide) => {
  const store = await open();
  const [key, other] = [newKey(), newKey()];
  expect(await store.offer('m1', key, decide)).toBe(state);
  expect(await store.offer('m1', other, asAccepted)).toBe('denied');
  expect(store.list()).toEqual({ ...none, [state]: ['m1'], denied: ['m1'] });
  expect(store.refuseMinion('m1', fingerprintOf(other))).toBe('its key is not the one known for that id');
  expect(store.get('m1').map((found) => [found.state, found.fingerprint])).toEqual(
    expect.arrayContaining([
      [state, fingerprintOf(key)],
      ['denied', fingerprintOf(other)],
    ]),
  );
});

test('accepting a denied key puts it in the place of the accepted one, and both changes are told', async () => {
  const store = await open();
  const [key, other] = [newKey(), newKey()];
  await store.offer('m1', key, asAccepted);
  await store.offer('m1', other, asUnaccepted);
  changes = [];
  await store.accept(['m1'], ['denied']);
  expect(store.refuseMinion('m1', fingerprintOf(other))).toBeUndefined();
  expect(store.refuseMinion('m1', fingerprintOf(key))).toBeDefined();
  expect(changes).toEqual([
    { id: 'm1', fingerprint: fingerprintOf(key), from: 'accepted', to: undefined, by: 'operator' },
    { id: 'm1', fingerprint: fingerprintOf(other), from: 'denied', to: 'accepted', by: 'operator' },
  ]);
});

test('a key that waits is accepted or rejected by a later decision', async () => {
  const store = await open();
  const [first, second] = [newKey(), newKey()];
  await store.offer('m1', first, asUnaccepted);
  await store.offer('m2', second, asUnaccepted);
  expect(await store.offer('m1', first, asAccepted)).toBe('accepted');
  expect(await store.offer('m2', second, asRejected)).toBe('rejected');
  expect(store.list()).toEqual({ ...none, accepted: ['m1'], rejected: ['m2'] });
});

test('a key that is known is not decided about again', async () => {
  const store = await open();
  const key = newKey();
  await store.offer('m1', key, asAccepted);
  const decide = () => Promise.reject(new Error('asked'));
  expect(await store.offer('m1', key, decide)).toBe('accepted');
  expect(await store.offer('m1', newKey(), decide)).toBe('denied');
});

test('keys in the directories are there after a start, and no change is told', async () => {
  const [key, other] = [newKey(), newKey()];
  await seed('minions', 'm1', key);
  await seed('minions_rejected', 'm2', other);
  const store = await open();
  expect(store.list()).toEqual({ ...none, accepted: ['m1'], rejected: ['m2'] });
  expect(store.refuseMinion('m1', fingerprintOf(key))).toBeUndefined();
  expect(changes).toEqual([]);
});

test('a key that is seeded while the master runs is accepted when its minion offers it', async () => {
  const store = await open();
  const key = newKey();
  await seed('minions', 'm1', key);
  expect(await store.offer('m1', key, asUnaccepted)).toBe('accepted');
});

test('a rescan finds what came and went', async () => {
  const store = await open();
  const key = newKey();
  await seed('minions', 'm1', key);
  await store.rescan();
  expect(store.refuseMinion('m1', fingerprintOf(key))).toBeUndefined();
  await rm(join(pkiDir, 'minions', 'm1'));
  await store.rescan();
  expect(store.list()).toEqual(none);
  expect(changes.map(({ from, to, by }) => [from, to, by])).toEqual([
    [undefined, 'accepted', 'file'],
    ['accepted', undefined, 'file'],
  ]);
});

test('a file that holds no key accepts nobody and is warned about', async () => {
  await seed('minions', 'm1', newKey());
  await writeFile(join(pkiDir, 'minions', 'm2'), 'hello');
  await writeFile(join(pkiDir, 'minions', '.m3.tmp'), 'left by a crash');
  await mkdir(join(pkiDir, 'minions', 'm4'));
  const store = await open();
  expect(store.list()).toEqual({ ...none, accepted: ['m1'] });
  expect(warnings).toHaveLength(2);
});

test.each(['', '..', '../m1', 'a/b', '.hidden', 'm1\0', 'x'.repeat(64), 'm1\n'])(
  '%j never becomes a file',
  async (id) => {
    const store = await open();
    await expect(store.offer(id, newKey(), asAccepted)).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    await expect(store.refresh(id)).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(store.list()).toEqual(none);
  },
);

test('globs select ids as salt-key does, sorted without regard to case', async () => {
  const store = await open();
  for (const id of ['web2', 'Web1', 'db1', 'web10']) await store.offer(id, newKey(), asUnaccepted);
  expect(store.find(['*']).unaccepted).toEqual(['db1', 'Web1', 'web10', 'web2']);
  expect(store.find(['web?', 'db*']).unaccepted).toEqual(['db1', 'web2']);
  expect((await store.accept(['web1?', 'web1*'])).unaccepted).toEqual(['web10']);
});

test('the accepted ids are sorted once, until one comes or goes', async () => {
  const store = await open();
  for (const id of ['web2', 'Web1', 'db']) await store.offer(id, newKey(), asAccepted);
  const ids = store.acceptedIds();
  expect(ids).toEqual(['db', 'Web1', 'web2']);
  await store.offer('db', newKey(), asAccepted);
  await store.offer('waits', newKey(), asUnaccepted);
  expect(store.acceptedIds()).toBe(ids);
  await store.accept(['waits']);
  await store.reject(['db'], ['accepted']);
  await store.delete(['web2']);
  expect([store.acceptedIds(), store.list().rejected]).toEqual([['waits', 'Web1'], ['db']]);
});

test('no more keys wait than the limit', async () => {
  const store = await open({ pendingMax: 2 });
  await store.offer('m1', newKey(), asUnaccepted);
  await store.offer('m2', newKey(), asUnaccepted);
  await expect(store.offer('m3', newKey(), asUnaccepted)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: 'the limit of keys that wait is reached: 2 keys are unaccepted',
  });
  expect(await store.offer('m4', newKey(), asAccepted)).toBe('accepted');
});

test('keys that rules reject leave no more files than the limit', async () => {
  const store = await open({ pendingMax: 2 });
  for (const id of ['m1', 'm2', 'm3']) expect(await store.offer(id, newKey(), asRejected)).toBe('rejected');
  expect(await readdir(join(pkiDir, 'minions_rejected'))).toHaveLength(2);
});

test('at max_minions no key is asked about, and those accepted stay', async () => {
  const store = await open({ keysMax: 1 });
  const key = newKey();
  await store.offer('m1', key, asAccepted);
  const decide = () => Promise.reject(new Error('asked'));
  await expect(store.offer('m2', newKey(), decide)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: 'max_minions is reached: 1 keys are accepted',
  });
  expect(await store.offer('m1', key, decide)).toBe('accepted');
});

test('two offers for one id at the same moment end with one key', async () => {
  const store = await open();
  const states = await Promise.all([newKey(), newKey()].map((key) => store.offer('m1', key, asAccepted)));
  expect(states).toEqual(['accepted', 'denied']);
});

test('a key whose file somebody removed is not accepted', async () => {
  const store = await open();
  await store.offer('m1', newKey(), asUnaccepted);
  await rm(join(pkiDir, 'minions_pre', 'm1'));
  await store.accept(['m1']);
  expect(store.list()).toEqual(none);
  expect(changes.at(-1)).toMatchObject({ to: undefined, by: 'file' });
});

test('salt/key tells what an operator did and nothing else', async () => {
  const store = await open();
  await store.offer('m1', newKey(), asUnaccepted);
  await store.offer('m2', newKey(), asAccepted);
  await store.accept(['m1']);
  await store.reject(['m1'], ['accepted']);
  await store.delete(['m1']);
  const events: unknown[] = [];
  for (const change of changes) emitKeyEvent(change, (tag, data) => events.push([tag, data]));
  expect(events).toEqual([
    ['salt/key', { id: 'm1', act: 'accept', result: true }],
    ['salt/key', { id: 'm1', act: 'reject', result: true }],
    ['salt/key', { id: 'm1', act: 'delete', result: true }],
  ]);
});
