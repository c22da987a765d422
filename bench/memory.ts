import { defineBenchmark } from './lib/benchmark.ts';
import { createEmulatedBench, type EmulatedBench } from './lib/emulated_bench.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import type { Measure } from './lib/measure.ts';
import { anonymousMb } from './lib/own_process.ts';

const MINIONS = 1000;
const KB = 1024;
/** With so many of them the master has grown to what it takes at work; what comes on top is what a minion takes. */
const SHARE_BEFORE = 0.1;

export default defineBenchmark({
  summary: 'Memory of the master for each minion that is connected with TLS and at rest.',
  async run({ dist, home, isQuick, minions: count = MINIONS, progress }) {
    const bench = await createEmulatedBench({ dist, home, isQuick });
    try {
      await bench.startMaster();
      const few = Math.max(1, Math.round(count * SHARE_BEFORE));
      progress(`${few} minions: enrolling, connecting …`);
      const before = await settled(bench, few);
      progress(`${count} minions: enrolling, connecting …`);
      const after = await settled(bench, count);
      const others = Math.max(1, count - few);
      const measures: Measure[] = [
        { name: 'master, memory of its own', minions: few, unit: 'MB', values: [before.master] },
        { name: 'master, memory of its own', minions: count, unit: 'MB', values: [after.master] },
        {
          name: 'master, for each minion',
          unit: 'kB',
          values: [((after.master - before.master) * KB) / others],
          bar: { max: 80 },
        },
        { name: 'emulator, for each minion', unit: 'kB', values: [((after.emulator - before.emulator) * KB) / others] },
        ...loopDelayMeasures([await bench.loopDelay()], "the master's event loop while they connect"),
      ];
      return measures;
    } finally {
      progress('stopping …');
      await bench.stop();
    }
  },
});

/**
 * Connected twice: keys and certificates are made the first time, and what that leaves behind is not what a minion
 * takes.
 */
async function settled(bench: EmulatedBench, count: number): Promise<{ master: number; emulator: number }> {
  await bench.emulate(count);
  await bench.emulate(count);
  return { master: anonymousMb(bench.master().pid), emulator: anonymousMb(bench.minions().pid) };
}
