import { readdir } from 'node:fs/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../shared/clock.ts';
import { jobStates } from '../../shared/protocol/messages/operator.ts';
import type { EventLog } from '../events/event_log.ts';
import type { Fleet } from '../fleet.ts';
import type { Tracker } from '../jobs/tracker.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Observations } from './observations.ts';
import { openProcessorWait } from './processor_wait.ts';
import { watchDelay } from './watch_delay.ts';

export interface MetricsOptions {
  readonly tracker: Pick<Tracker, 'all'>;
  readonly fleet: Pick<Fleet, 'ids' | 'onlineIds'>;
  readonly eventLog: Pick<EventLog, 'status'>;
  readonly reactor: Pick<Reactor, 'status'>;
  /** The broker's, by name. */
  readonly counters: () => Readonly<Record<string, number>>;
  readonly observations: Observations;
  readonly clock: Clock;
}

export interface Metrics {
  readonly contentType: string;
  /** Prometheus' text format. */
  text(): Promise<string>;
  stop(): void;
}

/** Seconds: a ping takes milliseconds, a long job a day. */
const JOB_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 86_400];
const COMMIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const NANOSECONDS = 1e9;
/** Node tells the time from one look at the event loop to the next: this long when nothing delays it. */
const LOOK_MS = 10;

const PREFIX = 'brine_';
/** Of prom-client's own, those that look at every connection while others wait: 50 ms when there are ten thousand. */
const SLOW = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'process_open_fds',
] as const;
const OWN_FILES = '/proc/self/fd';

/** What the master counts of itself. Gauges are read when somebody asks; only what must be timed is told as it happens. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX, eventLoopMonitoringPrecision: LOOK_MS });
  for (const name of SLOW) registry.removeSingleMetric(`${PREFIX}${name}`);
  gaugeOpenFiles(registry);
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  const longestDelay = gaugeLoop(registry, delay);
  const stopWait = gaugeWait(registry, options.clock, longestDelay);
  gaugeConnections(registry, options);
  gaugeJobs(registry, options);
  gaugeEvents(registry, options);
  observe(registry, options.observations);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    stop() {
      delay.disable();
      stopWait();
      for (const name of Object.keys(options.observations) as (keyof Observations)[]) delete options.observations[name];
      registry.clear();
    },
  };
}

function gaugeOpenFiles(registry: Registry): void {
  const open = new Gauge({
    name: `${PREFIX}process_open_fds`,
    help: 'Number of open file descriptors.',
    registers: [registry],
    async collect() {
      const files = await readdir(OWN_FILES).catch(() => undefined);
      // One is of the reading itself.
      if (files !== undefined) open.set(files.length - 1);
    },
  });
}

function gaugeConnections(registry: Registry, { fleet, counters }: MetricsOptions): void {
  gauge(registry, 'brine_minions_accepted', 'Minions whose keys are accepted.', (set) => set(fleet.ids().length));
  gauge(registry, 'brine_minions_online', 'Minions that are connected.', (set) => set(fleet.onlineIds().length));
  gauge(registry, 'brine_connections', 'Connections of any kind that are open.', (set) =>
    set(counters().connections_open ?? 0),
  );
  const broker = new Counter({
    name: 'brine_broker_total',
    help: 'What the broker counts since the start, by what it is.',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      broker.reset();
      for (const [what, value] of Object.entries(counters()))
        if (what !== 'connections_open') broker.inc({ what }, value);
    },
  });
}

function gaugeJobs(registry: Registry, { tracker, clock }: MetricsOptions): void {
  const open = new Gauge({
    name: 'brine_job_parts_open',
    help: 'Parts of jobs that are not over, by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const counts = new Map<string, number>(jobStates.slice(0, 4).map((state) => [state, 0]));
      for (const { rows } of tracker.all()) {
        for (const { state } of rows.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
      }
      for (const [state, count] of counts) open.set({ state }, count);
    },
  });
  gauge(registry, 'brine_job_queue_oldest_seconds', 'Age of the oldest part that waits to be sent.', (set) => {
    let oldest = clock.nowMs() / 1000;
    const now = oldest;
    for (const { rows } of tracker.all()) {
      for (const { state, since } of rows.values()) if (state === 'queued') oldest = Math.min(oldest, since);
    }
    set(now - oldest);
  });
}

function gaugeEvents(registry: Registry, { eventLog, reactor }: MetricsOptions): void {
  gauge(registry, 'brine_event_log_cursor', 'Events that the log ever took.', (set) => set(eventLog.status().last));
  gauge(registry, 'brine_event_log_bytes', 'Size of the events that are kept.', (set) => set(eventLog.status().bytes));
  gauge(registry, 'brine_events_lost', 'Events that could not be stored since the start.', (set) =>
    set(eventLog.status().lost),
  );
  const lag = new Gauge({
    name: 'brine_event_reader_lag',
    help: 'Events that a named reader of the log, such as the reactor, has still to read.',
    labelNames: ['reader'],
    registers: [registry],
    collect() {
      for (const [reader, { lag: events }] of Object.entries(eventLog.status().readers)) lag.set({ reader }, events);
    },
  });
  const reactions = new Gauge({
    name: 'brine_reactor',
    help: 'What the reactor counts since the start, by what it is.',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      for (const [what, value] of Object.entries(reactor.status())) {
        if (typeof value === 'number') reactions.set({ what }, value);
      }
    },
  });
}

/** Answers how long the longest was that was told last, seconds. */
function gaugeLoop(registry: Registry, delay: IntervalHistogram): () => number {
  let longest = 0;
  const loop = new Gauge({
    name: 'brine_event_loop_delay_seconds',
    help: 'How late the event loop was since the last time this was read.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const percent of [50, 99, 100]) {
        longest = Math.max(0, delay.percentile(percent) / NANOSECONDS - LOOK_MS / 1000);
        loop.set({ quantile: String(percent / 100) }, longest);
      }
      delay.reset();
    },
  });
  return () => longest;
}

