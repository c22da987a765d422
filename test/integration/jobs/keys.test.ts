import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createCertificateAuthority, MASTER_NAME } from '../../../shared/crypto/certificate.ts';
import { connectAs } from '../../support/connect_as.ts';
import { createGate } from '../../support/gate_module.ts';
import { type MinionSetup, startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { watchTopics } from '../../support/watch_topics.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

/** What `salt/auth` said of the offers of that id, once there are so many that ended so. */
async function offered(id: string, act: string, count = 1): Promise<void> {
  const isIt = ({ tag, data }: { tag: string; data: Readonly<Record<string, unknown>> }): boolean =>
    tag === 'salt/auth' && data.id === id && data.act === act;
  await fleet.events.waitFor(() => fleet.events.all.filter(isIt).length >= count);
}

const isLost = (id: string) =>
  fleet.events.waitFor(({ tag, data }) => tag === 'salt/presence/change' && (data.lost as string[]).includes(id));
const isUp = (id: string) =>
  fleet.events.waitFor(({ tag, data }) => tag === 'salt/presence/change' && (data.new as string[]).includes(id));

async function acceptedByHand(id: string): Promise<void> {
  fleet = await startFleet({ master: { auto_accept: false } });
  await fleet.launchMinion(id);
  await offered(id, 'pend');
  await fleet.call('wheel', 'key.accept', [[id]]);
  await isUp(id);
}

test('a minion whose key is accepted by an operator is connected at once', async () => {
  await acceptedByHand('m1');
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: ['m1'], minions_pre: [] });
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
});

test('a minion whose key is deleted is gone at once and waits to be accepted again', async () => {
  await acceptedByHand('m1');
  await fleet.call('wheel', 'key.delete', [['m1']]);
  await isLost('m1');
  await expect(fleet.run('*', 'test.ping')).rejects.toMatchObject({ code: 'TARGET_EMPTY' });
  await offered('m1', 'pend', 2);
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: [], minions_pre: ['m1'] });
});

test('nothing of a minion whose key is deleted stays retained, and the master forgets when it was there', async () => {
  await acceptedByHand('m1');
  await fleet.call('wheel', 'key.delete', [['m1']]);
  await isLost('m1');
  await offered('m1', 'pend', 2);
  const { messages, connection } = await watchTopics(
    join(fleet.directory, 'master/var/run/salt/master/operator.sock'),
    ['salt/+/m1', 'salt/master'],
  );
  await messages.waitFor(({ topic }) => topic === 'salt/master');
  await connection.close();
  expect(messages.all.map(({ topic }) => topic)).toEqual(['salt/master']);
  expect(fleet.context().fleet.whyOffline('m1')).toContain('not connected since the master started');
});

test('a minion that revokes its own key is heard to the end, then gone, and waits to be accepted again', async () => {
  await acceptedByHand('m1');
  const answers = await fleet.run('m1', 'saltutil.revoke_auth');
  expect(answers).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
  await isLost('m1');
  await offered('m1', 'pend', 2);
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: [], minions_pre: ['m1'] });
});

test.each([true, false])('grains of a deleted key are kept when told so: %s', async (keepsCache) => {
  await acceptedByHand('m1');
  const { keys, grainCache } = fleet.context();
  await expect.poll(() => grainCache.of('m1')).toBeDefined();
  await keys.delete(['m1'], { keepsCache });
  expect(grainCache.of('m1') !== undefined).toBe(keepsCache);
});

test('a minion whose key is rejected is gone at once and stays rejected', async () => {
  await acceptedByHand('m1');
  await fleet.call('wheel', 'key.reject', [['m1']], { include_accepted: true });
  await isLost('m1');
  await offered('m1', 'reject');
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: [], minions_rejected: ['m1'] });
});

test('the certificate of a deleted key opens nothing', async () => {
  await acceptedByHand('m1');
  await fleet.stopMinion('m1');
  const before = await connectAs(fleet, 'm1');
  await fleet.call('wheel', 'key.delete', [['m1']]);
  expect(await before.closed).toBeTypeOf('string');
  await expect(connectAs(fleet, 'm1')).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
});

test('the jobs of a minion whose key is deleted are over, and say why', async () => {
  const gate = createGate();
  fleet = await startFleet({ minions: ['m1'], modules: { gate: gate.module } });
  const running = fleet.run('m1', 'gate.wait', ['one']);
  await gate.entered.waitForCount(1);
  await fleet.call('wheel', 'key.delete', [['m1']]);
  expect((await running).at(-1)).toMatchObject({
    t: 'state',
    id: 'm1',
    state: 'cancelled',
    reason: 'its key is deleted',
    final: true,
  });
});

test('another key for the id of an accepted minion is denied and disturbs nobody', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.launchMinion('m1', { home: 'impostor' });
  await offered('m1', 'denied');
  await fleet.minionLog.waitFor((line) => line.includes('another key is known for m1'));
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: ['m1'], minions_denied: ['m1'] });
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
});

test('a certificate is worth nothing under the name of another minion', async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'] });
  await expect(connectAs(fleet, 'm1', { clientId: 'm2' })).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
});

test('a token lets one minion in, once', async () => {
  fleet = await startFleet({ master: { auto_accept: false } });
  const token = String(await fleet.call('wheel', 'key.gen_token', [], { id: 'm*' }));
  await fleet.startMinion('m1', { config: { enroll_token: token } });
  await fleet.launchMinion('m2', { config: { enroll_token: token } });
  await offered('m2', 'pend');
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: ['m1'], minions_pre: ['m2'] });
});

test('a master with another key than master_finger is refused, and the hint says what to compare', async () => {
  fleet = await startFleet();
  const minion = await fleet.launchMinion('m1', { config: { master_finger: '00:'.repeat(31).concat('00') } });
  await expect(minion.done).rejects.toMatchObject({
    code: 'KEY_MISMATCH',
    message: expect.stringMatching(/ has fingerprint [0-9a-f:]+, not master_finger$/),
    hint: expect.stringContaining('salt-key -F'),
  });
});

test('a master with another key than the pinned one is refused, and the hint names the file', async () => {
  fleet = await startFleet();
  const minion = await launchWithPin('m1');
  await expect(minion.done).rejects.toMatchObject({
    code: 'KEY_MISMATCH',
    message: expect.stringContaining('has another key than the pinned one'),
    hint: expect.stringContaining('minion_master.crt'),
  });
});

/** A minion that pinned some other master. */
async function launchWithPin(id: string, setup?: MinionSetup) {
  const pki = join(fleet.directory, id, 'etc/salt/pki/minion');
  await mkdir(pki, { recursive: true });
  const other = createCertificateAuthority(MASTER_NAME, generateKeyPairSync('ed25519').privateKey, Date.now());
  await writeFile(join(pki, 'minion_master.crt'), other.certPem);
  return fleet.launchMinion(id, setup);
}
