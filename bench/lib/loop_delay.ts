import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Measure } from './measure.ts';

/** How late an event loop was, milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const QUANTILES = { p50: '0.5', p99: '0.99', max: '1' } as const;
const BAR_MS = 50;
const LOOK_MS = 10;

/** Of a master with `metrics_port`, since it was asked last: its own figure, so that nothing is added to be measured. */
export async function readLoopDelay(metricsPort: number): Promise<LoopDelay> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const at = (quantile: string): number => {
    const line = new RegExp(`^brine_event_loop_delay_seconds\\{quantile="${quantile}"\\} (\\S+)$`, 'm').exec(text);
    return Number(line?.[1]) * 1000;
  };
  return { p50: at(QUANTILES.p50), p99: at(QUANTILES.p99), max: at(QUANTILES.max) };
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
  const measures: readonly Measure[] = [
    { name: `delay of ${whose}, 50th percentile`, unit: 'ms', values: delays.map(({ p50 }) => p50) },
    { name: `delay of ${whose}, 99th percentile`, unit: 'ms', values: delays.map(({ p99 }) => p99) },
    { name: `longest delay of ${whose}`, unit: 'ms', values: delays.map(({ max }) => max), bar: { max: BAR_MS } },
  ];
  return measures.map((measure) => ({ ...measure, minions }));
}
