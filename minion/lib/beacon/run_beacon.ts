import { createBackoff } from '../../../shared/client/backoff.ts';
import { type Clock, sleep } from '../../../shared/clock.ts';
import { errorLine } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { BeaconContext, BeaconEvent } from '../../beacon.ts';
import type { ConfiguredBeacon } from './beacon_settings.ts';
import { createEventGate, type EventGate } from './event_gate.ts';

const INTERVAL_SECONDS = 1;
const BACKOFF = { firstMs: 1000, maxMs: 300_000, random: () => 1 } as const;

export interface RunBeaconOptions {
  readonly beacon: ConfiguredBeacon;
  readonly context: Omit<BeaconContext, 'ticks'>;
  /** True while a state run is going on. */
  readonly isStateRunning: () => boolean;
  readonly deliver: (event: BeaconEvent) => Promise<void>;
  /** Why it does not work at the moment; undefined: it does. */
  readonly report: (problem: string | undefined) => void;
}

/** Runs one beacon until its signal fires, or it has nothing more to watch. Never rejects: one that throws is started again. */
export async function runBeacon(options: RunBeaconOptions): Promise<void> {
  const { beacon, context, report } = options;
  const { clock, log, signal } = context;
  const { onchangeonly = false, emitatstartup = true, delay = 0 } = beacon.common;
  const gate = createEventGate({ onchangeonly, emitatstartup, delay }, () => clock.monotonicMs());
  const backoff = createBackoff(BACKOFF);
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    try {
      return await watchOnce(options, gate);
    } catch (error) {
      if (signal.aborted) return;
      if (clock.monotonicMs() - startedMs > BACKOFF.maxMs) backoff.reset();
      const waitMs = backoff.next();
      report(`failed: ${errorLine(error)}; tried again after ${waitMs / 1000} s`);
      log.error('a beacon failed and is started again', {
        reason: errorLine(error),
        after_ms: waitMs,
        ...stackOf(error, log),
      });
      await sleep(clock, waitMs, signal);
    }
  }
}

async function watchOnce(options: RunBeaconOptions, gate: EventGate): Promise<void> {
  const { beacon, context, isStateRunning, deliver, report } = options;
  const { spec, common, config } = beacon;
  const isPaused = (): boolean => common.disable_during_state_run && isStateRunning();
  const ticks = (): AsyncIterable<void> =>
    makeTicks({
      clock: context.clock,
      signal: context.signal,
      periodMs: (common.interval ?? spec.interval ?? INTERVAL_SECONDS) * 1000,
      once: common.run_once,
      isPaused,
      begin: gate.beginTick,
      end() {
        gate.endTick();
        report(undefined);
      },
    });
  for await (const event of spec.watch({ ...context, ticks }, config)) {
    if (context.signal.aborted) return;
    // What a state run does to the machine is not to be told, or a reaction to it could start the next one.
    if (!isPaused() && gate.isTold(event)) await deliver(event);
  }
}

/** A rhythm without drift: a look that took long moves no later tick, and those that it covers are left out. */
async function* makeTicks(options: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly periodMs: number;
  readonly once: boolean;
  readonly isPaused: () => boolean;
  readonly begin: () => void;
  readonly end: () => void;
}): AsyncGenerator<void> {
  const { clock, signal, periodMs } = options;
  const startMs = clock.monotonicMs();
  while (!signal.aborted) {
    if (!options.isPaused()) {
      options.begin();
      yield;
      options.end();
      if (options.once) return;
    }
    const elapsedMs = clock.monotonicMs() - startMs;
    await sleep(clock, periodMs - (elapsedMs % periodMs), signal);
  }
}

/** A stack is for whoever mends the beacon, not for every log. */
function stackOf(error: unknown, log: Logger): { stack?: string } {
  return log.writes('debug') && error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
}
