import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { ReturnLong } from '../../../shared/protocol/messages/return.ts';
import { connectAs } from '../../support/connect_as.ts';
import { createGate, type Gate } from '../../support/gate_module.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
let gate: Gate;
afterEach(() => fleet.stop());

async function fleetWithGate(minions: readonly string[], master = {}): Promise<void> {
  gate = createGate();
  fleet = await startFleet({ minions, master, modules: { gate: gate.module } });
}

/** Publishes a job that waits at a gate, and waits until it does. */
async function holdJob(id: string, name: string): Promise<string> {
  const [job] = await fleet.run(id, 'gate.wait', [name], {}, { async: true });
  await gate.entered.waitFor((entry) => entry === `${id} ${name}`);
  return String(job?.jid);
}

const returnsOf = (jid: string) => fleet.events.all.filter(({ tag }) => tag.startsWith(`salt/job/${jid}/ret/`));
const returnOf = (jid: string) => fleet.events.waitFor(({ tag }) => tag.startsWith(`salt/job/${jid}/ret/`));

test('a minion that is restarted in the middle of a job says interrupted and does not run it again', async () => {
  await fleetWithGate(['m1']);
  const jid = await holdJob('m1', 'one');
  await fleet.stopMinion('m1');
  await fleet.startMinion('m1');
  const told = await returnOf(jid);
  expect(told.data).toMatchObject({ id: 'm1', ended: 'interrupted', success: false, retcode: 1 });
  expect(fleet.context().jobs.endedRow(jid, 'm1')).toMatchObject({ state: 'interrupted' });
  // What came after it was run, so whatever was sent before has been taken or ignored.
  await fleet.run('m1', 'test.ping');
  expect(gate.entered.all).toEqual(['m1 one']);
});

test('a second minion on the same directories is refused and does not spoil the ledger of the first', async () => {
  await fleetWithGate(['m1']);
  await expect(fleet.launchMinion('m1')).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  const jid = await holdJob('m1', 'one');
  const ledger = await readFile(join(fleet.directory, 'm1/var/cache/salt/minion/ledger'), 'utf8');
  expect(ledger).toContain(jid);
});

test('a return that comes while the master is away is stored once, when it is back', async () => {
  await fleetWithGate(['m1']);
  const jid = await holdJob('m1', 'one');
  await fleet.stopMaster();
  gate.open('one');
  await fleet.startMaster();
  const told = await returnOf(jid);
  expect(told.data).toMatchObject({ return: 'through one', success: true });
  expect(fleet.context().jobs.endedRow(jid, 'm1')?.state).toBe('succeeded');
  await fleet.run('m1', 'test.ping');
  expect(returnsOf(jid)).toHaveLength(1);
  expect(gate.entered.all).toEqual(['m1 one']);
});

test('a job that runs on while the master is restarted is known as running, also after its time to start', async () => {
  gate = createGate();
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  fleet = await startFleet({ minions: ['m1'], modules: { gate: gate.module }, clock });
  const jid = await holdJob('m1', 'one');
  await fleet.stopMaster();
  aheadMs = 30_000;
  await fleet.startMaster();
  await isInState(jid, 'm1', 'running');
  gate.open('one');
  expect((await returnOf(jid)).data).toMatchObject({ return: 'through one', success: true });
  expect(fleet.context().jobs.endedRow(jid, 'm1')?.state).toBe('succeeded');
});

test('a return that was sent twice is stored and told once', async () => {
  await fleetWithGate(['m1']);
  const [job] = await fleet.run('m1', 'test.echo', ['first']);
  const jid = String(job?.jid);
  await fleet.stopMinion('m1');
  const copy = await connectAs(fleet, 'm1');
  await copy.publish(ReturnLong.encode({ jid, id: 'm1' }, { id: 'm1', jid, return: 'second' }));
  expect((await fleet.context().jobs.returns(jid)).get('m1')?.return).toBe('first');
  expect(returnsOf(jid)).toHaveLength(1);
  await copy.close();
});

test('a return that comes after its job was given up is kept, and told', async () => {
  await fleetWithGate(['m1']);
  const jid = await holdJob('m1', 'one');
  await fleet.context().tracker.commit(jid, 'm1', 'time_out', { reason: 'given up' });
  gate.open('one');
  expect((await returnOf(jid)).data).toMatchObject({ return: 'through one' });
  expect(fleet.context().jobs.endedRow(jid, 'm1')?.state).toBe('timed_out');
  expect(await fleet.call('runner', 'jobs.lookup_jid', [jid])).toEqual({ m1: 'through one' });
});

test('a job that went down with a connection is sent again on the one that takes over', async () => {
  await fleetWithGate(['m1']);
  await fleet.stopMinion('m1');
  const frozen = await connectAs(fleet, 'm1', { received: () => new Promise(() => undefined) });
  await frozen.subscribe(['salt/job/m1/#']);
  const [job] = await fleet.run('m1', 'test.echo', ['again'], {}, { async: true, queue_for: 600 });
  const jid = String(job?.jid);
  await isInState(jid, 'm1', 'sent');
  await fleet.launchMinion('m1');
  expect((await returnOf(jid)).data).toMatchObject({ return: 'again', success: true });
  await frozen.closed;
});

test('a job that runs longer than it may is stopped, and the return says so', async () => {
  await fleetWithGate(['m1'], { job_timeout: 1 });
  const steps = await fleet.run('m1', 'gate.wait', ['one']);
  expect(steps.at(-1)).toMatchObject({ t: 'ret', id: 'm1', return: 'through one' });
  expect(fleet.context().jobs.endedRow(String(steps[0]?.jid), 'm1')?.state).toBe('timed_out');
});

/** Resolves when that part of the job is in that state. */
function isInState(jid: string, id: string, wanted: string): Promise<void> {
  const { tracker } = fleet.context();
  return new Promise((resolve) => {
    const stop = tracker.watch(jid, () => look());
    const look = (): void => {
      if (tracker.row(jid, id)?.state !== wanted) return;
      stop();
      resolve();
    };
    look();
  });
}
