/** One measured thing: a value for each run. */
export interface Measure {
  readonly name: string;
  readonly unit: 'ms' | 's' | 'MB' | 'kB' | 'per s' | 'x' | 'count';
  readonly values: readonly number[];
  /** What the median must keep to. */
  readonly bar?: { readonly max: number } | { readonly min: number };
}

/** Of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `share` from 0 to 1: 0.99 for the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export function meetsBar({ values, bar }: Measure): boolean | undefined {
  if (bar === undefined) return undefined;
  return 'max' in bar ? median(values) <= bar.max : median(values) >= bar.min;
}

/**
 * How often a thing takes how long, milliseconds; things that are compared take turns, so that both see the same
 * machine.
 */
export async function timeInTurns(
  runs: number,
  things: readonly (() => Promise<unknown>)[],
): Promise<readonly (readonly number[])[]> {
  const times: number[][] = things.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, thing] of things.entries()) {
      const from = performance.now();
      await thing();
      times[index]!.push(performance.now() - from);
    }
  }
  return times;
}

/** Run by run, how many times as much. */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, index) => value / base[index]!);
}
