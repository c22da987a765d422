import { fileURLToPath } from 'node:url';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { createEmulatedBench, type EmulatedBench } from './lib/emulated_bench.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import type { Measure } from './lib/measure.ts';
import { anonymousMb, runProcess } from './lib/own_process.ts';

const SIZES = [1, 100, 1000, 5000, 10_000];
const RUNS = 5;
/** Of the whole command, milliseconds. */
const BARS: Readonly<Record<number, number>> = { 1000: 300, 10000: 2000 };

export default defineBenchmark({
  summary:
    "salt '*' test.ping of 1 to 10,000 emulated minions, TLS and all: the whole command, and publish to last return.",
  async run({ dist, home, isQuick, minions: limit = 10_000, runs = RUNS, progress }) {
    const bench = await createEmulatedBench({ dist, home, isQuick });
    const salt = fileURLToPath(new URL('salt.cjs', dist));
    try {
      await bench.startMaster();
      const measures: Measure[] = [];
      for (const size of [...SIZES.filter((other) => other < limit), limit]) {
        progress(`${size} minions: enrolling, connecting …`);
        await bench.emulate(size);
        progress(`${size} minions: ${runs} times salt '*' test.ping …`);
        measures.push(...(await measureSize(bench, salt, size, runs)));
      }
      return measures;
    } finally {
      progress('stopping …');
      await bench.stop();
    }
  },
});

async function measureSize(bench: EmulatedBench, salt: string, size: number, runs: number): Promise<Measure[]> {
  const client = await connectOperator({ socketPath: bench.socketPath, firstAnswerMs: 30_000, clock: systemClock });
  // The first loads what the others find loaded.
  await ping(client);
  await bench.loopDelay();
  const commands: number[] = [];
  const fans: number[] = [];
  const missing: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    const output = await runProcess([salt, '-c', bench.masterDir, '*', 'test.ping', '--out', 'txt']);
    commands.push(performance.now() - from);
    const { ms, answers } = await ping(client);
    fans.push(ms);
    missing.push(2 * size - answers - (output.match(/: True$/gm)?.length ?? 0));
  }
  const loop = await bench.loopDelay();
  const memory = anonymousMb(bench.master().pid);
  await client.close();
  const bar = BARS[size];
  return [
    {
      name: "salt '*' test.ping, the whole command",
      minions: size,
      unit: 'ms',
      values: commands,
      ...(bar !== undefined && { bar: { max: bar } }),
    },
    { name: 'publish to last return', minions: size, unit: 'ms', values: fans },
    { name: 'answers missing', minions: size, unit: 'count', values: missing, bar: { max: 0 } },
    ...loopDelayMeasures([loop], undefined, size),
    { name: 'master, memory of its own', minions: size, unit: 'MB', values: [memory] },
  ];
}

/** From the master's word that the job is published to the last return, as an operator hears of both. */
async function ping(client: OperatorClient): Promise<{ readonly ms: number; readonly answers: number }> {
  let publishedAt = performance.now();
  let lastAt = publishedAt;
  let answers = 0;
  for await (const step of client.request({
    op: 'job',
    tgt: '*',
    fun: 'test.ping',
    arg: [],
    kwarg: {},
    async: false,
  })) {
    if (step.t === 'job') publishedAt = performance.now();
    if (step.t !== 'ret' || step.return !== true) continue;
    answers++;
    lastAt = performance.now();
  }
  return { ms: lastAt - publishedAt, answers };
}
