import { expect, test } from 'vitest';
import { fitLine } from '../../soak/fit_line.ts';
import { type Evidence, judge, type ProcessName, type StoreSample } from '../../soak/judge.ts';
import type { Census, Sample } from '../../soak/probe.ts';

const MINUTES = 30;
const WARM_UP = 7;

/** Thirty minutes of one process, in which what is named grows by so much a minute; figures shake as they do. */
function samples(grows: Partial<Pick<Sample, 'heapMb' | 'externalMb' | 'anonymousMb'>> = {}): Sample[] {
  return Array.from({ length: MINUTES * 2 }, (_, index) => {
    const atMinutes = index / 2;
    const shake = [0.3, -0.2, 0.1, -0.3, 0.2, -0.1][index % 6] ?? 0;
    const grown = (what: keyof typeof grows): number => shake + (grows[what] ?? 0) * atMinutes;
    return {
      atMinutes,
      // What is garbage says nothing, however much it is.
      heapMb: 60 + grown('heapMb') + (index % 2) * 50 * atMinutes,
      externalMb: 20 + grown('externalMb'),
      anonymousMb: 150 + grown('anonymousMb'),
      pssMb: 160,
      files: 1040,
      cpuMs: index * 100,
      delayP99Ms: 12,
      delayMaxMs: 30,
      isCollected: index % 2 === 0,
    };
  });
}

const census = (change: Partial<Census> = {}): Census => ({
  timers: 2000,
  sockets: 1010,
  signals: 2000,
  files: { socket: 1010, '/var/cache/store': 2 },
  ...change,
});

/** A store that fills for six minutes, and in which large jobs come and go. */
function storeSamples({ jobs = 0, fileMb = 0 }: Partial<Record<'jobs' | 'fileMb', number>>): StoreSample[] {
  return Array.from({ length: MINUTES }, (_, atMinutes) => {
    const filled = Math.min(atMinutes, 6) / 6;
    return {
      atMinutes,
      fileMb: 260 + fileMb * atMinutes,
      usedMb: filled * (180 + 20 * ((atMinutes * 5) % 4)),
      jobs: filled * 1500 + jobs * atMinutes,
    };
  });
}

function evidence(change: Partial<Evidence> = {}): Evidence {
  const both = <T>(value: T): Record<ProcessName, T> => ({ master: value, emulator: value });
  return {
    samples: both(samples()),
    before: both(census()),
    after: both(census()),
    store: storeSamples({}),
    leftInStore: 0,
    warmUpMinutes: WARM_UP,
    jobs: { wanted: 9000, accepted: 9000, parts: 800_000, ended: 800_000, wrong: 0 },
    ...change,
  };
}

const named = (change: Partial<Evidence>, state: string): string[] =>
  judge(evidence(change))
    .filter((verdict) => verdict.state === state)
    .map(({ name }) => name);

test('a run in which nothing grows and nothing is lost keeps all promises', () => {
  expect(judge(evidence()).filter(({ state }) => state !== 'met')).toEqual([]);
  expect(judge(evidence()).length).toBe(20);
});

test.each([
  ['heapMb', 0.4, 'heap grows'],
  ['externalMb', 0.4, 'memory of buffers grows'],
  ['anonymousMb', 1.2, 'memory of its own grows'],
] as const)('%s that grows by %d MB a minute is a leak, in either process', (what, perMinute, name) => {
  const leaking = samples({ [what]: perMinute });
  expect(named({ samples: { master: leaking, emulator: samples() } }, 'missed')).toEqual([`master: ${name}`]);
  expect(named({ samples: { master: samples(), emulator: leaking } }, 'missed')).toEqual([`emulator: ${name}`]);
});

test.each([
  ['timers', { timers: 2011 }, 'timers left behind'],
  ['sockets', { sockets: 1021 }, 'sockets left behind'],
  ['abort signals', { signals: 2011 }, 'abort signals left behind'],
  ['files', { files: { socket: 1010, '/var/cache/store': 13 } }, 'file descriptors left behind'],
] as const)('%s that are still held when nothing goes on are told', (_what, change, name) => {
  const after = { master: census(change), emulator: census() };
  expect(named({ after }, 'missed')).toEqual([`master: ${name}`]);
});

test('a store that goes on growing when old jobs should go is told', () => {
  expect(named({ store: storeSamples({ jobs: 4 }) }, 'missed')).toEqual(['master: jobs in its store grow']);
  expect(named({ store: storeSamples({ fileMb: 5 }) }, 'missed')).toEqual([
    'master: file of its store, times the most that was in it',
  ]);
  expect(named({ leftInStore: 1 }, 'missed')).toEqual(['master: entries in its store without their job']);
});

test('a job that was not accepted, a part that never ended and one that ended wrongly are told', () => {
  const { jobs } = evidence();
  const missed = (change: Partial<Evidence['jobs']>): string[] => named({ jobs: { ...jobs, ...change } }, 'missed');
  expect(missed({ accepted: 8999 })).toEqual(['jobs: asked for and not accepted']);
  expect(missed({ ended: 799_999 })).toEqual(['jobs: parts that never ended']);
  expect(missed({ wrong: 1 })).toEqual(['jobs: parts that ended wrongly']);
  // Without any job, nothing is proven.
  expect(missed({ wanted: 0, accepted: 0, parts: 0, ended: 0 })).toHaveLength(3);
});

test('a run that is too short says so, however level it is', () => {
  const short = (all: readonly Sample[]): Sample[] => all.filter(({ atMinutes }) => atMinutes < WARM_UP + 4);
  const open = named({ samples: { master: short(samples()), emulator: samples() } }, 'open');
  expect(open).toEqual(['master: heap grows', 'master: memory of buffers grows', 'master: memory of its own grows']);
});

test('figures that shake too much to tell are neither met nor missed', () => {
  const wild = samples().map((sample, index) => ({ ...sample, heapMb: 60 + ((index * 37) % 101) }));
  expect(named({ samples: { master: wild, emulator: samples() } }, 'open')).toEqual(['master: heap grows']);
});

test('a line is fitted by least squares', () => {
  const points = [1, 2, 3, 4].map((x) => ({ x, y: 5 + 2 * x }));
  expect(fitLine(points)).toEqual({ slope: 2, error: 0 });
  // By hand: slope 0.5, residuals ±0.5 and 0, their sum of squares 1.5 over one degree of freedom and a spread of 2.
  const bent = fitLine([
    { x: 0, y: 0 },
    { x: 1, y: 2 },
    { x: 2, y: 1 },
  ]);
  expect(bent.slope).toBeCloseTo(0.5);
  expect(bent.error).toBeCloseTo(Math.sqrt(1.5 / 1 / 2));
  expect(fitLine([{ x: 1, y: 1 }]).error).toBe(Number.POSITIVE_INFINITY);
});
