import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MasterContext } from '../master/context.ts';
import jobsRunner from '../master/runners/jobs.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { type JobDisk, jidAt, openJobDisk, publishJob, storeEndedJob, storeReturn } from './lib/filled_store.ts';
import { loopDelayMeasures, watchOwnLoop } from './lib/loop_delay.ts';
import type { Measure } from './lib/measure.ts';

/** Of each job. */
const MINIONS = 1000;
const RUNS = 20;
const AMOUNTS = { returns: 1_000_000, alone: 300, lookUps: 1000 };
const FEW: Amounts = { returns: 400, alone: 3, lookUps: 10 };
/** The speed of writing is told for so many equal parts: whether it falls as the store grows. */
const PARTS = 10;
/** What the master removes at a time. */
const REMOVED_AT_A_TIME = 200;
const LISTED = 1000;
/** Of a list: jobs that are kept for a day when there is one every nine seconds. */
const LIST = { jobs: 10_000, minions: 1000 };
const SHORT_LIST = { jobs: 30, minions: 40 };
/** In which stat(2) counts what a file takes. */
const BLOCK_BYTES = 512;

type Amounts = typeof AMOUNTS;

interface Filled {
  readonly folder: string;
  readonly ids: readonly string[];
  readonly jids: readonly string[];
  readonly amounts: Amounts;
  readonly runs: number;
}

export default defineBenchmark({
  summary: "The master's store with a million returns and their events: writing, looking up, opening, size, cleaning.",
  async run({ home, minions = MINIONS, runs = RUNS, isQuick, progress }) {
    const amounts = isQuick ? FEW : AMOUNTS;
    const ids = Array.from({ length: minions }, (_, index) => `m${index + 1}`);
    const count = Math.ceil(amounts.returns / minions);
    const jids = Array.from({ length: count }, (_, index) => jidAt(index));
    const filled: Filled = { folder: join(home, 'store'), ids, jids, amounts, runs };
    let disk = await openJobDisk(filled.folder);
    try {
      progress(`${count} jobs for ${minions} minions: storing ${count * minions} returns …`);
      const written = await measureWriting(disk, filled);
      await disk.store.close();
      const size = measureSize(filled);
      progress('opening …');
      const opened = await measureOpening(filled);
      disk = await openJobDisk(filled.folder, 1);
      progress('looking up …');
      const found = await measureLookUps(disk, filled);
      progress('removing …');
      const cleaned = await measureCleaning(disk, filled);
      progress('listing many jobs …');
      const listed = await measureList(join(home, 'listed'), isQuick ? SHORT_LIST : LIST, runs);
      return [...written, ...size, opened, ...found, ...cleaned, ...listed];
    } finally {
      await disk.store.close();
    }
  },
});

/** With as many at a time as a job has minions, and then one after another, which is a commit for each. */
async function measureWriting(disk: JobDisk, { ids, jids, amounts }: Filled): Promise<Measure[]> {
  const loop = watchOwnLoop();
  const perPart = Math.ceil(jids.length / PARTS);
  const rates: number[] = [];
  for (let from = 0; from < jids.length; from += perPart) {
    const part = jids.slice(from, from + perPart);
    let ms = 0;
    for (const jid of part) {
      await publishJob(disk, jid, ids);
      ms += await timeOf(() => Promise.all(ids.map((id) => storeReturn(disk, jid, id))));
    }
    rates.push((part.length * ids.length * 1000) / ms);
  }
  const delay = loop.stop();
  const alone: number[] = [];
  for (let index = 0; index < amounts.alone; index++) {
    const jid = jidAt(jids.length + index);
    await publishJob(disk, jid, ids.slice(0, 1));
    alone.push(await timeOf(() => storeReturn(disk, jid, ids[0]!)));
  }
  return [
    { name: `returns stored with their events, ${ids.length} at a time, tenth by tenth`, unit: 'per s', values: rates },
    { name: 'a return and its event stored alone', unit: 'ms', values: alone },
    ...loopDelayMeasures([delay], 'the event loop while returns are stored'),
  ];
}

