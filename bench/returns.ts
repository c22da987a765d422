import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { type BenchmarkContext, defineBenchmark } from './lib/benchmark.ts';
import { createEmulatedBench, type EmulatedBench } from './lib/emulated_bench.ts';
import { type LoopDelay, loopDelayMeasures } from './lib/loop_delay.ts';

const MINIONS = 5000;
const RUNS = 3;
/** A job that lasts so long is with all minions before the first of them is done, seconds. */
const SLEEP_S = 4;
const QUICK_SLEEP_S = 1;
const PATIENCE_MS = 60_000;

/** When the master took note of a job and of its returns, milliseconds since 1970. */
interface Stamps {
  readonly publishedAt: number;
  readonly returnedAt: readonly number[];
}

export default defineBenchmark({
  summary:
    'Returns of all minions: publish to the last one, and how fast the master takes all at once after it was stopped.',
  async run(context) {
    const { minions = MINIONS, runs = RUNS, progress } = context;
    const bench = await createEmulatedBench(context);
    const [times, rates, missing]: [number[], number[], number[]] = [[], [], []];
    const delays: LoopDelay[] = [];
    try {
      await bench.startMaster();
      progress(`${minions} minions: enrolling, connecting …`);
      await bench.emulate(minions);
      const client = await connectOperator({ socketPath: bench.socketPath, firstAnswerMs: 30_000, clock: systemClock });
      progress(`${runs} times all return as they get a job …`);
      // The first loads what the others find loaded.
      await ping(bench, client, minions);
      for (let run = 0; run < runs; run++) {
        await bench.loopDelay();
        const { publishedAt, returnedAt } = await ping(bench, client, minions);
        delays.push(await bench.loopDelay());
        times.push(latest(returnedAt) - publishedAt);
        missing.push(minions - returnedAt.length);
      }
      progress(`${runs} times all return while the master is stopped …`);
      for (let run = 0; run < runs; run++) {
        const { returnedAt, continuedAt } = await storm(bench, client, context, minions);
        const late = returnedAt.filter((at) => at >= continuedAt);
        rates.push((late.length * 1000) / Math.max(1, latest(late) - continuedAt));
        missing.push(minions - returnedAt.length);
      }
      await client.close();
    } finally {
      progress('stopping …');
      await bench.stop();
    }
    return [
      { name: 'publish to the last return on the master', minions, unit: 'ms', values: times },
      { name: 'returns that came at once', minions, unit: 'per s', values: rates },
      { name: 'returns missing', minions, unit: 'count', values: missing, bar: { max: 0 } },
      // Of the jobs that it was not stopped for: a process counts its own stop as a delay.
      ...loopDelayMeasures(delays, undefined, minions),
    ];
  },
});

async function ping(bench: EmulatedBench, client: OperatorClient, minions: number): Promise<Stamps> {
  const jid = await publish(client, 'test.ping', []);
  await bench.untilIdle([bench.master(), bench.minions()]);
  return readStamps(client, jid, minions);
}

/** Minions are done while the master is stopped: what they return waits in its sockets until it goes on. */
async function storm(
  bench: EmulatedBench,
  client: OperatorClient,
  { isQuick }: Pick<BenchmarkContext, 'isQuick'>,
  minions: number,
): Promise<Stamps & { readonly continuedAt: number }> {
  const seconds = isQuick ? QUICK_SLEEP_S : SLEEP_S;
  const { pid } = bench.master();
  const jid = await publish(client, 'test.sleep', [seconds]);
  await pause((seconds * 1000) / 2);
  let continuedAt = Number.NaN;
  process.kill(pid, 'SIGSTOP');
  try {
    await pause(seconds * 1000);
    await bench.untilIdle([bench.minions()]);
  } finally {
    continuedAt = Date.now();
    process.kill(pid, 'SIGCONT');
  }
  await bench.untilIdle([bench.master()]);
  return { ...(await readStamps(client, jid, minions)), continuedAt };
}

/** Nobody follows it, so that the master has nothing to do but to take the returns. */
async function publish(client: OperatorClient, fun: string, arg: readonly unknown[]): Promise<string> {
  for await (const step of client.request({ op: 'job', tgt: '*', fun, arg, kwarg: {}, async: true })) {
    if (step.t === 'job') return String(step.jid);
  }
  throw new FleetError('COMMAND_FAILED', `${fun} was not published`);
}

/** Read from the master's log of events when all is over; its clock is that of this machine. */
async function readStamps(client: OperatorClient, jid: string, minions: number): Promise<Stamps> {
  let publishedAt = Number.NaN;
  const returnedAt: number[] = [];
  const read = async (): Promise<void> => {
    const request = { op: 'events', tag: `salt/job/${jid}/*`, since: 3600, count: minions + 1 };
    for await (const { t, tag, data } of client.request(request)) {
      if (t !== 'event') continue;
      const at = Date.parse(`${(data as { readonly _stamp: string })._stamp}Z`);
      if (String(tag).endsWith('/new')) publishedAt = at;
      else returnedAt.push(at);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  // What is missing then is a figure, and no failure of the benchmark.
  await Promise.race([read(), late]);
  clearTimeout(timer);
  return { publishedAt, returnedAt };
}

function latest(times: readonly number[]): number {
  return times.reduce((last, at) => Math.max(last, at), Number.NEGATIVE_INFINITY);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
