import { sleep, systemClock } from '../../shared/clock.ts';
import { createSeededRandom } from '../chaos/seeded_random.ts';
import { judge, type ProcessName, processNames, type StoreSample, type Verdict } from './judge.ts';
import { call, openOperator } from './operators.ts';
import { type LoadReport, playLoad } from './play_load.ts';
import type { Census, Sample } from './probe.ts';
import { type SoakFleet, startSoakFleet } from './soak_fleet.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly minions: number;
  /** Jobs a second. */
  readonly rate: number;
  readonly seed: number;
  /** Hears what goes on, a line at a time. */
  readonly tell: (line: string) => void;
}

type Of<T> = Readonly<Record<ProcessName, T>>;

export interface SoakReport extends Omit<SoakOptions, 'tell'> {
  readonly verdicts: readonly Verdict[];
  readonly load: LoadReport;
  readonly samples: Of<readonly Sample[]>;
  readonly store: readonly StoreSample[];
  readonly before: Of<Census>;
  readonly after: Of<Census>;
  /** Logs, kept when something was missed. */
  readonly directory: string | undefined;
}

/** Enrolment of a thousand takes a minute on two busy cores. */
const START_MS = 120_000;
const START_MS_PER_MINION = 500;
/** Retries, the sweep of jobs and the last connections end. */
const SETTLE_MS = 120_000;
/** What is over and may still be held for a moment: answers that were asked for, sockets that close. */
const REST_MS = 12_000;
const POLL_MS = 500;
const SAMPLES = 360;
const COLLECTIONS = 60;
const SAMPLE_MS_MIN = 1000;
/** Ended jobs are kept for a sixth of the run: the rest of it says whether the store still grows. */
const KEEP_SHARE = 6;
const KEEP_SECONDS_MIN = 60;
/** Of a thousand minions two leave each second, for five. */
const CHURN_SHARE = 0.002;
const AWAY = '5s';
const EVENTS_SHARE = 0.05;

/** A fleet under load for so long: how its memory goes, what it leaves behind, and what became of its jobs. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { minutes, minions, rate, seed, tell } = options;
  const seconds = minutes * 60;
  const share = (part: number): string => String(Math.max(0.2, Math.round(minions * part * 10) / 10));
  const fleet = await startSoakFleet({
    minions,
    keepJobsSeconds: Math.max(KEEP_SECONDS_MIN, Math.ceil(seconds / KEEP_SHARE)),
    emulate: [
      ...['--churn', share(CHURN_SHARE), '--churn-away', AWAY, '--events', String(Math.ceil(minions * EVENTS_SHARE))],
      ...['--latency', '0-30', '--duplicates', '2%'],
    ],
  });
  let isKept = true;
  try {
    await untilQuiet(fleet, START_MS + minions * START_MS_PER_MINION);
    await fleet.still();
    await untilQuiet(fleet, SETTLE_MS);
    const before = await takeCensus(fleet);
    tell(`${minions} minions are connected: ${seconds} s of ${rate} jobs a second begin`);
    await fleet.stir();
    const sampler = startSampling(fleet, seconds, tell);
    const random = createSeededRandom(seed);
    const deleteEverySeconds = Math.max(1, Math.min(10, seconds / 10));
    const over = AbortSignal.timeout(seconds * 1000);
    const load = await playLoad({ ...fleet, rate, deleteEverySeconds, random }, over);
    const { samples, store } = await sampler.stop();
    tell('the load is over: settling');
    await fleet.still();
    await untilQuiet(fleet, SETTLE_MS);
    const after = await takeCensus(fleet);
    // Until the first jobs are removed, which is looked at every minute.
    const warmUpMinutes = minutes / KEEP_SHARE + 2;
    const leftInStore = fleet.store.leftBehind();
    const verdicts = judge({ samples, store, leftInStore, before, after, warmUpMinutes, jobs: load.jobs });
    isKept = verdicts.some(({ state }) => state === 'missed');
    const directory = isKept ? fleet.directory : undefined;
    return { minutes, minions, rate, seed, verdicts, load, samples, store, before, after, directory };
  } finally {
    await fleet.stop();
    fleet.remove({ keepLogs: isKept });
  }
}

/** All minions are there and no job is open. */
async function untilQuiet({ socketPath, ids }: SoakFleet, patienceMs: number): Promise<void> {
  const operator = await openOperator(socketPath);
  let state = '';
  try {
    for (const until = performance.now() + patienceMs; performance.now() < until; ) {
      const up = ((await call(operator, 'runner', 'manage.up')) as readonly string[]).length;
      const active = Object.keys((await call(operator, 'runner', 'jobs.active')) as object).length;
      state = `${up} of ${ids.length} minions are there, ${active} jobs are open`;
      if (up === ids.length && active === 0) return;
      await sleep(systemClock, POLL_MS);
    }
  } finally {
    await operator.close();
  }
  throw new Error(`not at rest within ${patienceMs / 1000} s: ${state}`);
}

async function takeCensus({ probes }: SoakFleet): Promise<Of<Census>> {
  await sleep(systemClock, REST_MS);
  return { master: await probes.master.census(), emulator: await probes.emulator.census() };
}

function startSampling(fleet: SoakFleet, seconds: number, tell: (line: string) => void) {
  const abort = new AbortController();
  const samples: Record<ProcessName, Sample[]> = { master: [], emulator: [] };
  const store: StoreSample[] = [];
  const sampleMs = Math.max(SAMPLE_MS_MIN, (seconds * 1000) / SAMPLES);
  const collectEvery = SAMPLES / COLLECTIONS;
  const beginMs = performance.now();
  const run = async (): Promise<void> => {
    for (let n = 1; !abort.signal.aborted; n++) {
      await sleep(systemClock, Math.max(0, beginMs + n * sampleMs - performance.now()), abort.signal);
      const atMinutes = (performance.now() - beginMs) / 60_000;
      const isCollected = n % collectEvery === 0;
      for (const name of processNames) samples[name].push(await fleet.probes[name].sample(atMinutes, isCollected));
      const usedMb = fleet.store.usedBytes() / 1024 ** 2;
      store.push({ atMinutes, fileMb: fleet.storeFileMb(), usedMb, jobs: fleet.store.jobs() });
      if (isCollected) tell(progressLine(atMinutes, samples));
    }
  };
  const done = run();
  return {
    async stop() {
      abort.abort();
      await done;
      return { samples, store };
    },
  };
}

function progressLine(atMinutes: number, samples: Of<readonly Sample[]>): string {
  const parts = processNames.map((name) => {
    const last = samples[name].at(-1);
    return `${name} heap ${last?.heapMb.toFixed(1)}, own ${last?.anonymousMb.toFixed(0)} MB, ${last?.files} files`;
  });
  return `${atMinutes.toFixed(1)} min: ${parts.join('; ')}`;
}
