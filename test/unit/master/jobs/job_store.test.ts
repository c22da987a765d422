import { expect, test } from 'vitest';
import { createJobStore } from '../../../../master/jobs/job_store.ts';
import type { Store } from '../../../../master/store/store.ts';
import { nextTurn } from '../../../../shared/pace.ts';
import { allOf } from '../../../support/all_of.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { sampleJob } from '../../../support/sample_job.ts';

const ended = { state: 'succeeded', since: 1 } as const;
const result = { id: 'm1', return: true, retcode: 0, success: true };

test('a job with open parts is active until its last part ends', async () => {
  const jobs = createJobStore(createMemoryStore());
  const record = sampleJob();
  await jobs.addJob(record, new Map());
  expect(await allOf(jobs.activeJobs())).toEqual([record]);
  await jobs.endRow(record.jid, 'm1', ended, result, false);
  expect(await allOf(jobs.activeJobs())).toEqual([record]);
  await jobs.endRow(record.jid, 'm2', { ...ended, state: 'expired' }, undefined, true);
  expect(await allOf(jobs.activeJobs())).toEqual([]);
  expect([...jobs.endedRows(record.jid).keys()]).toEqual(['m1', 'm2']);
  expect(jobs.endedRow(record.jid, 'm2')).toEqual({ state: 'expired', since: 1 });
  expect([...(await jobs.returns(record.jid))]).toEqual([['m1', result]]);
  expect([jobs.hasReturn(record.jid, 'm1'), jobs.hasReturn(record.jid, 'm2')]).toEqual([true, false]);
});

test('a job whose parts are all over from the start is not active', async () => {
  const jobs = createJobStore(createMemoryStore());
  const record = sampleJob({ minions: ['m1'] });
  await jobs.addJob(record, new Map([['m1', { state: 'expired', since: 1, reason: 'offline' }]]));
  expect(await allOf(jobs.activeJobs())).toEqual([]);
  expect(jobs.job(record.jid)).toEqual(record);
});

test('jobs are listed newest first', async () => {
  const jobs = createJobStore(createMemoryStore());
  const jids = ['20260101000000000001', '20260101000000000003', '20260101000000000002'];
  for (const jid of jids) await jobs.addJob(sampleJob({ jid }), new Map());
  expect((await allOf(jobs.headers())).map(({ jid }) => jid)).toEqual([...jids].sort().reverse());
  expect(jobs.lastJid()).toBe('20260101000000000003');
});

test('the minions of a large job stand beside it, and go with it', async () => {
  const store = createMemoryStore();
  const jobs = createJobStore(store);
  const minions = Array.from({ length: 100 }, (_, number) => `m${number}`);
  const record = sampleJob({ minions, cause: { once: 'a', depth: 1 } });
  const [{ minions: _, ...header }, jid] = [record, record.jid];
  await jobs.addJob(record, new Map(minions.map((id) => [id, ended])));
  expect([jobs.job(jid), jobs.jobOnce('a'), jobs.header(jid)]).toEqual([record, record, header]);
  expect(await allOf(jobs.headers())).toEqual([header]);
  expect(await jobs.removeBefore('2027', 10)).toBe(1);
  expect([...store.keys('job_minions'), ...store.keys('jobs'), ...store.keys('once')]).toEqual([]);
});

test('a walk through many jobs lets others have their turn, and sees none twice', async () => {
  const jobs = createJobStore(createMemoryStore());
  const jids = Array.from({ length: 1200 }, (_, index) => `2026010100000000${String(index).padStart(4, '0')}`);
  for (const jid of jids) await jobs.addJob(sampleJob({ jid }), new Map());
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns++) await nextTurn();
  })();
  const seen: string[] = [];
  for await (const { jid } of jobs.headers()) {
    seen.push(jid);
    // A job that comes meanwhile is newer than where the walk is.
    if (seen.length === 600) await jobs.addJob(sampleJob({ jid: '20270101000000000000' }), new Map());
  }
  isOver = true;
  await others;
  expect(turns).toBeGreaterThanOrEqual(2);
  expect(seen).toEqual([...jids].reverse());
  expect((await allOf(jobs.headers()))[0]?.jid).toBe('20270101000000000000');
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
  expect(jobs.endedRows(second).size + (await jobs.returns(second)).size).toBe(0);
  expect(await jobs.removeBefore(fourth, 10)).toBe(1);
  expect((await allOf(jobs.headers())).map(({ jid }) => jid).sort()).toEqual([jids[0], jids[1], jids[4], jids[5]]);
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
  await jobs.addJob(sampleJob({ jid, minions }), new Map());
  for (const [at, id] of minions.entries()) await jobs.endRow(jid, id, ended, undefined, at === minions.length - 1);
  batches.length = 0;
  expect(await jobs.removeBefore(next, 10)).toBe(1);
  expect(Math.max(...batches)).toBeLessThanOrEqual(512);
  expect(batches.reduce((sum, count) => sum + count)).toBe(1502);
  expect([jobs.job(jid), jobs.endedRows(jid).size]).toEqual([undefined, 0]);
});

test('parts that are over from the start are one change, found as any other, and go with their job', async () => {
  const store = createMemoryStore();
  let changes = 0;
  const write: Store['write'] = (all) => {
    changes += all.length;
    return store.write(all);
  };
  const jobs = createJobStore({ ...store, write });
  const minions = Array.from({ length: 1500 }, (_, number) => `m${number}`);
  const record = sampleJob({ jid: '20260101000000000000', minions });
  const { jid } = record;
  expect(jobs.endedRow(jid, 'm7')).toBeUndefined();
  const offline = new Map(
    minions.slice(1).map((id) => [id, { state: 'expired', since: 1, reason: `no ${id}` } as const]),
  );
  await jobs.addJob(record, offline);
  expect(changes).toBeLessThan(10);
  expect(jobs.endedRow(jid, 'm7')).toEqual({ state: 'expired', since: 1, reason: 'no m7' });
  expect([jobs.endedRow(jid, 'm0'), jobs.endedRow(jid, 'nobody')]).toEqual([undefined, undefined]);
  expect(await allOf(jobs.activeJobs())).toEqual([record]);
  await jobs.endRow(jid, 'm0', ended, undefined, true);
  expect([jobs.endedRow(jid, 'm0'), jobs.endedRows(jid).size]).toEqual([ended, 1500]);
  expect(await jobs.removeBefore('20260101000000000001', 10)).toBe(1);
  expect([jobs.endedRow(jid, 'm7'), jobs.endedRows(jid).size]).toEqual([undefined, 0]);
  expect([...store.keys('rows')]).toEqual([]);
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
