import { openConnection } from '../../shared/client/connection.ts';
import { MasterEvent } from '../../shared/protocol/messages/event.ts';
import { topicFilter } from '../../shared/protocol/topic.ts';
import type { BenchmarkContext } from './benchmark.ts';
import { createEmulatedBench } from './emulated_bench.ts';
import { type Measure, median, percentile } from './measure.ts';

/** More than any master takes: the minions then fire as fast as it acknowledges. */
const UNLIMITED = 1_000_000;
const WARM_UP_MS = 2000;
const WINDOW_MS = 3000;

/** Events of many emulated minions to an observer: how many a second at most, and how late they are at half of that. */
export async function measureEmulatedEvents(
  { dist, home, progress }: Pick<BenchmarkContext, 'dist' | 'home' | 'progress'>,
  count: number,
  runs: number,
): Promise<Measure[]> {
  const bench = await createEmulatedBench({ dist, home });
  try {
    await bench.startMaster();
    progress(`${count} emulated minions: enrolling, firing as fast as the master takes …`);
    await bench.emulate(count, ['--events', String(UNLIMITED)]);
    const observer = await observeEvents(bench.socketPath);
    const rates = await observer.windows(runs, (latencies) => (latencies.length / WINDOW_MS) * 1000);
    const half = Math.max(1, Math.round(median(rates) / 2));
    progress(`${half} events per second …`);
    await bench.emulate(count, ['--events', String(half)]);
    const late = await observer.windows(runs, (latencies) => percentile(latencies, 0.99));
    await observer.close();
    const what = `${count} emulated minions to a subscriber`;
    return [
      { name: `${what} (Salt: 220)`, unit: 'per s', values: rates, bar: { min: 10_000 } },
      { name: `${what} at half of that, 99th percentile`, unit: 'ms', values: late, bar: { max: 50 } },
    ];
  } finally {
    await bench.stop();
  }
}

/** Clocks of one machine are one: the time of firing is in the event. */
async function observeEvents(path: string) {
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
      await pause(WARM_UP_MS);
      const figures: number[] = [];
      for (let run = 0; run < runs; run++) {
        latencies = [];
        await pause(WINDOW_MS);
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