/** What of the delays was not the master's doing. Nothing is told where the system does not count it. */
function gaugeWait(registry: Registry, clock: Clock, longestDelay: () => number): () => void {
  const wait = openProcessorWait();
  if (wait === undefined) return () => undefined;
  const delay = watchDelay({ clock, wait, everyMs: LOOK_MS });
  const total = new Counter({
    name: 'brine_processor_wait_seconds_total',
    help: "How long the master's main thread was ready to run and waited for a processor, since the start.",
    registers: [registry],
    collect() {
      total.reset();
      total.inc(wait.seconds());
    },
  });
  gauge(
    registry,
    'brine_event_loop_delay_wait_seconds',
    'For how much of its longest delay the event loop waited for a processor, since the last time this was read.',
    // Two timers saw that delay, one a little earlier than the other: the part is never told as more than the whole.
    (set) => set(Math.min(delay.longest().waited, longestDelay())),
  );
  return () => {
    delay.stop();
    wait.close();
  };
}

function observe(registry: Registry, observations: Observations): void {
  const started = histogram(
    registry,
    'brine_job_start_seconds',
    'From the making of a job until its function began, as its return tells.',
  );
  const returned = histogram(registry, 'brine_job_end_seconds', 'From the making of a job until its part is over.');
  const commits = histogram(
    registry,
    'brine_store_commit_seconds',
    'How long a commit of the store takes.',
    COMMIT_BUCKETS,
  );
  const ended = new Counter({
    name: 'brine_job_parts_total',
    help: 'Parts of jobs that are over, by how they ended.',
    labelNames: ['state'],
    registers: [registry],
  });
  const refused = new Counter({
    name: 'brine_job_refusals_total',
    help: 'Jobs that minions refused, by why: a signature that does not verify, or anything else.',
    labelNames: ['reason'],
    registers: [registry],
  });
  const repeated = new Counter({
    name: 'brine_returns_repeated_total',
    help: 'Returns of parts that were over already: repeats, or returns that came too late.',
    registers: [registry],
  });
  observations.started = (seconds) => started.observe(seconds);
  observations.committed = (seconds) => commits.observe(seconds);
  observations.repeated = () => repeated.inc();
  observations.ended = (state, seconds, reason) => {
    ended.inc({ state });
    returned.observe(seconds);
    if (state === 'rejected') refused.inc({ reason: reason?.startsWith('signature') ? 'signature' : 'other' });
  };
}

function gauge(registry: Registry, name: string, help: string, read: (set: (value: number) => void) => void): void {
  const one = new Gauge({
    name,
    help,
    registers: [registry],
    collect: () => read((value) => one.set(value)),
  });
}

function histogram(registry: Registry, name: string, help: string, buckets: number[] = JOB_BUCKETS) {
  return new Histogram({ name, help, buckets, registers: [registry] });
}
