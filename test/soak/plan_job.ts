import type { SeededRandom } from '../chaos/seeded_random.ts';

/** A job of the load: what is asked for, and what else happens to it. */
export interface PlannedJob {
  /** As `JobRequest` of the message table. */
  readonly request: Readonly<Record<string, unknown>> & { readonly op: 'job' };
  /**
   * `stay`: the operator waits for all answers. `leave`: it goes when the master has taken the job. `cancel`: it stops
   * the job as soon as it is taken.
   */
  readonly outcome: 'stay' | 'leave' | 'cancel';
}

/** A minion that is away is back long before. */
const QUEUE_FOR_SECONDS = 180;
const LARGE_BYTES = 20_000;

const targets: readonly { readonly weight: number; readonly make: MakeTarget }[] = [
  { weight: 5, make: () => ({ tgt: '*', tgt_type: 'glob' }) },
  { weight: 15, make: (random, ids) => ({ tgt: `${random.pick(ids).slice(0, 4)}*`, tgt_type: 'glob' }) },
  { weight: 10, make: (random, ids) => ({ tgt: `emu\\d*${lastDigits(random.pick(ids), 2)}$`, tgt_type: 'pcre' }) },
  {
    weight: 10,
    make: (random, ids) => ({
      tgt: `G@os:Emulated and E@emu\\d*${lastDigits(random.pick(ids), 1)}$`,
      tgt_type: 'compound',
    }),
  },
  {
    weight: 20,
    make: (random, ids) => ({ tgt: Array.from({ length: 10 }, () => random.pick(ids)).join(','), tgt_type: 'list' }),
  },
  { weight: 40, make: (random, ids) => ({ tgt: random.pick(ids), tgt_type: 'glob' }) },
];
function lastDigits(id: string, count: number): string {
  return id.replace(/\D/g, '').slice(-count);
}

type MakeTarget = (random: SeededRandom, ids: readonly string[]) => Readonly<Record<'tgt' | 'tgt_type', string>>;

const works: readonly { readonly weight: number; readonly make: (random: SeededRandom) => Work }[] = [
  { weight: 40, make: () => ({ fun: 'test.ping' }) },
  { weight: 15, make: (random) => ({ fun: 'test.echo', arg: [`${random.integer(1, 1e6)}`] }) },
  { weight: 15, make: () => ({ fun: 'grains.items' }) },
  { weight: 15, make: (random) => ({ fun: 'test.sleep', arg: [random.integer(1, 20) / 10] }) },
  { weight: 5, make: () => ({ fun: 'test.echo', arg: ['x'.repeat(LARGE_BYTES)] }) },
  { weight: 10, make: () => ({ fun: 'test.arg', arg: [1, 'two'], kwarg: { three: [3] } }) },
];
interface Work {
  readonly fun: string;
  readonly arg?: readonly unknown[];
  readonly kwarg?: Readonly<Record<string, unknown>>;
}

/** The next job; the same for the same numbers. Pure but for them. */
export function planJob(random: SeededRandom, ids: readonly string[]): PlannedJob {
  const target = draw(random, targets).make(random, ids);
  const common = { op: 'job', queue_for: QUEUE_FOR_SECONDS, ...target } as const;
  if (random.isTrue(0.03)) return { request: { ...common, fun: 'test.sleep', arg: [30] }, outcome: 'cancel' };
  const request = { ...common, ...draw(random, works).make(random) };
  if (random.isTrue(0.05)) return { request: { ...request, batch: { size: '25%' } }, outcome: 'stay' };
  return { request, outcome: random.isTrue(0.05) ? 'leave' : 'stay' };
}

function draw<T extends { readonly weight: number }>(random: SeededRandom, choices: readonly T[]): T {
  return random.pick(choices.flatMap((choice) => Array.from({ length: choice.weight }, () => choice)));
}
