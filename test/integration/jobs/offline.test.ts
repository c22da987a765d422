import { afterEach, expect, test } from 'vitest';
import { createGate } from '../../support/gate_module.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const returnOf = (jid: unknown, id: string) =>
  fleet.events.waitFor(({ tag }) => tag === `salt/job/${String(jid)}/ret/${id}`);

test('an offline minion is reported at once, with since when, and never gets the job', async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'] });
  await fleet.stopMinion('m2');
  const steps = await fleet.run('*', 'test.ping');
  const offline = steps.find(({ t, id }) => t === 'state' && id === 'm2');
  expect(offline).toMatchObject({ state: 'expired', final: true });
  expect(offline?.offline).toMatch(/^offline since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  expect(steps.filter(({ t }) => t === 'ret').map(({ id }) => id)).toEqual(['m1']);

  const jid = String(steps[0]?.jid);
  expect((await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/new`)).data.missing).toEqual(['m2']);
  await fleet.startMinion('m2');
  await fleet.run('m2', 'test.ping');
  expect((await fleet.context().jobs.returns(jid)).has('m2')).toBe(false);
});

test('a job that is queued is delivered when its minion comes back', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.stopMinion('m1');
  const steps = await fleet.run('m1', 'test.echo', ['later'], {}, { queue_for: 3600 });
  const [job, state] = steps;
  expect(steps).toHaveLength(2);
  expect(state).toMatchObject({ t: 'state', id: 'm1', state: 'queued', final: false });
  expect(state?.offline).toMatch(/^offline since /);
  expect(await fleet.call('runner', 'jobs.active')).toMatchObject({
    [String(job?.jid)]: { State: { m1: expect.stringMatching(/^queued: offline since /) } },
  });
  await fleet.startMinion('m1');
  expect((await returnOf(job?.jid, 'm1')).data).toMatchObject({ return: 'later', success: true });
});

test('a job that is queued survives a restart of the master', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.stopMinion('m1');
  const [job] = await fleet.run('m1', 'test.echo', ['later'], {}, { queue_for: 3600 });
  await fleet.stopMaster();
  await fleet.startMaster();
  await fleet.startMinion('m1');
  expect((await returnOf(job?.jid, 'm1')).data).toMatchObject({ return: 'later', success: true });
});

test('a minion that comes back to a restarted master resumes its TLS session', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.run('m1', 'test.ping');
  await fleet.stopMaster();
  await fleet.startMaster();
  const [job] = await fleet.run('m1', 'test.ping', [], {}, { queue_for: 3600 });
  await returnOf(job?.jid, 'm1');
  expect(fleet.context().counters()).toMatchObject({ tls_sessions_resumed: 1 });
});

test('jobs that are queued run in the order in which they were given', async () => {
  const gate = createGate();
  fleet = await startFleet({ minions: ['m1'], modules: { gate: gate.module }, minion: { process_count_max: 1 } });
  await fleet.stopMinion('m1');
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const name of names) await fleet.run('m1', 'gate.wait', [name], {}, { queue_for: 3600 });
  for (const name of names) gate.open(name);
  await fleet.startMinion('m1');
  await gate.entered.waitForCount(names.length);
  expect(gate.entered.all).toEqual(names.map((name) => `m1 ${name}`));
});

test('a queue that is full says which limit that is', async () => {
  fleet = await startFleet({ minions: ['m1'], master: { job_queue_max_per_minion: 2 } });
  await fleet.stopMinion('m1');
  for (const text of ['a', 'b']) await fleet.run('m1', 'test.echo', [text], {}, { queue_for: 3600 });
  await expect(fleet.run('m1', 'test.echo', ['c'], {}, { queue_for: 3600 })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    hint: expect.stringContaining('job_queue_max_per_minion'),
  });
});
