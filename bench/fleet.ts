import { fileURLToPath } from 'node:url';
import { type BenchmarkContext, defineBenchmark } from './lib/benchmark.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import type { Measure } from './lib/measure.ts';
import { cpuMs, pssMb, runProcess, startFirst } from './lib/own_process.ts';
import { createRealFleet, type RealFleet } from './lib/real_fleet.ts';

const MINIONS = 100;
const RUNS = 10;

export default defineBenchmark({
  summary:
    "A master and a hundred minions as real processes, TLS and all, the master with thirty times the share of others: start, memory at rest, salt '*' test.ping.",
  async run(context) {
    const { minions: count = MINIONS, progress } = context;
    const fleet = await createRealFleet({ ...context, count });
    try {
      const started = await measureStart(fleet, progress);
      return [...started, ...measureMemory(fleet), ...(await measurePings(fleet, context))];
    } finally {
      progress('stopping …');
      await fleet.stop();
    }
  },
});

async function measureStart(fleet: RealFleet, progress: (text: string) => void): Promise<Measure[]> {
  const count = fleet.ids.length;
  progress('starting the master …');
  const masterMs = await time(() => fleet.startMaster(startFirst));
  progress(`enrolling ${count} minions …`);
  const firstMs = await time(() => fleet.startMinions());
  await fleet.stopMinions();
  progress(`starting ${count} minions that are enrolled …`);
  const againMs = await time(() => fleet.startMinions());
  progress('waiting until all is at rest …');
  const { master, minions } = fleet.processes();
  await fleet.untilIdle([master!, ...minions]);
  return [
    { name: 'master, start to first operator', unit: 'ms', values: [masterMs] },
    {
      name: `${count} minions, start to all online, first time (keys, enrolment)`,
      unit: 's',
      values: [firstMs / 1000],
    },
    { name: `${count} minions, start to all online, enrolled before`, unit: 's', values: [againMs / 1000] },
    { name: 'processor time of a start, one minion', unit: 'ms', values: minions.map(({ pid }) => cpuMs(pid)) },
  ];
}

function measureMemory(fleet: RealFleet): Measure[] {
  const { master, minions } = fleet.processes();
  const each = minions.map(({ pid }) => pssMb(pid));
  return [
    { name: 'master at rest, PSS', unit: 'MB', values: [pssMb(master!.pid)], bar: { max: 90 } },
    { name: 'minion at rest, PSS', unit: 'MB', values: each, bar: { max: 30 } },
    { name: 'all minions at rest, PSS', unit: 'MB', values: [each.reduce((sum, mb) => sum + mb, 0)] },
  ];
}

async function measurePings(fleet: RealFleet, { dist, runs = RUNS, progress }: BenchmarkContext): Promise<Measure[]> {
  const salt = fileURLToPath(new URL('salt.cjs', dist));
  const { master, minions } = fleet.processes();
  const missing: number[] = [];
  const ping = async (): Promise<void> => {
    const output = await runProcess([salt, '-c', fleet.masterDir, '*', 'test.ping']);
    missing.push(fleet.ids.length - (output.match(/True/g)?.length ?? 0));
  };
  progress("salt '*' test.ping …");
  const firstMs = await time(ping);
  const times: number[] = [];
  const minionCpu = (): number => minions.reduce((sum, { pid }) => sum + cpuMs(pid), 0);
  const masterCpu: number[] = [];
  const before = minionCpu();
  await fleet.loopDelay();
  for (let run = 0; run < runs; run++) {
    await fleet.untilIdle([master!, ...minions]);
    const from = cpuMs(master!.pid);
    times.push(await time(ping));
    masterCpu.push(cpuMs(master!.pid) - from);
  }
  const perMinion = (minionCpu() - before) / runs / minions.length;
  const what = `salt '*' test.ping, ${fleet.ids.length} minions`;
  return [
    { name: `${what}, the first`, unit: 'ms', values: [firstMs] },
    { name: what, unit: 'ms', values: times, bar: { max: 600 } },
    { name: 'answers missing', unit: 'count', values: missing, bar: { max: 0 } },
    { name: 'processor time of a job, master', unit: 'ms', values: masterCpu },
    { name: 'processor time of a job, one minion', unit: 'ms', values: [perMinion] },
    ...loopDelayMeasures([await fleet.loopDelay()]),
  ];
}

async function time(thing: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await thing();
  return performance.now() - from;
}
