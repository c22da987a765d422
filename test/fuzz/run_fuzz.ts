import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { FuzzCase } from './fuzz_grammar.ts';
import type { FuzzWork } from './fuzz_worker.ts';
import type { Verdict } from './judge_case.ts';

/**
 * A case that is still being tried after so many milliseconds hangs: ten times what its limits allow, for a loaded
 * machine.
 */
const HANG_MS = 20_000;
const LOOK_MS = 500;
const HEAP_MB = 1024;
const SHOWN_MAX = 50;

interface Tried extends FuzzCase {
  readonly number: number;
  readonly verdict: Verdict;
  readonly ms: number;
}

interface Tally {
  readonly counts: Map<string, number>;
  readonly findings: string[];
  slowest: { readonly ms: number; readonly number: number };
  tried: number;
}

/** `npm run fuzz -- --minutes 10 --seed 7`. Resolves to the exit status: 1 when something is to be mended. */
export async function runFuzz(argv: readonly string[], worker: URL): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string' },
      first: { type: 'string', default: '0' },
      only: { type: 'string' },
    },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  const until = performance.now() + Number(values.minutes) * 60_000;
  const tally: Tally = { counts: new Map(), findings: [], slowest: { ms: 0, number: 0 }, tried: 0 };
  process.stdout.write(`seed ${seed}, ${values.minutes} minutes\n`);
  let first = Number(values.first);
  while (performance.now() < until) first = await runWorker(worker, { seed, first, only: values.only }, until, tally);
  printTally(tally);
  return tally.findings.length === 0 ? 0 : 1;
}

/** Runs one worker until the time is up or a case ends it; resolves to the number of the next case. */
function runWorker(url: URL, work: Omit<FuzzWork, 'place'>, until: number, tally: Tally): Promise<number> {
  const place = new Int32Array(new SharedArrayBuffer(4)).fill(work.first);
  const worker = new Worker(url, {
    workerData: { ...work, place },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((resolve) => {
    let current = -1;
    let since = performance.now();
    const end = async (): Promise<void> => {
      clearInterval(timer);
      await worker.terminate();
      resolve(Atomics.load(place, 0) + 1);
    };
    const timer = setInterval(() => {
      const number = Atomics.load(place, 0);
      if (number !== current) [current, since] = [number, performance.now()];
      const hangs = performance.now() - since > HANG_MS;
      if (hangs) find(tally, `hang: case ${number} of seed ${work.seed}`);
      if (hangs || performance.now() > until) void end();
    }, LOOK_MS);
    worker.on('message', (tried: Tried) => count(tally, tried));
    worker.on('error', (error) => {
      find(tally, `died: case ${Atomics.load(place, 0)} of seed ${work.seed}: ${error.stack}`);
      void end();
    });
  });
}

function count(tally: Tally, { number, kind, text, verdict, ms }: Tried): void {
  tally.tried += 1;
  const key = `${kind}: ${verdict.outcome}`;
  tally.counts.set(key, (tally.counts.get(key) ?? 0) + 1);
  if (ms > tally.slowest.ms) tally.slowest = { ms, number };
  if ('what' in verdict) find(tally, `${verdict.outcome}: case ${number}: ${verdict.what}\n${JSON.stringify(text)}`);
}

function find(tally: Tally, finding: string): void {
  tally.findings.push(finding);
  if (tally.findings.length <= SHOWN_MAX) process.stdout.write(`${finding}\n\n`);
}

function printTally({ counts, findings, slowest, tried }: Tally): void {
  for (const [key, number] of [...counts].sort()) process.stdout.write(`${key.padEnd(20)}${number}\n`);
  process.stdout.write(`${tried} cases, slowest ${Math.round(slowest.ms)} ms (case ${slowest.number})\n`);
  process.stdout.write(findings.length === 0 ? 'nothing found\n' : `${findings.length} to mend\n`);
}
