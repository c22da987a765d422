import { expect, test } from 'vitest';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import { createTracker, type JobUpdate, readOpenJobs } from '../../../../master/jobs/tracker.ts';
import { createLogger } from '../../../../shared/log.ts';
import { allOf } from '../../../support/all_of.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { unheardEvent } from '../../../support/memory_bus.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { START_AT, sampleJob } from '../../../support/sample_job.ts';

const result = { id: 'm1', return: true, retcode: 0, success: true };
const { jid } = sampleJob();

async function setUp() {
  const store = createMemoryStore();
  const clock = fakeClock();
  const logged: string[] = [];
  const ended: JobUpdate[] = [];
  const told: JobUpdate[] = [];
  const log = createLogger([{ level: 'debug', format: 'text', write: (line) => logged.push(line) }], clock.nowMs);
  const open = async () =>
    createTracker({
      jobs: createJobStore(store),
      open: await readOpenJobs(createJobStore(store)),
      clock,
      log,
      eventOf: unheardEvent,
      ended: (_record, update) => ended.push(update),
    });
  const tracker = await open();
  await tracker.add(sampleJob(), new Map());
  const stop = tracker.watch(jid, (update) => told.push(update));
  return { store, jobs: createJobStore(store), clock, logged, ended, told, tracker, open, stop };
}

test('a change of state is told to who watches, with the time and the reason', async () => {
  const { tracker, told, clock, ended } = await setUp();
  clock.advance(2000);
  expect(await tracker.commit(jid, 'm1', 'requeue', { reason: 'busy' })).toBe(true);
  expect(await tracker.commit(jid, 'm1', 'run', { pid: 7 })).toBe(true);
  expect(told).toEqual([{ id: 'm1', state: 'running', since: START_AT + 2, reason: undefined, result: undefined }]);
  expect(tracker.row(jid, 'm1')).toMatchObject({ state: 'running', pid: 7, silentMs: 0 });
  expect(ended).toEqual([]);
});

test('an ending is told only when it is stored, and the part is open until then', async () => {
  const { tracker, store, told, ended, jobs } = await setUp();
  store.hold();
  const ending = tracker.commit(jid, 'm1', 'succeed', { result });
  expect([told, ended]).toEqual([[], []]);
  expect(tracker.row(jid, 'm1')).toBeDefined();
  store.settle();
  expect(await ending).toBe(true);
  expect(told).toEqual([{ id: 'm1', state: 'succeeded', since: START_AT, reason: undefined, result }]);
  expect(ended).toEqual(told);
  expect(tracker.row(jid, 'm1')).toBeUndefined();
  expect((await jobs.returns(jid)).get('m1')).toEqual(result);
});

test('a second return waits until the first is stored, and is neither stored nor told', async () => {
  const { tracker, store, ended, jobs } = await setUp();
  store.hold();
  const first = tracker.commit(jid, 'm1', 'succeed', { result });
  let isSecondAnswered = false;
  const second = tracker.commit(jid, 'm1', 'fail', { result: { ...result, return: 'other' } }).then((taken) => {
    isSecondAnswered = true;
    return taken;
  });
  await Promise.resolve();
  expect(isSecondAnswered).toBe(false);
  store.release();
  expect([await first, await second]).toEqual([true, false]);
  expect(await tracker.commit(jid, 'm1', 'fail', { result: { ...result, return: 'third' } })).toBe(false);
  expect(ended).toHaveLength(1);
  expect((await jobs.returns(jid)).get('m1')?.return).toBe(true);
});

