import { type Connection, openConnection } from '../shared/client/connection.ts';
import { connectOperator } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { decodePayload } from '../shared/protocol/codec.ts';
import { Presence } from '../shared/protocol/messages/event.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { CONNECTS_PER_SECOND, createEmulatedBench, type EmulatedBench } from './lib/emulated_bench.ts';
import { type LoopDelay, loopDelayMeasures } from './lib/loop_delay.ts';

const MINIONS = 10_000;
const RUNS = 3;
const PATIENCE_MS = 300_000;
/** For so many minions. */
const BAR = { minions: 10_000, seconds: 40 };

export default defineBenchmark({
  summary: 'All minions connect again with TLS after a restart of the master, while a job waits for them.',
  async run({ dist, home, isQuick, minions = MINIONS, runs = RUNS, progress }) {
    const bench = await createEmulatedBench({ dist, home, isQuick });
    const seconds: number[] = [];
    const lost: number[] = [];
    const delays: LoopDelay[] = [];
    try {
      await bench.startMaster();
      progress(`${minions} minions: enrolling, connecting …`);
      await bench.emulate(minions);
      for (let run = 0; run < runs; run++) {
        progress('restarting the master …');
        const { ms, returns } = await restart(bench, minions);
        seconds.push(ms / 1000);
        lost.push(minions - returns);
        delays.push(await bench.loopDelay());
      }
    } finally {
      progress('stopping …');
      await bench.stop();
    }
    const name = `${minions} minions connected again (at most ${CONNECTS_PER_SECOND} taken per s)`;
    const bar = minions === BAR.minions ? { bar: { max: BAR.seconds } } : {};
    return [
      { name, unit: 's', values: seconds, ...bar },
      { name: 'returns missing of a job that waited for them', unit: 'count', values: lost, bar: { max: 0 } },
      ...loopDelayMeasures(delays),
    ];
  },
});

/** From the moment when the master takes connections to that when all are there; then to the last return of a job. */
async function restart(bench: EmulatedBench, minions: number): Promise<{ ms: number; returns: number }> {
  await bench.master().stop();
  await bench.startMaster();
  const from = performance.now();
  const online = new Set<string>();
  const returned = new Set<string>();
  const allOnline = milestone();
  const allReturned = milestone();
  const observer = await observe(bench.socketPath, (topic, payload) => {
    if (topic.startsWith('salt/presence/')) {
      if (Presence.check(decodePayload(payload)).online) online.add(topic);
      else online.delete(topic);
      if (online.size === minions) allOnline.reach();
    } else {
      returned.add(topic);
      if (returned.size === minions) allReturned.reach();
    }
  });
  await observer.subscribe(['salt/presence/+', 'salt/event/salt/job/+/ret/+']);
  await queuePing(bench.socketPath);
  await within(allOnline.reached, () => `${online.size} of ${minions} minions came back`);
  const ms = performance.now() - from;
  // What is missing then is a figure, and no failure of the benchmark.
  await within(allReturned.reached, () => '').catch(() => undefined);
  await observer.close();
  return { ms, returns: returned.size };
}

async function queuePing(socketPath: string): Promise<void> {
  const client = await connectOperator({ socketPath, firstAnswerMs: 30_000, clock: systemClock });
  const job = { op: 'job', tgt: '*', fun: 'test.ping', arg: [], kwarg: {}, async: true, queue_for: 3600 };
  // It is published with the first step.
  for await (const _ of client.request(job));
  await client.close();
}

function milestone() {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { reached, reach };
}

async function within(reached: Promise<void>, complaint: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FleetError('TIMED_OUT', complaint())), PATIENCE_MS);
  });
  try {
    await Promise.race([reached, late]);
  } finally {
    clearTimeout(timer);
  }
}

function observe(path: string, received: (topic: string, payload: Uint8Array) => void): Promise<Connection> {
  return openConnection({
    endpoint: { kind: 'unix', path },
    clientId: `bench-${process.pid}`,
    keepaliveSeconds: 300,
    connectTimeoutMs: 30_000,
    received,
  });
}
