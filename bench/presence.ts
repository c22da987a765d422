import { type Connection, openConnection } from '../shared/client/connection.ts';
import { FleetError } from '../shared/errors.ts';
import { decodePayload } from '../shared/protocol/codec.ts';
import { Presence } from '../shared/protocol/messages/event.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { CONNECTS_PER_SECOND, createEmulatedBench, type EmulatedBench } from './lib/emulated_bench.ts';
import { type LoopDelay, loopDelayMeasures } from './lib/loop_delay.ts';
import type { Measure } from './lib/measure.ts';

const MINIONS = 5000;
const RUNS = 3;
const PATIENCE_MS = 60_000;

/** What an observer saw of a flood. */
interface Flood {
  /** From the first message to the last. */
  readonly ms: number;
  /** From what caused it to the last. */
  readonly sinceCauseMs: number;
  /** Minions of which it heard nothing. */
  readonly missing: number;
  readonly loop: LoopDelay;
}

export default defineBenchmark({
  summary:
    'All minions go at once (their process is killed), and come again with TLS, as an observer of presence sees it.',
  async run({ dist, home, isQuick, minions = MINIONS, runs = RUNS, progress }) {
    const bench = await createEmulatedBench({ dist, home, isQuick });
    const [gone, back]: [Flood[], Flood[]] = [[], []];
    try {
      await bench.startMaster();
      progress(`${minions} minions: enrolling, connecting …`);
      await bench.emulate(minions);
      const observer = await observePresence(bench);
      for (let run = 0; run < runs; run++) {
        progress('all go …');
        gone.push(await observer.flood(false, minions, () => bench.minions().kill()));
        progress('all come …');
        back.push(await observer.flood(true, minions, () => bench.emulate(minions)));
      }
      await observer.close();
    } finally {
      progress('stopping …');
      await bench.stop();
    }
    return [
      {
        name: 'all gone, from the kill to the last message',
        minions,
        unit: 'ms',
        values: gone.map(({ sinceCauseMs }) => sinceCauseMs),
      },
      ...measuresOf('minions that go', minions, gone),
      ...measuresOf(`minions that come (at most ${CONNECTS_PER_SECOND} taken per s)`, minions, back),
    ];
  },
});

function measuresOf(what: string, minions: number, floods: readonly Flood[]): Measure[] {
  const delays = floods.map(({ loop }) => loop);
  return [
    {
      name: `${what}, told to the observer`,
      minions,
      unit: 'per s',
      // One message has no rate.
      values: floods.map(({ ms, missing }) => ((minions - missing) * 1000) / Math.max(1, ms)),
    },
    {
      name: `${what}, of whom nothing was told`,
      minions,
      unit: 'count',
      values: floods.map(({ missing }) => missing),
      bar: { max: 0 },
    },
    ...loopDelayMeasures(delays, `the master's event loop, ${what}`, minions),
  ];
}

/** Presence is retained: it begins with who is there. */
async function observePresence(bench: EmulatedBench) {
  let heard: (topic: string, isOnline: boolean) => void = () => undefined;
  const connection: Connection = await openConnection({
    endpoint: { kind: 'unix', path: bench.socketPath },
    clientId: `bench-presence-${process.pid}`,
    keepaliveSeconds: 300,
    connectTimeoutMs: 30_000,
    received: (topic, payload) => heard(topic, Presence.check(decodePayload(payload)).online),
  });
  await connection.subscribe(['salt/presence/+']);
  return {
    /** Resolves when so many minions were told to be there or not, or patience is at its end. */
    async flood(isOnline: boolean, minions: number, cause: () => Promise<void> | void): Promise<Flood> {
      const told = new Set<string>();
      let [firstAt, lastAt] = [Number.NaN, Number.NaN];
      const all = new Promise<void>((resolve) => {
        heard = (topic, isThere) => {
          if (isThere !== isOnline) return;
          lastAt = performance.now();
          if (told.size === 0) firstAt = lastAt;
          told.add(topic);
          if (told.size === minions) resolve();
        };
      });
      await bench.loopDelay();
      const from = performance.now();
      await cause();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PATIENCE_MS);
      });
      await Promise.race([all, late]);
      clearTimeout(timer);
      if (told.size === 0) throw new FleetError('TIMED_OUT', 'the observer heard of no minion');
      const missing = minions - told.size;
      return { ms: lastAt - firstAt, sinceCauseMs: lastAt - from, missing, loop: await bench.loopDelay() };
    },
    close: () => connection.close(),
  };
}