test('a commit that fails leaves the part open, for the first and for the second return', async () => {
  const { tracker, store, ended } = await setUp();
  store.hold();
  const first = tracker.commit(jid, 'm1', 'succeed', { result });
  const second = tracker.commit(jid, 'm1', 'succeed', { result });
  store.settle(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await expect(second).rejects.toThrow('disk full');
  expect(ended).toEqual([]);
  store.release();
  expect(await tracker.commit(jid, 'm1', 'succeed', { result })).toBe(true);
  expect(ended).toHaveLength(1);
});

test('who cannot mend a failed commit is not told, the log is', async () => {
  const { tracker, store, logged } = await setUp();
  store.hold();
  const advanced = tracker.advance(jid, 'm1', 'expire');
  store.settle(new Error('disk full'));
  expect(await advanced).toBe(false);
  expect(logged.at(-1)).toContain('disk full');
  expect(tracker.row(jid, 'm1')?.state).toBe('queued');
});

test('of two parts that end at the same time both are told before the job is over', async () => {
  const { tracker, store, told, jobs } = await setUp();
  store.hold();
  const both = ['m1', 'm2'].map((id) => tracker.commit(jid, id, 'succeed', { result: { ...result, id } }));
  store.settle();
  await both[0];
  expect(told.map(({ id }) => id)).toEqual(['m1']);
  expect(tracker.get(jid)?.rows.size).toBe(1);
  store.release();
  await both[1];
  expect(told.map(({ id }) => id)).toEqual(['m1', 'm2']);
  expect(tracker.get(jid)).toBeUndefined();
  expect(await allOf(jobs.activeJobs())).toEqual([]);
});

test('a part whose end could not be stored is still open after a restart, though the other one ended', async () => {
  const { tracker, store, open } = await setUp();
  store.hold();
  const first = tracker.commit(jid, 'm1', 'succeed', { result });
  const second = tracker.commit(jid, 'm2', 'succeed', { result: { ...result, id: 'm2' } });
  store.settle(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  store.release();
  await second;
  expect([...((await open()).get(jid)?.rows.keys() ?? [])]).toEqual(['m1']);
});

test('an event that cannot happen is logged and changes nothing', async () => {
  const { tracker, logged } = await setUp();
  await tracker.commit(jid, 'm1', 'run');
  expect(await tracker.commit(jid, 'm1', 'requeue')).toBe(false);
  expect(tracker.row(jid, 'm1')?.state).toBe('running');
  expect(logged.at(-1)).toContain('impossible');
});

test('unknown jobs and minions are not open', async () => {
  const { tracker, jobs } = await setUp();
  expect(await tracker.commit('20260101000000000009', 'm1', 'succeed', { result })).toBe(false);
  expect(await tracker.commit(jid, 'm9', 'succeed', { result: { ...result, id: 'm9' } })).toBe(false);
  expect(jobs.hasReturn(jid, 'm9')).toBe(false);
});

test('who stopped watching is told nothing more', async () => {
  const { tracker, told, stop } = await setUp();
  stop();
  await tracker.commit(jid, 'm1', 'run');
  expect(told).toEqual([]);
});

test('after a restart the parts that were open are queued, and it is not known whether the minion has them', async () => {
  const { tracker, open } = await setUp();
  expect(tracker.row(jid, 'm2')?.mayHaveIt).toBe(false);
  await tracker.commit(jid, 'm1', 'succeed', { result });
  await tracker.commit(jid, 'm2', 'run');
  const again = await open();
  expect(again.openCount()).toBe(1);
  expect(again.row(jid, 'm1')).toBeUndefined();
  expect(again.row(jid, 'm2')).toMatchObject({ state: 'queued', mayHaveIt: true });
});

test('the minion may have what was sent, unless it handed it back', async () => {
  const { tracker } = await setUp();
  await tracker.commit(jid, 'm1', 'send');
  await tracker.commit(jid, 'm1', 'requeue');
  expect(tracker.row(jid, 'm1')?.mayHaveIt).toBe(true);
  await tracker.commit(jid, 'm1', 'send');
  await tracker.commit(jid, 'm1', 'requeue', { mayHaveIt: false });
  expect(tracker.row(jid, 'm1')?.mayHaveIt).toBe(false);
});

test('a return of a part that was given up is stored and told once, and the part stays given up', async () => {
  const { tracker, jobs, ended } = await setUp();
  await tracker.commit(jid, 'm1', 'time_out', { reason: 'silent' });
  const twice = [1, 2].map(() => tracker.commit(jid, 'm1', 'succeed', { result }));
  expect(await Promise.all(twice)).toEqual([false, false]);
  await tracker.commit(jid, 'm1', 'succeed', { result: { ...result, return: 'third' } });
  expect((await jobs.returns(jid)).get('m1')).toEqual(result);
  expect(jobs.endedRow(jid, 'm1')).toMatchObject({ state: 'timed_out', reason: 'silent' });
  expect(ended.map(({ result: told }) => told)).toEqual([undefined, result]);
});

test('open parts are counted over all jobs', async () => {
  const { tracker } = await setUp();
  const over = new Map([['m1', { state: 'expired', since: 1 } as const]]);
  await tracker.add(sampleJob({ jid: '20260101000000000002' }), over);
  expect(tracker.openCount()).toBe(3);
  await tracker.commit(jid, 'm1', 'succeed', { result });
  expect(tracker.openCount()).toBe(2);
});
