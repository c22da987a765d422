import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createCollector, holdEnded } from '../../../../master/jobs/collect.ts';
import { createIncomingParts, UNFINISHED_KEPT_MS } from '../../../../master/jobs/incoming_parts.ts';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import { createScheduledReturns } from '../../../../master/jobs/scheduled.ts';
import { createTracker, type EventOfEnd } from '../../../../master/jobs/tracker.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { RETURN_PARTS_MAX, type ReturnParts, type ReturnPayload } from '../../../../shared/protocol/messages/return.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryBus } from '../../../support/memory_bus.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { sampleJob } from '../../../support/sample_job.ts';

const job = sampleJob({ fun: 'test.echo', arg: ['x'] });
const { jid } = job;

async function setUp() {
  const store = createMemoryStore();
  const jobs = createJobStore(store);
  const clock = fakeClock();
  const events: [string, unknown][] = [];
  const bus = createMemoryBus({ clock });
  bus.listen((tag, data) => events.push([tag, data]));
  const calls: string[] = [];
  const eventOf: EventOfEnd = (record, update) => holdEnded(bus, record, update);
  const tracker = createTracker({
    jobs,
    open: [],
    clock,
    log: silentLogger,
    eventOf,
    ended: () => undefined,
  });
  await tracker.add(job, new Map());
  const dispatcher = {
    settled: (...what: string[]) => void calls.push(`settled ${what.join(' ')}`),
    postpone: (...what: string[]) => void calls.push(`postpone ${what.join(' ')}`),
  };
  const takeScheduled = createScheduledReturns({
    jobs,
    clock,
    newJid: () => jid,
    log: silentLogger,
    keep: undefined,
    eventOf,
  });
  const asked: string[] = [];
  const parts = createIncomingParts({ jobs, tracker, dispatcher, clock, log: silentLogger });
  const sendControl = async (...what: string[]): Promise<boolean> => {
    asked.push(what.join(' '));
    return true;
  };
  const collector = createCollector({
    tracker,
    dispatcher,
    bus,
    keep: undefined,
    log: silentLogger,
    takeScheduled,
    parts,
    sendControl,
  });
  return { store, jobs, events, calls, tracker, dispatcher, collector, parts, asked, clock };
}

const returned = (members: Partial<ReturnPayload>): ReturnPayload => ({
  id: 'm1',
  return: true,
  retcode: 0,
  ...members,
});

test.each([
  ['ran to its end', {}, 'succeeded'],
  ['says that it failed', { success: false }, 'failed'],
  ['has another return code than 0', { retcode: 2 }, 'failed'],
  ['was interrupted', { ended: 'interrupted', retcode: 1 }, 'interrupted'],
  ['was cancelled', { ended: 'cancelled' }, 'cancelled'],
  ['ran out of time', { ended: 'timed_out' }, 'timed_out'],
  ['was rejected', { ended: 'rejected' }, 'rejected'],
  ['expired while it waited', { ended: 'expired' }, 'expired'],
] as const)('a return of a job that %s', async (_what, members, state) => {
  const { collector, jobs } = await setUp();
  await collector.collectReturn(jid, 'm1', returned(members));
  expect(jobs.endedRow(jid, 'm1')?.state).toBe(state);
});

test('a return is acknowledged when it is stored, and then told with what a modest minion left out', async () => {
  const { collector, store, events, jobs } = await setUp();
  store.hold();
  const collected = collector.collectReturn(jid, 'm1', returned({}));
  expect(events).toEqual([]);
  store.release();
  await collected;
  expect((await jobs.returns(jid)).get('m1')).toEqual({ id: 'm1', jid, return: true, retcode: 0, success: true });
  expect(events).toMatchObject([
    [`salt/job/${jid}/ret/m1`, { cmd: '_return', fun: 'test.echo', fun_args: ['x'], id: 'm1', jid, success: true }],
  ]);
});

test('a return that cannot be stored is not acknowledged', async () => {
  const { collector, store, events } = await setUp();
  store.hold();
  const collected = collector.collectReturn(jid, 'm1', returned({}));
  store.settle(new Error('disk full'));
  await expect(collected).rejects.toThrow('disk full');
  expect(events).toEqual([]);
});

test('an acknowledgement says that the job runs and makes room for the next', async () => {
  const { collector, tracker, calls } = await setUp();
  collector.collectAck(jid, 'm1', { st: 'run', pid: 4711 });
  expect(tracker.row(jid, 'm1')).toMatchObject({ state: 'running', pid: 4711 });
  expect(calls).toEqual([`settled ${jid} m1`]);
});

