import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { CONSTRAINED, createEmulatedBench, type EmulatedBench, withoutTls } from './lib/emulated_bench.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import { type Measure, ratios } from './lib/measure.ts';
import { anonymousMb, runProcess } from './lib/own_process.ts';

const SIZES = [1, 100, 1000, 5000, 10_000];
const RUNS = 5;
/** With so many, minions with TLS are compared with those without. */
const COMPARED = 1000;
const COMMAND = "salt '*' test.ping, the whole command";
const FAN = 'publish to last return';
/** Of the whole command, milliseconds. */
const BARS: Readonly<Record<number, number>> = { 1000: 300, 10000: 2000 };

export default defineBenchmark({
  summary:
    "salt '*' test.ping of 1 to 10,000 emulated minions, TLS and all: the whole command, and publish to last return; beside them constrained ones without TLS.",
  async run({ dist, home, isQuick, minions: limit = 10_000, runs = RUNS, progress }) {
    const salt = fileURLToPath(new URL('salt.cjs', dist));
    const measure = async (folder: string, sizes: readonly number[], args: readonly string[]): Promise<Measure[]> => {
      const bench = await createEmulatedBench({ dist, home: join(home, folder), isQuick });
      try {
        await bench.startMaster();
        const measures: Measure[] = [];
        for (const size of sizes) {
          progress(`${[size, 'minions', ...args].join(' ')}: enrolling, connecting …`);
          await bench.emulate(size, args);
          progress(`${size} minions: ${runs} times salt '*' test.ping …`);
          measures.push(...(await measureSize(bench, salt, size, runs)));
        }
        return measures;
      } finally {
        progress('stopping …');
        await bench.stop();
      }
    };
    const sizes = [...SIZES.filter((other) => other < limit), limit];
    const compared = Math.min(COMPARED, limit);
    const full = await measure('tls', sizes, []);
    const plain = await measure('plain', [compared], CONSTRAINED);
    return [...full, ...plain.map((one) => withoutTls(compared, one)), ...priceOfTls(full, plain, compared)];
  },
});

/** Not of TLS alone: full minions speak CBOR and check Ed25519, constrained ones JSON and HMAC. */
function priceOfTls(full: readonly Measure[], plain: readonly Measure[], minions: number): Measure[] {
  return [COMMAND, FAN].map((name) => {
    const valuesOf = (all: readonly Measure[]): readonly number[] =>
      all.find((one) => one.name === name && one.minions === minions)?.values ?? [];
    const values = ratios(valuesOf(full), valuesOf(plain));
    return { name: `${name}: full with TLS, times constrained without`, minions, unit: 'x', values };
  });
}

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
      name: COMMAND,
      minions: size,
      unit: 'ms',
      values: commands,
      ...(bar !== undefined && { bar: { max: bar } }),
    },
    { name: FAN, minions: size, unit: 'ms', values: fans },
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
