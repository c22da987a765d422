import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineBenchmark } from './lib/benchmark.ts';
import type { Measure } from './lib/measure.ts';
import { ratios, timeInTurns } from './lib/measure.ts';
import { anonymousMb, type OwnProcess, pssMb, runProcess, startProcess } from './lib/own_process.ts';
import { createRealFleet, type RealFleet } from './lib/real_fleet.ts';

const RUNS = 10;
const PROFILES = ['full', 'lite'] as const;
const CONNECTED = 'connected to the master';

type Profile = (typeof PROFILES)[number];
type Start = (profile: Profile) => Promise<OwnProcess>;

export default defineBenchmark({
  summary: 'The minion in one file, with both profiles: its size, start to connected, memory at rest.',
  async run({ dist, home, isQuick, runs = RUNS, progress }) {
    progress('bundling …');
    await runProcess([fileURLToPath(new URL('../scripts/bundle_minion.mjs', dist)), '--out', home]);
    const program = join(home, 'salt-minion.cjs');
    const fleet = await createRealFleet({ dist, home, isQuick, count: PROFILES.length });
    const running = new Set<OwnProcess>();
    const start: Start = async (profile) => {
      const dir = fleet.minionDirs[PROFILES.indexOf(profile)]!;
      const minion = startProcess(program, ['-c', dir, '-l', 'info'], { SALT_PROFILE: profile });
      running.add(minion);
      await minion.told(CONNECTED);
      return minion;
    };
    try {
      await fleet.startMaster();
      progress('enrolling …');
      for (const profile of PROFILES) await (await start(profile)).stop();
      const size: Measure = { name: 'size', unit: 'MB', values: [statSync(program).size / 1e6], bar: { max: 1.5 } };
      progress('starting …');
      const times = await measureStart(start, runs);
      progress('waiting until minions are at rest …');
      return [size, ...times, ...(await measureMemory(fleet, start, runs))];
    } finally {
      for (const minion of running) minion.kill();
      await fleet.stop();
    }
  },
});

/** Beside an empty Node, which tells how fast the machine is. */
async function measureStart(start: Start, runs: number): Promise<Measure[]> {
  const found: Measure[] = [];
  for (const profile of PROFILES) {
    const [node, minion]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      let started: OwnProcess | undefined;
      const things = [
        () => runProcess(['-e', '0']),
        async () => {
          started = await start(profile);
        },
      ];
      const [[nodeMs], [minionMs]] = (await timeInTurns(1, things)) as [[number], [number]];
      node.push(nodeMs);
      minion.push(minionMs);
      await started?.stop();
    }
    found.push(
      { name: `node -e 0, in turns with ${profile}`, unit: 'ms', values: node },
      { name: `${profile}, start to connected`, unit: 'ms', values: minion, bar: { max: 250 } },
      { name: `${profile}, start to connected / node -e 0`, unit: 'x', values: ratios(minion, node) },
    );
  }
  return found;
}

async function measureMemory(fleet: RealFleet, start: Start, runs: number): Promise<Measure[]> {
  const found: Measure[] = [];
  for (const profile of PROFILES) {
    const [pss, own]: [number[], number[]] = [[], []];
    for (let run = 0; run < Math.min(runs, 3); run++) {
      const minion = await start(profile);
      await fleet.untilIdle([minion]);
      pss.push(pssMb(minion.pid));
      own.push(anonymousMb(minion.pid));
      await minion.stop();
    }
    found.push(
      { name: `${profile}, at rest, PSS`, unit: 'MB', values: pss, bar: { max: 25 } },
      { name: `${profile}, at rest, anonymous`, unit: 'MB', values: own },
    );
  }
  return found;
}