test('progress is an event, and a sign of life', async () => {
  const { collector, tracker, events } = await setUp();
  collector.collectAck(jid, 'm1', { st: 'prog', p: 50, data: 'half', n: 3 });
  expect(tracker.row(jid, 'm1')?.state).toBe('running');
  expect(events).toMatchObject([[`salt/job/${jid}/prog/m1/3`, { id: 'm1', jid, data: 'half', percent: 50 }]]);
});

test('a job that is rejected is over, with the reason of the minion', async () => {
  const { collector, jobs, events } = await setUp();
  collector.collectAck(jid, 'm1', { st: 'rej', reason: 'not me' });
  collector.collectAck(jid, 'm2', { st: 'rej', reason: 'too late', expired: true });
  await new Promise(setImmediate);
  expect(jobs.endedRow(jid, 'm1')).toMatchObject({ state: 'rejected', reason: 'not me' });
  expect(jobs.endedRow(jid, 'm2')).toMatchObject({ state: 'expired', reason: 'too late' });
  expect(events.map(([tag]) => tag)).toEqual([`salt/job/${jid}/end/m1`, `salt/job/${jid}/end/m2`]);
});

test('a job that is handed back waits again', async () => {
  const { collector, tracker, calls } = await setUp();
  await tracker.commit(jid, 'm1', 'send');
  collector.collectAck(jid, 'm1', { st: 'busy', reason: 'outbox full' });
  await new Promise(setImmediate);
  expect(tracker.row(jid, 'm1')).toMatchObject({ state: 'queued', reason: 'outbox full', mayHaveIt: false });
  expect(calls).toEqual([`postpone ${jid} m1`]);
});

test('a job that runs or is unknown cannot be handed back', async () => {
  const { collector, tracker, calls } = await setUp();
  await tracker.commit(jid, 'm1', 'run');
  collector.collectAck(jid, 'm1', { st: 'busy' });
  collector.collectAck('20260101000000000009', 'm1', { st: 'busy' });
  await new Promise(setImmediate);
  expect(tracker.row(jid, 'm1')?.state).toBe('running');
  expect(calls).toEqual([]);
});

const pieces = ['"one ', 'two"'].map((text) => Buffer.from(text));
const inParts = (members: Partial<ReturnParts> = {}): ReturnPayload => {
  const sha256 = createHash('sha256').update(Buffer.concat(pieces)).digest('hex');
  return returned({ return: 'a value of 9 bytes', parts: { count: 2, bytes: 9, sha256, ...members } });
};

test('a return in parts is stored when all of them are, in whatever order and however often they came', async () => {
  const { collector, jobs, events, asked } = await setUp();
  await collector.collectPart(jid, 'm1', 1, pieces[1]!);
  await collector.collectPart(jid, 'm1', 0, Buffer.from('not this'));
  await collector.collectPart(jid, 'm1', 0, pieces[0]!);
  await collector.collectReturn(jid, 'm1', inParts());
  expect(jobs.endedRow(jid, 'm1')?.state).toBe('succeeded');
  expect(jobs.returnOf(jid, 'm1')).toMatchObject({ return: 'a value of 9 bytes', parts: { count: 2, bytes: 9 } });
  expect(events).toMatchObject([[`salt/job/${jid}/ret/m1`, { return: 'a value of 9 bytes', parts: { bytes: 9 } }]]);
  // Once it is stored nothing changes it any more, and the return may come again.
  await collector.collectPart(jid, 'm1', 0, Buffer.from('late'));
  await collector.collectReturn(jid, 'm1', inParts());
  expect(Buffer.from(jobs.part(jid, 'm1', 0)!).toString()).toBe('"one ');
  expect(asked).toEqual([]);
});

test.each([
  ['a part is missing', { count: 3 }, /part 2 of 3 is missing/],
  ['the hash is another', { sha256: '0'.repeat(64) }, /do not have the sha256/],
  ['the size is another', { bytes: 10 }, /have 9 bytes instead of 10/],
])('when %s, all is asked for again, and after that the job has failed', async (_what, members, reason) => {
  const { collector, jobs, asked } = await setUp();
  for (const [n, piece] of pieces.entries()) await collector.collectPart(jid, 'm1', n, piece);
  await collector.collectReturn(jid, 'm1', inParts(members));
  expect([asked, jobs.endedRow(jid, 'm1'), jobs.hasReturn(jid, 'm1')]).toEqual([
    [`m1 ${jid} resend`],
    undefined,
    false,
  ]);
  await collector.collectReturn(jid, 'm1', inParts(members));
  await collector.collectReturn(jid, 'm1', inParts(members));
  expect(asked).toHaveLength(2);
  expect(jobs.endedRow(jid, 'm1')?.state).toBe('failed');
  expect(jobs.returnOf(jid, 'm1')).toMatchObject({ success: false, return: expect.stringMatching(reason) });
  expect(jobs.partNumbers(jid, 'm1')).toEqual([]);
});

