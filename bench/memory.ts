import { join } from 'node:path';
import { defineBenchmark } from './lib/benchmark.ts';
import { CONSTRAINED, createEmulatedBench, type EmulatedBench, withoutTls } from './lib/emulated_bench.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import { type Measure, ratios } from './lib/measure.ts';
import { anonymousMb } from './lib/own_process.ts';

const MINIONS = 1000;
const KB = 1024;
/** With so many of them the master has grown to what it takes at work; what comes on top is what a minion takes. */
const SHARE_BEFORE = 0.1;
const MASTER_EACH = 'master, for each minion';

export default defineBenchmark({
  summary:
    'Memory of the master for each minion that is connected with TLS and at rest, beside constrained ones without.',
  async run({ dist, home, isQuick, minions: count = MINIONS, progress }) {
    const few = Math.max(1, Math.round(count * SHARE_BEFORE));
    // A master of its own each time: what one has grown to hides what the next ones take.
    const measure = async (folder: string, args: readonly string[]): Promise<Measure[]> => {
      const bench = await createEmulatedBench({ dist, home: join(home, folder), isQuick });
      try {
        await bench.startMaster();
        progress(`${[few, 'minions', ...args].join(' ')}: enrolling, connecting …`);
        const before = await settled(bench, few, args);
        progress(`${[count, 'minions', ...args].join(' ')}: enrolling, connecting …`);
        const after = await settled(bench, count, args);
        const kbEach = (of: keyof Used): number[] => [((after[of] - before[of]) * KB) / Math.max(1, count - few)];
        return [
          { name: 'master, memory of its own', minions: few, unit: 'MB', values: [before.master] },
          { name: 'master, memory of its own', minions: count, unit: 'MB', values: [after.master] },
          { name: MASTER_EACH, unit: 'kB', values: kbEach('master'), bar: { max: 80 } },
          { name: 'emulator, for each minion', unit: 'kB', values: kbEach('emulator') },
          ...loopDelayMeasures([await bench.loopDelay()], "the master's event loop while they connect"),
        ];
      } finally {
        progress('stopping …');
        await bench.stop();
      }
    };
    const full = await measure('tls', []);
    const plain = (await measure('plain', CONSTRAINED)).filter(({ minions }) => minions !== few);
    const [withTls, without] = [full, plain].map((all) => all.find(({ name }) => name === MASTER_EACH)?.values ?? []);
    return [
      ...full,
      ...plain.map((one) => withoutTls(count, one)),
      { name: `${MASTER_EACH}: with TLS, times without`, unit: 'x', values: ratios(withTls ?? [], without ?? []) },
    ];
  },
});

interface Used {
  readonly master: number;
  readonly emulator: number;
}

/**
 * Connected twice: keys and certificates are made the first time, and what that leaves behind is not what a minion
 * takes.
 */
async function settled(bench: EmulatedBench, count: number, args: readonly string[]): Promise<Used> {
  await bench.emulate(count, args);
  await bench.emulate(count, args);
  return { master: anonymousMb(bench.master().pid), emulator: anonymousMb(bench.minions().pid) };
}
