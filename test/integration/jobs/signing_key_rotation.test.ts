import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SigningRotation } from '../../../master/keys/rotation.ts';
import { type Clock, nowSeconds, systemClock } from '../../../shared/clock.ts';
import { signJob } from '../../../shared/crypto/job_signature.ts';
import { encodePayload } from '../../../shared/protocol/codec.ts';
import { Ack, type AckPayload, ReturnLong } from '../../../shared/protocol/messages/return.ts';
import { createGate } from '../../support/gate_module.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { addDevice, startDevice } from '../../support/test_device.ts';
import { Inbox } from '../broker/inbox.ts';

let fleet: TestFleet;
let aheadMs = 0;
afterEach(async () => {
  await fleet.stop();
  aheadMs = 0;
});
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };

const rotate = async (overlap?: number): Promise<SigningRotation> =>
  (await fleet.call('runner', 'key.rotate', [], overlap === undefined ? {} : { overlap })) as SigningRotation;
const succeeded = expect.objectContaining({ t: 'ret', return: true });
const ping = (id: string) => fleet.run(id, 'test.ping');
/** Jobs that a minion handed back because it did not know who signed them. */
const isUnknownKey = ({ st, reason }: AckPayload): boolean =>
  st === 'busy' && reason?.startsWith('signing key') === true;

/** What a minion says of jobs on the wire. */
function listenToMinions() {
  const acks = new Inbox<AckPayload>();
  const returned = new Inbox<string>();
  fleet.context().wire.listen({
    received({ message, params, payload }) {
      if (message.name === Ack.name) acks.push(payload as AckPayload);
      if (message.name === ReturnLong.name || message.name === 'return') returned.push(String(params.jid));
    },
    online: () => undefined,
  });
  return { acks, returned };
}

/** A job as whoever holds that key would send it. */
async function sendSignedBy({ kid, signingKey }: Pick<ReturnType<typeof heldKey>, 'kid' | 'signingKey'>) {
  const jid = fleet.context().newJid();
  const payload = encodePayload({ jid, fun: 'test.ping', exp: nowSeconds(clock) + 60 }, 'cbor');
  const bytes = await signJob({ payload, encoding: 'cbor', id: 'm1', kid, privateKey: signingKey });
  fleet.context().wire.send('m1', { topic: 'salt/job/m1', payload: bytes, qos: 1, retain: false });
  return jid;
}
function heldKey() {
  const { kid, signingKey } = fleet.context().authority;
  return { kid, signingKey };
}

test('connected minions know the new key before the first job is signed with it', async () => {
  const gate = createGate();
  fleet = await startFleet({ minions: ['m1', 'm2'], modules: { gate: gate.module } });
  const { acks } = listenToMinions();
  const old = heldKey();
  const running = fleet.run('m1', 'gate.wait', ['one']);
  await gate.entered.waitForCount(1);
  const result = await rotate();
  expect(result).toMatchObject({ old_kid: old.kid, told: ['m1', 'm2'], silent: [] });
  expect(result.old_until - nowSeconds(systemClock)).toBeGreaterThan(3590);
  expect([result.kid, fleet.context().authority.kid === result.kid]).toEqual([
    expect.not.stringMatching(old.kid),
    true,
  ]);
  for (const id of ['m1', 'm2']) expect(await ping(id)).toContainEqual(succeeded);
  gate.open('one');
  expect(await running).toContainEqual(expect.objectContaining({ t: 'ret', return: 'through one' }));
  expect(acks.all.filter(isUnknownKey)).toEqual([]);
  expect(fleet.events.all).toContainEqual(
    expect.objectContaining({ tag: 'salt/key/rotate', data: expect.objectContaining({ kid: result.kid }) }),
  );
});

test('jobs of the old key are taken during the overlap and refused after it', async () => {
  fleet = await startFleet({ clock });
  await fleet.startMinion('m1', { clock });
  const { acks, returned } = listenToMinions();
  const old = heldKey();
  await rotate(60);
  const jid = await sendSignedBy(old);
  await returned.waitFor((one) => one === jid);
  aheadMs = 62_000;
  const before = acks.all.length;
  const refusals: AckPayload[] = [];
  // The minion asks once whether the master has that key after all, and hands back what comes meanwhile.
  while (refusals.at(-1)?.st !== 'rej') {
    await sendSignedBy(old);
    refusals.push(...(await acks.waitForCount(before + refusals.length + 1)).slice(before + refusals.length));
  }
  expect([refusals[0], refusals.at(-1)]).toEqual([
    { st: 'busy', reason: `signing key ${old.kid} is not known yet` },
    { st: 'rej', reason: `signature: no key ${old.kid}` },
  ]);
  expect(await ping('m1')).toContainEqual(succeeded);
  expect(await fleet.call('runner', 'key.status')).toMatchObject({ retired: {} });
});