const OWN = '20251231235959000000';

test('parts of a job that the master did not give to that minion wait for the return, and go when no schedule gave it', async () => {
  const { collector, jobs, asked } = await setUp();
  for (const [id, of] of [
    ['m9', jid],
    ['m1', OWN],
  ] as const) {
    for (const [n, piece] of pieces.entries()) await collector.collectPart(of, id, n, piece);
    expect([...jobs.partOwners()]).toEqual([[of, id]]);
    await collector.collectReturn(of, id, { ...inParts(), id });
    expect([[...jobs.partOwners()], jobs.hasReturn(of, id), asked]).toEqual([[], false, []]);
  }
});

test('of each minion one value waits that the master did not ask for', async () => {
  const { collector, jobs } = await setUp();
  const another = '20251231235959000001';
  await collector.collectPart(OWN, 'm1', 0, pieces[0]!);
  await collector.collectPart(OWN, 'm2', 0, pieces[0]!);
  await collector.collectPart(another, 'm1', 0, pieces[0]!);
  await vi.waitFor(() =>
    expect([...jobs.partOwners()]).toEqual([
      [OWN, 'm2'],
      [another, 'm1'],
    ]),
  );
});

test('a large return of a scheduled job is kept with its parts, also under another id than its minion gave it', async () => {
  const { collector, jobs, events } = await setUp();
  const scheduled: ReturnPayload = { ...inParts(), fun: 'cmd.run', schedule: 'hourly' };
  // The second minion chose the same.
  for (const id of ['m1', 'm2']) {
    for (const [n, piece] of pieces.entries()) await collector.collectPart(OWN, id, n, piece);
    await collector.collectReturn(OWN, id, { ...scheduled, id });
  }
  const next = '20251231235959000001';
  expect([...jobs.partOwners()]).toEqual([
    [OWN, 'm1'],
    [next, 'm2'],
  ]);
  expect(jobs.returnOf(next, 'm2')).toMatchObject({ jid: next, parts: { count: 2 } });
  expect([0, 1].map((n) => Buffer.from(jobs.part(next, 'm2', n)!).toString()).join('')).toBe('"one two"');
  expect(events.map(([tag]) => tag)).toEqual([`salt/job/${OWN}/ret/m1`, `salt/job/${next}/ret/m2`]);
  // Its PUBACK was lost.
  await collector.collectPart(OWN, 'm1', 0, Buffer.from('again'));
  await collector.collectReturn(OWN, 'm1', scheduled);
  expect(Buffer.from(jobs.part(OWN, 'm1', 0)!).toString()).toBe('"one ');
  expect(events).toHaveLength(2);
});

test('parts beyond the largest return are not stored', async () => {
  const { collector, jobs } = await setUp();
  await collector.collectPart(jid, 'm1', 4096, pieces[0]!);
  await collector.collectPart(jid, 'm1', 0, Buffer.alloc(RETURN_PARTS_MAX.bytes - 4));
  await collector.collectPart(jid, 'm1', 1, pieces[0]!);
  expect(jobs.partNumbers(jid, 'm1')).toEqual([0]);
});

test('while parts come, a job that ran its time is not given up', async () => {
  const { collector, tracker } = await setUp();
  collector.collectAck(jid, 'm1', { st: 'run' });
  await collector.collectPart(jid, 'm1', 0, pieces[0]!);
  expect(tracker.row(jid, 'm1')).toMatchObject({ state: 'running', isReturning: true });
});

test('a job that was over before it said that it runs takes no place in the window while its parts come', async () => {
  const { collector, tracker, calls } = await setUp();
  await tracker.commit(jid, 'm1', 'send');
  await collector.collectPart(jid, 'm1', 0, pieces[0]!);
  expect(tracker.row(jid, 'm1')?.state).toBe('running');
  expect(calls).toContain(`settled ${jid} m1`);
});

test('parts whose return never comes are dropped, also those of before a restart', async () => {
  const { collector, jobs, parts, tracker, dispatcher, clock } = await setUp();
  await collector.collectPart(jid, 'm1', 0, pieces[0]!);
  clock.advance(UNFINISHED_KEPT_MS - 1);
  await parts.sweep();
  expect(jobs.partNumbers(jid, 'm1')).toEqual([0]);
  const afterRestart = createIncomingParts({ jobs, tracker, dispatcher, clock, log: silentLogger });
  clock.advance(UNFINISHED_KEPT_MS);
  await afterRestart.sweep();
  expect([...jobs.partOwners()]).toEqual([]);
});