async function measureLookUps({ jobs }: JobDisk, { ids, jids, amounts, runs }: Filled): Promise<Measure[]> {
  /** Another one each time, from all over the store: by a step that has no divisor in common with their number. */
  const spread = <T>(all: readonly T[], index: number): T => all[(index * 7919) % all.length]!;
  const perSecond = (lookUp: (jid: string, id: string) => unknown): number[] =>
    Array.from({ length: runs }, () => {
      const ms = timeNow(() => {
        for (let index = 0; index < amounts.lookUps; index++) lookUp(spread(jids, index), spread(ids, index));
      });
      return (amounts.lookUps * 1000) / ms;
    });
  const returnsOf = async (id: string): Promise<unknown> => {
    const returns: unknown[] = [];
    for await (const { jid } of jobs.headers()) if (returns.push(jobs.returnOf(jid, id)) === LISTED) break;
    return returns;
  };
  const all = `${ids.length} minions`;
  return [
    { name: `a job of ${all}, by its jid`, unit: 'per s', values: perSecond((jid) => jobs.job(jid)) },
    { name: 'a return, by jid and minion', unit: 'per s', values: perSecond((jid, id) => jobs.returnOf(jid, id)) },
    {
      name: `all returns of a job of ${all}`,
      unit: 'ms',
      values: await eachMs(runs, (index) => jobs.returns(spread(jids, index))),
    },
    {
      name: `jobs.list_jobs, the newest ${LISTED}`,
      unit: 'ms',
      values: await eachMs(runs, () => listJobs({ jobs }, LISTED)),
    },
    {
      name: `what one minion returned to the newest ${LISTED} jobs`,
      unit: 'ms',
      values: await eachMs(runs, (index) => returnsOf(spread(ids, index))),
    },
  ];
}

/** What a runner answers about all jobs of a busy master, and how long whoever wants something else waits meanwhile. */
async function measureList(folder: string, { jobs: count, minions }: typeof LIST, runs: number): Promise<Measure[]> {
  const disk = await openJobDisk(folder);
  try {
    const ids = Array.from({ length: minions }, (_, index) => `m${index + 1}`);
    for (let index = 0; index < count; index++) await storeEndedJob(disk, jidAt(index), ids);
    const loop = watchOwnLoop();
    const values = await eachMs(runs, () => listJobs(disk, count));
    const of = `jobs.list_jobs, ${count} jobs of ${minions} minions`;
    return [{ name: of, unit: 'ms', values }, ...loopDelayMeasures([loop.stop()], `the event loop during ${of}`)];
  } finally {
    await disk.store.close();
  }
}

const { run: runListJobs } = jobsRunner.functions.list_jobs!;

async function listJobs({ jobs }: Pick<JobDisk, 'jobs'>, limit: number): Promise<unknown> {
  return runListJobs({ jobs } as MasterContext, { limit }, { args: [], kwargs: {} });
}

async function eachMs(runs: number, thing: (index: number) => Promise<unknown>): Promise<number[]> {
  const values: number[] = [];
  for (let index = 0; index < runs; index++) values.push(await timeOf(() => thing(index)));
  return values;
}

function measureSize({ folder, ids, jids }: Filled): Measure[] {
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).blocks * BLOCK_BYTES, 0);
  return [
    { name: 'size on disk', unit: 'MB', values: [bytes / 1e6] },
    {
      name: 'size on disk, for each return and its event',
      unit: 'kB',
      values: [bytes / 1e3 / ids.length / jids.length],
    },
  ];
}

/** As a master does at its start. The pages are in the memory of the kernel. */
async function measureOpening({ folder, runs }: Filled): Promise<Measure> {
  const values: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    const { store, jobs } = await openJobDisk(folder);
    jobs.lastJid();
    values.push(performance.now() - from);
    await store.close();
  }
  return { name: 'opening, up to the first job', unit: 'ms', values };
}

/** All jobs have expired, and then all events. */
async function measureCleaning({ jobs, eventLog }: JobDisk, { ids, jids }: Filled): Promise<Measure[]> {
  const loop = watchOwnLoop();
  const returns = jids.length * ids.length;
  const jobsMs = await timeOf(async () => {
    while ((await jobs.removeBefore(jidAt(jids.length), REMOVED_AT_A_TIME)) > 0);
  });
  const ofJobs = loop.stop();
  const eventLoop = watchOwnLoop();
  let events = 0;
  const eventsMs = await timeOf(async () => {
    events = await eventLog.sweep();
  });
  return [
    { name: 'returns removed with their jobs', unit: 'per s', values: [(returns * 1000) / jobsMs] },
    ...loopDelayMeasures([ofJobs], 'the event loop while they are removed'),
    { name: 'events removed', unit: 'per s', values: [(events * 1000) / eventsMs] },
    ...loopDelayMeasures([eventLoop.stop()], 'the event loop while events are removed'),
  ];
}

async function timeOf(thing: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await thing();
  return performance.now() - from;
}

function timeNow(thing: () => unknown): number {
  const from = performance.now();
  thing();
  return performance.now() - from;
}
