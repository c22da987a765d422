import { openConnection } from '../../shared/client/connection.ts';
import { MasterEvent } from '../../shared/protocol/messages/event.ts';
import { topicFilter } from '../../shared/protocol/topic.ts';
import type { BenchmarkContext, FleetContext } from './benchmark.ts';
import { createEmulatedBench, type EmulatedBench } from './emulated_bench.ts';
import { loopDelayMeasures } from './loop_delay.ts';
import { type Measure, median, percentile } from './measure.ts';
import { cpuMs, mainThreadCpuMs } from './own_process.ts';

/** More than any master takes: the minions then fire as fast as it acknowledges. */
const UNLIMITED = 1_000_000;
interface Times {
  readonly warmUpMs: number;
  readonly windowMs: number;
}
const LONG: Times = { warmUpMs: 2000, windowMs: 3000 };
const SHORT: Times = { warmUpMs: 200, windowMs: 200 };

/** Events of many emulated minions to an observer: how many a second at most, and how late they are at half of that. */
export async function measureEmulatedEvents(
  context: FleetContext & Pick<BenchmarkContext, 'progress'>,
  count: number,
  runs: number,
): Promise<Measure[]> {
  const { isQuick, progress } = context;
  const times = isQuick ? SHORT : LONG;
  const bench = await createEmulatedBench(context);
  try {
    await bench.startMaster();
    progress(`${count} emulated minions: enrolling, firing as fast as the master takes …`);
    await bench.emulate(count, ['--events', String(UNLIMITED)]);
    const observer = await observeEvents(bench.socketPath, times);
    await bench.loopDelay();
    const used = watchProcessors(bench, observer.arrived);
    const rates = await observer.windows(runs, (latencies) => (latencies.length / times.windowMs) * 1000);
    const perEvent = used();
    const atMost = await bench.loopDelay();
    const half = Math.max(1, Math.round(median(rates) / 2));
    progress(`${half} events per second …`);
    await bench.emulate(count, ['--events', String(half)]);
    await bench.loopDelay();
    const late = await observer.windows(runs, (latencies) => percentile(latencies, 0.99));
    const atHalf = await bench.loopDelay();
    await observer.close();
    const what = `${count} emulated minions to a subscriber`;
    return [
      { name: `${what} (Salt: 220)`, unit: 'per s', values: rates, bar: { min: 10_000 } },
      ...perEvent,
      { name: `${what} at half of that, 99th percentile`, unit: 'ms', values: late, bar: { max: 50 } },
      ...loopDelayMeasures([atMost], "the master's event loop, events as fast as it takes"),
      ...loopDelayMeasures([atHalf], "the master's event loop, at half of that"),
    ];
  } finally {
    await bench.stop();
  }
}

/** Processor time for each event: unlike a rate, it is hardly other for what else the machine does. */
function watchProcessors(bench: EmulatedBench, arrived: () => number): () => Measure[] {
  const read = () => ({
    'the master for each event': cpuMs(bench.master().pid),
    "the master's main thread for each event": mainThreadCpuMs(bench.master().pid),
    'the emulated minions for each event': cpuMs(bench.minions().pid),
  });
  const [before, from] = [read(), arrived()];
  return () =>
    Object.entries(read()).map(([whose, ms]) => ({
      name: `processor time of ${whose}`,
      unit: 'µs',
      values: [((ms - before[whose as keyof typeof before]) * 1000) / (arrived() - from)],
    }));
}

/** Clocks of one machine are one: the time of firing is in the event. */
async function observeEvents(path: string, { warmUpMs, windowMs }: Times) {
  let latencies: number[] = [];
  let arrived = 0;
  const connection = await openConnection({
    endpoint: { kind: 'unix', path },
    clientId: `bench-events-${process.pid}`,
    keepaliveSeconds: 60,
    connectTimeoutMs: 30_000,
    received(_topic, payload) {
      const { data } = JSON.parse(Buffer.from(payload).toString()) as { readonly data: { readonly sent_ms: number } };
      latencies.push(Date.now() - data.sent_ms);
      arrived++;
    },
  });
  await connection.subscribe([topicFilter(MasterEvent.topic, { tag: 'emulated/event' })]);
  return {
    /** How many so far. */
    arrived: () => arrived,
    /** A figure for each of so many windows of time, after a while to warm up. */
    async windows(runs: number, figure: (latencies: readonly number[]) => number): Promise<number[]> {
      await pause(warmUpMs);
      const figures: number[] = [];
      for (let run = 0; run < runs; run++) {
        latencies = [];
        await pause(windowMs);
        figures.push(figure(latencies));
      }
      return figures;
    },
    close: () => connection.close(),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
