import { openConnection } from '../../shared/client/connection.ts';
import { MasterEvent } from '../../shared/protocol/messages/event.ts';
import { topicFilter } from '../../shared/protocol/topic.ts';
import type { BenchmarkContext, FleetContext } from './benchmark.ts';
import { createEmulatedBench } from './emulated_bench.ts';
import { loopDelayMeasures } from './loop_delay.ts';
import { type Measure, median, percentile } from './measure.ts';

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
    const rates = await observer.windows(runs, (latencies) => (latencies.length / times.windowMs) * 1000);
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
      { name: `${what} at half of that, 99th percentile`, unit: 'ms', values: late, bar: { max: 50 } },
      ...loopDelayMeasures([atMost], "the master's event loop, events as fast as it takes"),
      ...loopDelayMeasures([atHalf], "the master's event loop, at half of that"),
    ];
  } finally {
    await bench.stop();
  }
}

/** Clocks of one machine are one: the time of firing is in the event. */
async function observeEvents(path: string, { warmUpMs, windowMs }: Times) {
  let latencies: number[] = [];
  const connection = await openConnection({
    endpoint: { kind: 'unix', path },
    clientId: `bench-events-${process.pid}`,
    keepaliveSeconds: 60,
    connectTimeoutMs: 30_000,
    received(_topic, payload) {
      const { data } = JSON.parse(Buffer.from(payload).toString()) as { readonly data: { readonly sent_ms: number } };
      latencies.push(Date.now() - data.sent_ms);
    },
  });
  await connection.subscribe([topicFilter(MasterEvent.topic, { tag: 'emulated/event' })]);
  return {
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
