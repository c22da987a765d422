import { expect, test } from 'vitest';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import { createScheduledReturns } from '../../../../master/jobs/scheduled.ts';
import { nextJid } from '../../../../shared/ids.ts';
import { silentLogger } from '../../../../shared/log.ts';
import type { ReturnPayload } from '../../../../shared/protocol/messages/return.ts';
import { allOf } from '../../../support/all_of.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { sampleJob } from '../../../support/sample_job.ts';

/** Of the moment of the fake clock. */
const JID = '20260101000000000500';
/** The master's next. */
const FRESH = '20260101000000001000';
const NEXT = '20260101000000000501';

function setUp() {
  const store = createMemoryStore();
  const jobs = createJobStore(store);
  const told: string[] = [];
  const kept: string[] = [];
  const take = createScheduledReturns({
    jobs,
    clock: fakeClock(),
    log: silentLogger,
    newJid: () => FRESH,
    eventOf: ({ jid }, { id, state }) => ({
      change: { table: 'events', key: [told.length], value: jid },
      fire: () => void told.push(`${jid} ${id} ${state}`),
      drop: () => void told.push('dropped'),
    }),
    keep: async ({ jid }, { id }) => void kept.push(`${jid} ${id}`),
  });
  return { store, jobs, told, kept, take };
}

const returned = (id: string, members: Partial<ReturnPayload> = {}): ReturnPayload => ({
  id,
  fun: 'test.ping',
  fun_args: [1],
  return: true,
  retcode: 0,
  success: true,
  schedule: 'hourly',
  ...members,
});

test('a return of a scheduled job becomes a job of its own, stored before it is told', async () => {
  const { store, jobs, told, kept, take } = setUp();
  store.hold();
  const taken = take('m1', JID, 'succeeded', returned('m1', { metadata: { why: 'test' } }));
  await new Promise(setImmediate);
  expect([told, kept]).toEqual([[], [`${JID} m1`]]);
  store.release();
  expect(await taken).toBe(true);
  expect(told).toEqual([`${JID} m1 succeeded`]);
  expect(jobs.job(JID)).toMatchObject({
    fun: 'test.ping',
    arg: [1],
    minions: ['m1'],
    tgt: 'm1',
    user: 'Schedule',
    schedule: 'hourly',
    metadata: { why: 'test' },
  });
  expect(jobs.endedRow(JID, 'm1')?.state).toBe('succeeded');
  expect((await jobs.returns(JID)).get('m1')).toMatchObject({ return: true, schedule: 'hourly', jid: JID });
  expect(await allOf(jobs.activeJobs())).toEqual([]);
});

test('a return that cannot be stored is not told, and may come again', async () => {
  const { store, jobs, told, take } = setUp();
  store.hold();
  const failed = take('m1', JID, 'succeeded', returned('m1'));
  await new Promise(setImmediate);
  store.settle(new Error('disk full'));
  await expect(failed).rejects.toThrow('disk full');
  expect([told, jobs.job(JID)]).toEqual([['dropped'], undefined]);
  store.release();
  await take('m1', JID, 'succeeded', returned('m1'));
  expect(told).toEqual(['dropped', `${JID} m1 succeeded`]);
});

test('the same return that comes again, at once or later, is stored and told once', async () => {
  const { jobs, told, take } = setUp();
  await Promise.all([take('m1', JID, 'succeeded', returned('m1')), take('m1', JID, 'succeeded', returned('m1'))]);
  await take('m1', JID, 'succeeded', returned('m1', { return: 'another' }));
  expect(told).toHaveLength(1);
  expect((await jobs.returns(JID)).get('m1')?.return).toBe(true);
  expect(jobs.job(NEXT)).toBeUndefined();
});

test('two minions that chose the same id get a job each, however they arrive', async () => {
  const { jobs, told, take } = setUp();
  await Promise.all([take('m1', JID, 'succeeded', returned('m1')), take('m2', JID, 'failed', returned('m2'))]);
  await take('m2', JID, 'failed', returned('m2'));
  expect(told).toEqual([`${JID} m1 succeeded`, `${NEXT} m2 failed`]);
  expect((await jobs.returns(NEXT)).get('m2')).toMatchObject({ jid: NEXT });
});

test('the job of somebody else is not touched', async () => {
  const { jobs, take } = setUp();
  const record = sampleJob({ jid: JID, minions: ['m2'], fun: 'cmd.run' });
  await jobs.addJob(record, new Map());
  await take('m1', JID, 'succeeded', returned('m1'));
  expect(jobs.job(JID)).toEqual(record);
  expect([...(await jobs.returns(JID))]).toEqual([]);
  expect(jobs.job(NEXT)).toMatchObject({ minions: ['m1'], own_jid: JID });
});

test('a return of a job that was published to the minion is no such return, whatever it says', async () => {
  const { jobs, told, take } = setUp();
  await jobs.addJob(sampleJob({ jid: JID, minions: ['m1'] }), new Map());
  expect(await take('m1', JID, 'succeeded', returned('m1'))).toBe(false);
  expect(told).toEqual([]);
});

test.each([
  ['a time to come', '20260101000200000000'],
  ['no time at all', '20269901000000000000'],
])('a return whose id is %s is stored under an id of the master', async (_what, jid) => {
  const { jobs, told, take } = setUp();
  await take('m1', jid, 'succeeded', returned('m1'));
  expect(told).toEqual([`${FRESH} m1 succeeded`]);
  expect(jobs.job(jid)).toBeUndefined();
});

test('a return without a function is dropped', async () => {
  const { jobs, told, take } = setUp();
  expect(await take('m1', JID, 'succeeded', returned('m1', { fun: undefined }))).toBe(true);
  expect(told).toEqual([]);
  expect(jobs.job(JID)).toBeUndefined();
});

test('a return whose id very many taken ones follow gets one of the master', async () => {
  const { store, jobs, take } = setUp();
  const own = '20260101000000002000';
  let jid = own;
  for (let count = 0; count < 1000; count++, jid = nextJid(jid)) {
    await store.write([{ table: 'jobs', key: [jid], value: sampleJob({ jid, minions: ['hostile'] }) }]);
  }
  await take('m1', own, 'succeeded', returned('m1'));
  expect(jobs.job(jid)).toBeUndefined();
  expect(jobs.job(FRESH)?.own_jid).toBe(own);
});
