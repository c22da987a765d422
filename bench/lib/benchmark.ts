import type { Measure } from './measure.ts';

/** What a benchmark may use, and how much of it. */
export interface BenchmarkContext {
  /** The built program. */
  readonly dist: URL;
  /** An empty directory of its own, removed afterwards. */
  readonly home: string;
  /** How many minions; undefined: as many as the benchmark thinks fit. */
  readonly minions: number | undefined;
  /** How often each thing is measured; undefined: as often as the benchmark thinks fit. */
  readonly runs: number | undefined;
  /** It is only to be seen that the benchmark works: as little as will do, whatever the figures. */
  readonly isQuick: boolean;
  /** Says on the terminal what is going on. */
  readonly progress: (text: string) => void;
}

/** A benchmark. Dropping the file into bench/ is all that it takes. */
export interface Benchmark {
  /** One sentence with a full stop. */
  readonly summary: string;
  run(context: BenchmarkContext): Promise<readonly Measure[]>;
}

/** What a fleet of a benchmark is made from. */
export type FleetContext = Pick<BenchmarkContext, 'dist' | 'home' | 'isQuick'>;

export function defineBenchmark(benchmark: Benchmark): Benchmark {
  return benchmark;
}
