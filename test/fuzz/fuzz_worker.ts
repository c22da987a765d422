import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { fuzzCase } from './fuzz_grammar.ts';
import { HostWatch, judgeCase } from './judge_case.ts';

/** What a worker is given: which cases to try, and where it says at which one it is. */
export interface FuzzWork {
  readonly seed: number;
  readonly first: number;
  /** One int: the number of the case being tried. */
  readonly place: Int32Array;
}

/** Cases that come from one seed; the number of the batch is part of it. */
export const BATCH = 50;

const { seed, first, place } = workerData as FuzzWork;
const watch = new HostWatch();
for (let batch = Math.floor(first / BATCH); ; batch += 1) {
  const cases = fc.sample(fuzzCase, { numRuns: BATCH, seed: seed + batch });
  for (const [index, each] of cases.entries()) {
    const number = batch * BATCH + index;
    if (number < first) continue;
    Atomics.store(place, 0, number);
    const begun = performance.now();
    const verdict = judgeCase(each, watch);
    parentPort?.postMessage({ number, kind: each.kind, text: each.text, verdict, ms: performance.now() - begun });
  }
}
