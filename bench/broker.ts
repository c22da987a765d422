import { fileURLToPath } from 'node:url';
import { defineBenchmark } from './lib/benchmark.ts';
import { type ComparedBroker, startComparedBrokers } from './lib/compared_brokers.ts';
import type { LoadResult, LoadSettings } from './lib/load_settings.ts';
import { type Measure, ratios } from './lib/measure.ts';
import { runProcess } from './lib/own_process.ts';

/** Where there are many. */
const MANY = 100;
const RUNS = 7;
const TIMES = { warmUpMs: 500, windowMs: 1000 };
const QUICK_TIMES = { warmUpMs: 50, windowMs: 100 };
/** Of bare Aedes' rate. */
const BAR = 0.7;

interface Load {
  readonly name: string;
  readonly publishers: number;
  readonly subscribers: number;
  readonly qos: 0 | 1;
}

export default defineBenchmark({
  summary: 'Events of minions (TLS) to operators through our broker with all its rules, bare Aedes and mosquitto.',
  async run(context) {
    const { dist, minions: many = MANY, runs = RUNS, isQuick, progress } = context;
    const program = fileURLToPath(new URL('bench/programs/mqtt_load.js', dist));
    const { folder, brokers, stop } = await startComparedBrokers(context, many);
    const times = isQuick ? QUICK_TIMES : TIMES;
    const apply = async (load: Load, { tlsPort, tcpPort, pid }: ComparedBroker): Promise<LoadResult> => {
      const { publishers, subscribers, qos } = load;
      const settings: LoadSettings = { folder, tlsPort, tcpPort, pid, publishers, subscribers, qos, ...times };
      return JSON.parse(await runProcess([program, JSON.stringify(settings)])) as LoadResult;
    };
    try {
      const measures: Measure[] = [];
      const loads: LoadResult[] = [];
      for (const load of loadsWith(many)) {
        progress(`${load.name}: ${runs} rounds …`);
        const results = brokers.map((): LoadResult[] => []);
        // What brokers do for the first time they have to compile: that round does not count.
        if (!isQuick) for (const broker of brokers) await apply(load, broker);
        for (let run = 0; run < runs; run++) {
          // In turns, so that all see the same machine.
          for (const [index, broker] of brokers.entries()) results[index]!.push(await apply(load, broker));
        }
        measures.push(...measuresOf(load, brokers, results));
        loads.push(...results.flat());
      }
      return [
        ...measures,
        { name: 'messages missing', unit: 'count', values: loads.map(({ missing }) => missing), bar: { max: 0 } },
        { name: 'the load itself, of one processor', unit: 'x', values: loads.map(({ loadShare }) => loadShare) },
      ];
    } finally {
      await stop();
    }
  },
});

function loadsWith(many: number): readonly Load[] {
  return ([0, 1] as const).flatMap((qos) => [
    { name: `QoS ${qos}, 1:1`, publishers: 1, subscribers: 1, qos },
    { name: `QoS ${qos}, 1:${many}`, publishers: 1, subscribers: many, qos },
    { name: `QoS ${qos}, ${many}:1`, publishers: many, subscribers: 1, qos },
  ]);
}

function measuresOf(
  { name }: Load,
  brokers: readonly ComparedBroker[],
  results: readonly (readonly LoadResult[])[],
): Measure[] {
  const rates = results.map((rounds) => rounds.map(({ perSecond }) => perSecond));
  const measures = brokers.flatMap((broker, index): Measure[] => [
    { name: `${name}: ${broker.name}`, unit: 'per s', values: rates[index]! },
    {
      name: `${name}: ${broker.name}, processor time of the broker for each`,
      unit: 'µs',
      values: results[index]!.map(({ brokerUs }) => brokerUs),
    },
  ]);
  const [ours, ...others] = rates;
  const compared = others.map(
    (theirs, index): Measure => ({
      name: `${name}: ${brokers[0]!.name} / ${brokers[index + 1]!.name}`,
      unit: 'x',
      values: ratios(ours!, theirs),
      ...(index === 0 && { bar: { min: BAR } }),
    }),
  );
  return [...measures, ...compared];
}
