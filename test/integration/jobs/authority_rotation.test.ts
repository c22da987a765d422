import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AuthorityRotation } from '../../../master/keys/rotation.ts';
import { readCertificate, verifyCertificate } from '../../../shared/crypto/certificate.ts';
import { colonFingerprint, fingerprintOf } from '../../../shared/crypto/fingerprint.ts';
import { connectAs } from '../../support/connect_as.ts';
import { createGate } from '../../support/gate_module.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const rotate = async (): Promise<AuthorityRotation> =>
  (await fleet.call('runner', 'key.rotate', [], { ca: true })) as AuthorityRotation;
const succeeded = expect.objectContaining({ t: 'ret', return: true });
const ping = (id: string) => fleet.run(id, 'test.ping');
const stored = (id: string, name: string): Promise<string> =>
  readFile(join(fleet.directory, id, 'etc/salt/pki/minion', name), 'utf8');
const pinned = async (id: string): Promise<string> =>
  colonFingerprint(fingerprintOf(readCertificate(await stored(id, 'minion_master.crt')).publicKey));
const fingerprint = (): string => colonFingerprint(fleet.context().authority.fingerprint);
const renewed = () => fleet.minionLog.waitFor((line) => line.includes('the master renewed the certificate'));

test('connected minions go on, pin the new authority and get certificates of it', async () => {
  const gate = createGate();
  fleet = await startFleet({ minions: ['m1'], modules: { gate: gate.module } });
  const old = fingerprint();
  const running = fleet.run('m1', 'gate.wait', ['one']);
  await gate.entered.waitForCount(1);
  const result = await rotate();
  expect(result).toMatchObject({ old_fingerprint: old, fingerprint: fingerprint(), told: ['m1'], silent: [] });
  expect([await pinned('m1'), fingerprint() === old]).toEqual([result.fingerprint, false]);
  await renewed();
  const certPem = await stored('m1', 'minion.crt');
  const { caPem } = fleet.context().authority;
  expect(verifyCertificate({ certPem, caPem, usage: 'client', nowMs: Date.now() }).commonName).toBe('m1');
  gate.open('one');
  expect(await running).toContainEqual(expect.objectContaining({ t: 'ret', return: 'through one' }));
  expect(await ping('m1')).toContainEqual(succeeded);
  expect(fleet.events.all.filter(({ tag }) => tag === 'salt/presence/change')).toHaveLength(1);
});

test('the renewed certificate opens the next connection, to a master that shows the new authority', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await rotate();
  await renewed();
  await fleet.stopMinion('m1');
  await (await connectAs(fleet, 'm1')).close();
});

test.each([
  ['that trusted its master on first use', () => ({})],
  ['with master_finger of the old key', () => ({ master_finger: fingerprint() })],
])(
  'a minion %s and was away for two rotations follows when it is back, and nobody is asked',
  async (_who, settings) => {
    fleet = await startFleet();
    const config = settings();
    await fleet.startMinion('m1', { config });
    const first = await pinned('m1');
    await fleet.stopMinion('m1');
    await rotate();
    await rotate();
    await fleet.startMinion('m1', { config });
    expect(await ping('m1')).toContainEqual(succeeded);
    expect([await pinned('m1'), first === fingerprint()]).toEqual([fingerprint(), false]);
    // Its certificate was of the first authority: it offered the same key again, which is still accepted.
    expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: ['m1'], minions_pre: [] });
  },
);

test('a new minion takes master_finger of an authority that led to the present one', async () => {
  fleet = await startFleet();
  const config = { master_finger: fingerprint() };
  await rotate();
  await fleet.startMinion('m1', { config });
  expect(await pinned('m1')).toBe(fingerprint());
});

test('a minion that waits for an operator while the authority is replaced is accepted by the new one', async () => {
  fleet = await startFleet({ master: { auto_accept: false } });
  await fleet.launchMinion('m1');
  await fleet.events.waitFor(({ tag, data }) => tag === 'salt/auth' && data.act === 'pend');
  await rotate();
  await fleet.call('wheel', 'key.accept', [['m1']]);
  await fleet.events.waitFor(({ tag }) => tag === 'salt/minion/m1/start');
  expect([await pinned('m1'), await ping('m1')]).toEqual([fingerprint(), expect.arrayContaining([succeeded])]);
});

test('after a restart the master has the new authority, and jobs are signed as before', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const { kid } = fleet.context().authority;
  const result = await rotate();
  await renewed();
  await fleet.stopMaster();
  const from = fleet.events.all.length;
  await fleet.startMaster();
  await fleet.events.waitFor(
    (event) => fleet.events.all.indexOf(event) >= from && event.tag === 'salt/presence/change',
  );
  expect(await ping('m1')).toContainEqual(succeeded);
  expect(await fleet.call('runner', 'key.status')).toEqual({
    fingerprint: result.fingerprint,
    predecessors: [result.old_fingerprint],
    kid,
    retired: {},
  });
});

test('both keys can be rotated within one overlap', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const first = (await fleet.call('runner', 'key.rotate')) as { old_kid: string };
  expect((await rotate()).told).toEqual(['m1']);
  const second = (await fleet.call('runner', 'key.rotate')) as { old_kid: string };
  const { retired } = (await fleet.call('runner', 'key.status')) as { retired: Record<string, number> };
  expect(Object.keys(retired).sort()).toEqual([first.old_kid, second.old_kid].sort());
  expect(await ping('m1')).toContainEqual(succeeded);
});
