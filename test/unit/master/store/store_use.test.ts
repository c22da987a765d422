import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJobStore, type JobRecord, type JobStore } from '../../../../master/jobs/job_store.ts';
import { openStore } from '../../../../master/store/open_store.ts';
import type { Store } from '../../../../master/store/store.ts';
import { openStoreUse } from '../../../../master/store/store_use.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';

const LARGE_BYTES = 20_000;
const MINIONS = Array.from({ length: 100 }, (_, index) => `m${index}`);
const NOW = 1_700_000_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brine-store-use-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** All that was written is in LMDB when it returns. */
async function work(on: (jobs: JobStore, store: Store) => Promise<unknown>): Promise<void> {
  const store = await openStore(folder, { clock: systemClock, log: silentLogger });
  await on(createJobStore(store), store);
  await store.close();
}

const jidOf = (n: number): string => `2026010100000000${String(n).padStart(4, '0')}`;

async function runLargeJob(jobs: JobStore, n: number): Promise<void> {
  const jid = jidOf(n);
  const header = {
    jid,
    fun: 'test.echo',
    arg: [],
    kwarg: {},
    tgt: '*',
    tgt_type: 'glob',
    user: 'root',
    exp: NOW,
  } as const;
  await jobs.addJob({ ...header, minions: MINIONS } satisfies JobRecord, new Map());
  const value = 'x'.repeat(LARGE_BYTES);
  const ends = MINIONS.map((id, index) => {
    const result = { jid, id, fun: 'test.echo', return: value, retcode: 0, success: true } as const;
    return jobs.endRow(jid, id, { state: 'succeeded', since: NOW }, result, index === MINIONS.length - 1);
  });
  await Promise.all(ends);
}

async function seen() {
  const use = openStoreUse(folder);
  const found = { used: use.usedBytes(), jobs: use.jobs(), leftBehind: use.leftBehind() };
  await use.close();
  return { ...found, file: (await stat(join(folder, 'data.mdb'))).size };
}

test('jobs that are removed leave their room in the file to those that come', async () => {
  const least = MINIONS.length * LARGE_BYTES;
  await work((jobs) => runLargeJob(jobs, 0));
  const first = await seen();
  expect(first).toMatchObject({ jobs: 1, leftBehind: 0 });
  expect(first.used).toBeGreaterThan(least);
  for (let n = 1; n < 10; n++) {
    await work((jobs) => jobs.removeBefore(jidOf(n), 10));
    const emptied = await seen();
    expect(emptied).toMatchObject({ jobs: 0, leftBehind: 0 });
    expect(emptied.used).toBeLessThan(least / 10);
    await work((jobs) => runLargeJob(jobs, n));
  }
  const last = await seen();
  expect(last.jobs).toBe(1);
  // Pages that came free are used again by the commit after the next: the file is larger than what it holds, but not by
  // what it ever held.
  expect(last.file).toBeLessThan(2.5 * first.used);
});

test('what outlives its job is counted', async () => {
  await work(async (jobs, store) => {
    await runLargeJob(jobs, 0);
    await store.write([{ table: 'jobs', key: [jidOf(0)], value: undefined }]);
  });
  // Of each minion a row and a return, and the list of them all.
  expect(await seen()).toMatchObject({ jobs: 0, leftBehind: 2 * MINIONS.length + 1 });
});
