import { join } from 'node:path';
import { createEventBus } from '../master/events/event_bus.ts';
import { openEventLog } from '../master/events/event_log.ts';
import { openStore } from '../master/store/open_store.ts';
import { type Connection, openConnection } from '../shared/client/connection.ts';
import { systemClock } from '../shared/clock.ts';
import { silentLogger } from '../shared/log.ts';
import { loopbackSocketName } from '../shared/paths.ts';
import { LocalEvent, MasterEvent } from '../shared/protocol/messages/event.ts';
import { topicFilter } from '../shared/protocol/topic.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { measureEmulatedEvents } from './lib/emulated_events.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import { type Measure, percentile } from './lib/measure.ts';
import { createRealFleet, type RealFleet } from './lib/real_fleet.ts';

const RUNS = 5;
/** Emulated ones. */
const MINIONS = 100;
/** How many. */
interface Amounts {
  /** Through the bus and the log, in one process. */
  readonly logged: number;
  /** From a minion to a subscriber. */
  readonly fired: number;
  /** For latency: so many one after another. */
  readonly alone: number;
}
const MANY: Amounts = { logged: 50_000, fired: 500, alone: 200 };
const FEW: Amounts = { logged: 1000, fired: 10, alone: 2 };
/** Emitted in one turn of the event loop. */
const TURN = 100;

export default defineBenchmark({
  summary:
    "Events through the master's bus and log, and from minions to a subscriber, beside what Salt was measured at.",
  async run(context) {
    const { home, isQuick, minions = MINIONS, runs = RUNS, progress } = context;
    const amounts = isQuick ? FEW : MANY;
    progress(`${runs} times ${amounts.logged} events through bus and log …`);
    const logged = await measureLog(join(home, 'log'), runs, amounts.logged);
    const emulated = await measureEmulatedEvents({ ...context, home: join(home, 'many') }, minions, runs);
    const fleet = await createRealFleet({ ...context, count: 1 });
    try {
      progress('starting a master and a minion …');
      await fleet.startMaster();
      await fleet.startMinions();
      progress(`${runs} times ${amounts.fired} events from the minion to a subscriber …`);
      return [
        logged,
        ...emulated,
        ...(await measureFired(fleet, join(home, 'm1', 'run', loopbackSocketName), runs, amounts)),
      ];
    } finally {
      await fleet.stop();
    }
  },
});

async function measureLog(folder: string, runs: number, count: number): Promise<Measure> {
  const store = await openStore(folder, { clock: systemClock, log: silentLogger });
  const eventLog = openEventLog({ store, keepMs: 0, bytesMax: 2 ** 40, clock: systemClock, log: silentLogger });
  const bus = createEventBus({ eventLog, publish: () => undefined, clock: systemClock, log: silentLogger });
  const values: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    for (let n = 0; n < count; n++) {
      bus.emit('bench/event', { id: 'm1', n, data: { used: 91, mount: '/var' } });
      if (n % TURN === TURN - 1) await new Promise(setImmediate);
    }
    await eventLog.flush();
    values.push((count / (performance.now() - from)) * 1000);
  }
  await store.close();
  return {
    name: "through the master's bus and log (Salt's bus, without a log: 900 to 1,350)",
    unit: 'per s',
    values,
    bar: { min: 20_000 },
  };
}

async function measureFired(
  fleet: RealFleet,
  localSocket: string,
  runs: number,
  { fired, alone }: Amounts,
): Promise<Measure[]> {
  const arrived = createArrivals();
  const observer = await connect(fleet.socketPath, 'bench-observer', (topic) => {
    const tag = MasterEvent.params(topic)?.tag;
    if (tag !== undefined) arrived.note(tag);
  });
  await observer.subscribe([topicFilter(MasterEvent.topic, { tag: 'bench/#' })]);
  const local = await connect(localSocket, 'bench-local', () => undefined);
  const fire = (tag: string): Promise<void> =>
    local.publish({ ...LocalEvent.encode({ tag: 'fire_master' }, { tag, data: { n: 1 } }, 'json'), qos: 1 });
  await fleet.loopDelay();
  const rates: number[] = [];
  const latencies: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    const tags = Array.from({ length: fired }, (_, n) => `bench/${run}/${n}`);
    await Promise.all(tags.flatMap((tag) => [fire(tag), arrived.of(tag)]));
    rates.push((fired / (performance.now() - from)) * 1000);
    for (let n = 0; n < alone; n++) {
      const tag = `bench/${run}/alone/${n}`;
      const firedAt = performance.now();
      await Promise.all([fire(tag), arrived.of(tag)]);
      latencies.push(performance.now() - firedAt);
    }
  }
  const loop = await fleet.loopDelay();
  await Promise.all([observer.close(), local.close()]);
  return [
    { name: 'minion to subscriber, by the disks of both (Salt: 220)', unit: 'per s', values: rates },
    {
      name: 'minion to subscriber: one alone, 50th percentile (Salt: 6)',
      unit: 'ms',
      values: [percentile(latencies, 0.5)],
    },
    {
      name: 'minion to subscriber: one alone, 99th percentile (Salt: 11)',
      unit: 'ms',
      values: [percentile(latencies, 0.99)],
    },
    ...loopDelayMeasures([loop], "the master's event loop, events of one minion"),
  ];
}

function createArrivals() {
  const there = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    note(tag: string): void {
      there.add(tag);
      waiting.get(tag)?.();
    },
    of: (tag: string): Promise<void> =>
      there.has(tag) ? Promise.resolve() : new Promise((resolve) => waiting.set(tag, resolve)),
  };
}

function connect(path: string, clientId: string, heard: (topic: string) => void): Promise<Connection> {
  return openConnection({
    endpoint: { kind: 'unix', path },
    clientId,
    keepaliveSeconds: 60,
    connectTimeoutMs: 5000,
    received: heard,
  });
}
