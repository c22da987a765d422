import { fitLine } from './fit_line.ts';
import type { Census, Sample } from './probe.ts';

export const processNames = ['master', 'emulator'] as const;
export type ProcessName = (typeof processNames)[number];

/** All that a run saw. */
export interface Evidence {
  readonly samples: Readonly<Record<ProcessName, readonly Sample[]>>;
  readonly before: Readonly<Record<ProcessName, Census>>;
  readonly after: Readonly<Record<ProcessName, Census>>;
  readonly store: readonly StoreSample[];
  /** Entries in the store whose job was removed, when all is settled. */
  readonly leftInStore: number;
  /** What the first so many minutes say counts for nothing: caches fill, code is compiled, old jobs are not yet old. */
  readonly warmUpMinutes: number;
  readonly jobs: JobCounts;
}

/** How it was with the master's store at minutes since the load began. */
export interface StoreSample {
  readonly atMinutes: number;
  /** Of its file, MB. */
  readonly fileMb: number;
  /** What its tables take of that. */
  readonly usedMb: number;
  readonly jobs: number;
}

export interface JobCounts {
  readonly wanted: number;
  readonly accepted: number;
  /** Parts of accepted jobs, and how many of them ended. */
  readonly parts: number;
  readonly ended: number;
  /** Parts that ended otherwise than they had to, of minions that were not deleted meanwhile. */
  readonly wrong: number;
}

export interface Verdict {
  readonly name: string;
  readonly value: number;
  /** Standard error, of what is estimated. */
  readonly error?: number;
  readonly unit: string;
  readonly max: number;
  /** `open`: the run was too short, or its figures too unsteady, to tell. */
  readonly state: 'met' | 'missed' | 'open';
}

/**
 * At 5 jobs a second and some 90 minions each, a master takes 27,000 returns a minute: a quarter of a megabyte is nine
 * bytes for each of them, so that one forgotten reference a return is seen, and less than a kilobyte a job.
 */
const HEAP_MB_PER_MINUTE = 0.25;
/** malloc gives little back to the system and not at once: four times as much is still seen in half an hour. */
const ANONYMOUS_MB_PER_MINUTE = 1;
/**
 * Jobs are removed as fast as they come once the first are old: of 300 a minute, one in a hundred that is not would be
 * seen. The megabytes of a store say less: one job in 400 returns 20 MB, and as many of those are kept as chance has it.
 */
const STORED_JOBS_PER_MINUTE = 3;
/** LMDB never makes its file smaller: it is as large as what was in it at most, and what came free since the commit before. */
const FILE_TIMES_USED = 1.5;
/** What happened to be under way when it was counted. What leaks with each job or connection comes to thousands. */
const HELD_MAX = 10;
/** After the warm-up. In less, whatever grows once looks as if it always did. */
const MEASURED_MINUTES_MIN = 5;

/** Says of each promise of a long run whether it was kept. Pure. */
export function judge(evidence: Evidence): Verdict[] {
  return [
    ...processNames.flatMap((name) => judgeProcess(name, evidence)),
    ...judgeStore(evidence),
    ...judgeJobs(evidence),
  ];
}

function judgeProcess(name: ProcessName, { samples, before, after, warmUpMinutes }: Evidence): Verdict[] {
  const collected = samples[name].filter(({ isCollected }) => isCollected);
  const grows = (what: string, read: (sample: Sample) => number, max: number): Verdict =>
    judgeSlope(
      `${name}: ${what} grows`,
      collected.map((sample) => ({ x: sample.atMinutes, y: read(sample) })),
      { max, warmUpMinutes, unit: 'MB/min' },
    );
  const held = (what: string, read: (census: Census) => number): Verdict => {
    const value = read(after[name]) - read(before[name]);
    const state = value <= HELD_MAX ? 'met' : 'missed';
    return { name: `${name}: ${what} left behind`, value, unit: '', max: HELD_MAX, state };
  };
  return [
    grows('heap', ({ heapMb }) => heapMb, HEAP_MB_PER_MINUTE),
    grows('memory of buffers', ({ externalMb }) => externalMb, HEAP_MB_PER_MINUTE),
    grows('memory of its own', (sample) => sample.anonymousMb, ANONYMOUS_MB_PER_MINUTE),
    held('timers', ({ timers }) => timers),
    held('sockets', ({ sockets }) => sockets),
    held('abort signals', ({ signals }) => signals),
    held('file descriptors', ({ files }) => Object.values(files).reduce((sum, count) => sum + count, 0)),
  ];
}

/** Kept or not only when twice the standard error leaves no doubt. */
function judgeSlope(
  name: string,
  points: readonly { readonly x: number; readonly y: number }[],
  { max, warmUpMinutes, unit }: { readonly max: number; readonly warmUpMinutes: number; readonly unit: string },
): Verdict {
  const measured = points.filter(({ x }) => x >= warmUpMinutes);
  const { slope, error } = fitLine(measured);
  const isLong = isLongEnough(measured.at(-1)?.x ?? 0, warmUpMinutes);
  const doubt = 2 * error;
  const sure = slope + doubt <= max ? 'met' : slope - doubt > max ? 'missed' : 'open';
  return { name, value: slope, error, unit, max, state: isLong ? sure : 'open' };
}

function isLongEnough(minutes: number, warmUpMinutes: number): boolean {
  return minutes - warmUpMinutes >= MEASURED_MINUTES_MIN;
}

function judgeStore({ store, leftInStore, warmUpMinutes }: Evidence): Verdict[] {
  const last = store.at(-1);
  const most = Math.max(...store.map(({ usedMb }) => usedMb));
  const times = (last?.fileMb ?? 0) / most;
  const isLong = isLongEnough(last?.atMinutes ?? 0, warmUpMinutes);
  return [
    judgeSlope(
      'master: jobs in its store grow',
      store.map(({ atMinutes, jobs }) => ({ x: atMinutes, y: jobs })),
      { max: STORED_JOBS_PER_MINUTE, warmUpMinutes, unit: 'jobs/min' },
    ),
    {
      name: 'master: file of its store, times the most that was in it',
      value: times,
      unit: 'x',
      max: FILE_TIMES_USED,
      state: !isLong ? 'open' : times <= FILE_TIMES_USED ? 'met' : 'missed',
    },
    {
      name: 'master: entries in its store without their job',
      value: leftInStore,
      unit: '',
      max: 0,
      state: leftInStore === 0 ? 'met' : 'missed',
    },
  ];
}

function judgeJobs({ jobs }: Evidence): Verdict[] {
  const none = (name: string, value: number): Verdict => ({
    name,
    value,
    unit: '',
    max: 0,
    state: value === 0 && jobs.parts > 0 ? 'met' : 'missed',
  });
  return [
    none('jobs: asked for and not accepted', jobs.wanted - jobs.accepted),
    none('jobs: parts that never ended', jobs.parts - jobs.ended),
    none('jobs: parts that ended wrongly', jobs.wrong),
  ];
}
