import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { renderCase } from './fuzz_grammar.ts';
import { HostWatch, judgeCase } from './judge_case.ts';
import { wireCase } from './wire_grammar.ts';

/** What a worker is given: which cases to try, and where it says at which one it is. */
export interface FuzzWork {
  readonly seed: number;
  readonly first: number;
  /** The one kind that is tried; left out: all. */
  readonly only?: string | undefined;
  /** One int: the number of the case being tried. */
  readonly place: Int32Array;
}

/** Cases that come from one seed; the number of the batch is part of it. */
export const BATCH = 50;

const { seed, first, place, only } = workerData as FuzzWork;
const all = fc.oneof(renderCase, wireCase);
const fuzzCase = only === undefined ? all : all.filter(({ kind }) => kind === only);
const watch = new HostWatch();
for (let batch = Math.floor(first / BATCH); ; batch += 1) {
  const cases = fc.sample(fuzzCase, { numRuns: BATCH, seed: seed + batch });
  for (const [index, each] of cases.entries()) {
    const number = batch * BATCH + index;
    if (number < first) continue;
    Atomics.store(place, 0, number);
    const begun = performance.now();
    const verdict = await judgeCase(each, watch);
    parentPort?.postMessage({ number, kind: each.kind, text: each.text, verdict, ms: performance.now() - begun });
  }
}
