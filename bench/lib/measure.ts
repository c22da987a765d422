import { figure } from './figure.ts';

export const units = ['µs', 'ms', 's', 'MB', 'kB', 'per s', 'x', 'count'] as const;

/** One measured thing: a value for each run. */
export interface Measure {
  readonly name: string;
  /** With so many of them. Measures of one name and of several numbers of minions are drawn as a curve. */
  readonly minions?: number | undefined;
  readonly unit: (typeof units)[number];
  readonly values: readonly number[];
  /** What the median must keep to. */
  readonly bar?: { readonly max: number } | { readonly min: number } | undefined;
}

/** `1,000 minions: answers missing`; a measure that is not of a number of minions has its name alone. */
export function fullName({ name, minions }: Measure): string {
  return minions === undefined ? name : `${figure(minions)} minion${minions === 1 ? '' : 's'}: ${name}`;
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
