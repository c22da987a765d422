import { expect, test } from 'vitest';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import type { Store } from '../../../../master/store/store.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { sampleJob } from '../../../support/sample_job.ts';

const ended = { state: 'succeeded', since: 1 } as const;
const result = { id: 'm1', return: true, retcode: 0, success: true };

test('a job with open parts is active until its last part ends', async () => {
  const jobs = createJobStore(createMemoryStore());
  const record = sampleJob();
  await jobs.addJob(record, new Map());
  expect([...jobs.activeJobs()]).toEqual([record]);
  await jobs.endRow(record.jid, 'm1', ended, result, false);
  expect([...jobs.activeJobs()]).toEqual([record]);
  await jobs.endRow(record.jid, 'm2', { ...ended, state: 'expired' }, undefined, true);
  expect([...jobs.activeJobs()]).toEqual([]);
  expect([...jobs.endedRows(record.jid).keys()]).toEqual(['m1', 'm2']);
  expect(jobs.endedRow(record.jid, 'm2')).toEqual({ state: 'expired', since: 1 });
  expect([...jobs.returns(record.jid)]).toEqual([['m1', result]]);
  expect([jobs.hasReturn(record.jid, 'm1'), jobs.hasReturn(record.jid, 'm2')]).toEqual([true, false]);
});

test('a job whose parts are all over from the start is not active', async () => {
  const jobs = createJobStore(createMemoryStore());
  const record = sampleJob({ minions: ['m1'] });
  await jobs.addJob(record, new Map([['m1', { state: 'expired', since: 1, reason: 'offline' }]]));
  expect([...jobs.activeJobs()]).toEqual([]);
  expect(jobs.job(record.jid)).toEqual(record);
});

test('jobs are listed newest first', async () => {
  const jobs = createJobStore(createMemoryStore());
  const jids = ['20260101000000000001', '20260101000000000003', '20260101000000000002'];
  for (const jid of jids) await jobs.addJob(sampleJob({ jid }), new Map());
  expect([...jobs.jobs()].map(({ jid }) => jid)).toEqual([...jids].sort().reverse());
  expect([...jobs.jobs(1)].map(({ jid }) => jid)).toEqual(['20260101000000000003']);
  expect(jobs.lastJid()).toBe('20260101000000000003');
});

test('old jobs go with all that belongs to them, and active ones stay', async () => {
  const jobs = createJobStore(createMemoryStore());
  const jids = Array.from({ length: 6 }, (_, index) => `2026010100000000000${index}`);
  for (const [index, jid] of jids.entries()) {
    await jobs.addJob(sampleJob({ jid, minions: ['m1'] }), new Map());
    // The two oldest still run.
    if (index >= 2) await jobs.endRow(jid, 'm1', ended, result, true);
  }
  const [, , second = '', , fourth = ''] = jids;
  expect(await jobs.removeBefore(fourth, 1)).toBe(1);
  expect(jobs.job(second)).toBeUndefined();
  expect(jobs.endedRows(second).size + jobs.returns(second).size).toBe(0);
  expect(await jobs.removeBefore(fourth, 10)).toBe(1);
  expect([...jobs.jobs()].map(({ jid }) => jid).sort()).toEqual([jids[0], jids[1], jids[4], jids[5]]);
  expect(await jobs.removeBefore(fourth, 10)).toBe(0);
});

test('a job for many minions is removed some rows at a time, itself at the end', async () => {
  const store = createMemoryStore();
  const batches: number[] = [];
  const write: Store['write'] = (changes) => {
    batches.push(changes.length);
    return store.write(changes);
  };
  const jobs = createJobStore({ ...store, write });
  const minions = Array.from({ length: 1500 }, (_, number) => `m${number}`);
  const [jid, next] = ['20260101000000000000', '20260101000000000001'];
  await jobs.addJob(sampleJob({ jid, minions }), new Map(minions.map((id) => [id, ended])));
  batches.length = 0;
  expect(await jobs.removeBefore(next, 10)).toBe(1);
  expect(Math.max(...batches)).toBeLessThanOrEqual(512);
  expect(batches.reduce((sum, count) => sum + count)).toBe(1501);
  expect([jobs.job(jid), jobs.endedRows(jid).size]).toEqual([undefined, 0]);
});

test('the pieces of a large return are removed some at a time', async () => {
  const store = createMemoryStore();
  const batches: number[] = [];
  const write: Store['write'] = (changes) => {
    batches.push(changes.filter(({ table }) => table === 'parts').length);
    return store.write(changes);
  };
  const jobs = createJobStore({ ...store, write });
  const [jid, next] = ['20260101000000000000', '20260101000000000001'];
  for (const id of ['m1', 'm2']) {
    for (let n = 0; n < 150; n++) await jobs.addPart(jid, id, n, Buffer.from('x'));
  }
  await jobs.addJob(sampleJob({ jid, minions: ['m1'] }), new Map([['m1', ended]]));
  batches.length = 0;
  await jobs.removeParts(jid, 'm1');
  expect(jobs.partNumbers(jid, 'm2')).toHaveLength(150);
  expect(await jobs.removeBefore(next, 10)).toBe(1);
  expect([...jobs.partOwners()]).toEqual([]);
  expect(Math.max(...batches)).toBeLessThan(100);
  expect(batches.reduce((sum, count) => sum + count)).toBe(300);
});
