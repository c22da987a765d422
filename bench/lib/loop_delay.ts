import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Measure } from './measure.ts';

/** How late an event loop was, milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** For so much of the longest it waited for a processor; undefined where nobody counts that. */
  readonly maxWaited?: number | undefined;
}

const QUANTILES = { p50: '0.5', p99: '0.99', max: '1' } as const;
const BAR_MS = 50;
const LOOK_MS = 10;

/** Of a master with `metrics_port`, since it was asked last: its own figure, so that nothing is added to be measured. */
export async function readLoopDelay(metricsPort: number): Promise<LoopDelay> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const sample = (name: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  const at = (quantile: string): number =>
    Number(sample(`brine_event_loop_delay_seconds{quantile="${quantile}"}`)) * 1000;
  const waited = sample('brine_event_loop_delay_wait_seconds');
  return {
    p50: at(QUANTILES.p50),
    p99: at(QUANTILES.p99),
    max: at(QUANTILES.max),
    maxWaited: waited === undefined ? undefined : Number(waited) * 1000,
  };
}

/** Of this process, when what is measured runs in it. */
export function watchOwnLoop(): { stop(): LoopDelay } {
  const histogram = monitorEventLoopDelay({ resolution: LOOK_MS });
  histogram.enable();
  // Node tells the time from one look to the next.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - LOOK_MS);
  return {
    stop() {
      histogram.disable();
      return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
    },
  };
}

/** `whose`: `the master's event loop, events of one minion`. */
export function loopDelayMeasures(
  delays: readonly LoopDelay[],
  whose = "the master's event loop",
  minions?: number,
): Measure[] {
  const measures: Measure[] = [
    { name: `delay of ${whose}, 50th percentile`, unit: 'ms', values: delays.map(({ p50 }) => p50) },
    { name: `delay of ${whose}, 99th percentile`, unit: 'ms', values: delays.map(({ p99 }) => p99) },
    { name: `longest delay of ${whose}`, unit: 'ms', values: delays.map(({ max }) => max), bar: { max: BAR_MS } },
  ];
  const waited = delays.map(({ maxWaited }) => maxWaited).filter((ms) => ms !== undefined);
  if (waited.length > 0) {
    measures.push({ name: `longest delay of ${whose}, of which waiting for a processor`, unit: 'ms', values: waited });
  }
  return measures.map((measure) => ({ ...measure, minions }));
}