test('with no overlap the old key is worth nothing at once', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const { acks, returned } = listenToMinions();
  const old = heldKey();
  await rotate(0);
  await sendSignedBy(old);
  await acks.waitFor(isUnknownKey);
  expect(returned.all).toEqual([]);
  expect(await ping('m1')).toContainEqual(succeeded);
});

test('a minion that was away learns the new key when it is back, and what waited for it is signed by that', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.stopMinion('m1');
  const [job] = await fleet.run('m1', 'test.ping', [], {}, { queue_for: 3600 });
  const { kid, told } = await rotate(0);
  expect(told).toEqual([]);
  await fleet.startMinion('m1');
  await fleet.events.waitFor(({ tag }) => tag === `salt/job/${String((job as { jid?: string }).jid)}/ret/m1`);
  expect(await ping('m1')).toContainEqual(succeeded);
  const stored = await readFile(join(fleet.directory, 'm1/etc/salt/pki/minion/minion_master_sign.crt'), 'utf8');
  expect([stored, fleet.context().authority.kid]).toEqual([fleet.context().authority.signingCertPem, kid]);
});

test('a minion that missed the news hands the job back, asks for the keys, and runs it', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const { acks } = listenToMinions();
  // It has heard of the present key by then.
  expect(await ping('m1')).toContainEqual(succeeded);
  await fleet.context().authority.prepareSigningKey().take(nowSeconds(systemClock));
  expect(await fleet.run('m1', 'test.ping', [], {}, { timeout: 20 })).toContainEqual(succeeded);
  expect(acks.all.filter(isUnknownKey)).toHaveLength(1);
});

test('a minion that missed the news obeys what is said of its job, once it has asked for the keys', async () => {
  const gate = createGate();
  fleet = await startFleet({ minions: ['m1'], modules: { gate: gate.module } });
  const running = fleet.run('m1', 'gate.wait', ['one']);
  await gate.entered.waitForCount(1);
  await fleet.context().authority.prepareSigningKey().take(nowSeconds(systemClock));
  const [jid] = Object.keys((await fleet.call('runner', 'jobs.active')) as object);
  expect(await fleet.call('runner', 'jobs.cancel', [jid])).toEqual(['m1']);
  await running;
  const { data } = await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/ret/m1`);
  expect(data).toMatchObject({ ended: 'cancelled' });
});

test('a rotation survives a restart of the master, and so does the overlap', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const { kid, old_kid, old_until } = await rotate();
  await fleet.stopMaster();
  const from = fleet.events.all.length;
  await fleet.startMaster();
  await fleet.events.waitFor(
    (event) => fleet.events.all.indexOf(event) >= from && event.tag === 'salt/presence/change',
  );
  expect(await fleet.call('runner', 'key.status')).toMatchObject({ kid, retired: { [old_kid]: old_until } });
  expect(await ping('m1')).toContainEqual(succeeded);
});

test('no job is lost or refused while keys are rotated under load, with and without overlap', async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'] });
  let isOver = false;
  const work = async (): Promise<unknown[]> => {
    const wrong: unknown[] = [];
    while (!isOver) {
      const steps = await ping('*');
      if (steps.filter(({ t }) => t === 'ret').length !== 2) wrong.push(steps);
    }
    return wrong;
  };
  const workers = Array.from({ length: 8 }, work);
  for (const overlap of [60, 0, 0, 60, 0]) await rotate(overlap);
  isOver = true;
  expect((await Promise.all(workers)).flat()).toEqual([]);
});

test('a second rotation waits for its turn', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const results = await Promise.allSettled([rotate(), rotate()]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a constrained minion with a key of its own is not touched', async () => {
  fleet = await startFleet({ master: { tcp_interface: '127.0.0.1', tcp_port: 0 } });
  const device = await startDevice(fleet, await addDevice(fleet, 'd1', { max_packet: 512 }));
  const seen = device.packets.all.length;
  expect(await rotate()).toMatchObject({ told: [], silent: [] });
  expect(device.packets.all.slice(seen)).toEqual([]);
});
