import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineBenchmark } from './lib/benchmark.ts';
import type { Measure } from './lib/measure.ts';
import { ratios, timeInTurns } from './lib/measure.ts';
import { anonymousMb, cpuMs, type OwnProcess, pssMb, residentMb, runProcess, startProcess } from './lib/own_process.ts';
import { createRealFleet, type RealFleet } from './lib/real_fleet.ts';

const RUNS = 10;
const PROFILES = ['full', 'lite'] as const;
const CONNECTED = 'connected to the master';

type Profile = (typeof PROFILES)[number];
type Variables = Readonly<Record<string, string>>;
type Start = (profile: Profile, variables?: Variables) => Promise<OwnProcess>;

/** As at the first start, or where nothing can be kept. */
const NO_KEPT_CODE: Variables = { NODE_DISABLE_COMPILE_CACHE: '1' };
/** V8 gives memory back when nothing was done for some ten seconds. */
const REST_MS = 15_000;

export default defineBenchmark({
  summary: 'The minion in one file, with both profiles: its size, start to connected, memory at rest.',
  async run({ dist, home, isQuick, runs = RUNS, progress }) {
    progress('bundling …');
    await runProcess([fileURLToPath(new URL('../scripts/bundle_minion.mjs', dist)), '--out', home]);
    const program = join(home, 'salt-minion.cjs');
    const fleet = await createRealFleet({ dist, home, isQuick, count: PROFILES.length });
    const running = new Set<OwnProcess>();
    const start: Start = async (profile, variables) => {
      const dir = fleet.minionDirs[PROFILES.indexOf(profile)]!;
      const minion = startProcess(program, ['-c', dir, '-l', 'info'], { SALT_PROFILE: profile, ...variables });
      running.add(minion);
      await minion.told(CONNECTED);
      return minion;
    };
    try {
      await fleet.startMaster();
      progress('enrolling …');
      for (const profile of PROFILES) {
        const minion = await start(profile);
        while (!existsSync(`${program}.cache`)) await pause(100);
        await minion.stop();
      }
      const size: Measure = { name: 'size', unit: 'MB', values: [statSync(program).size / 1e6], bar: { max: 1.5 } };
      progress('starting …');
      const times = await measureStart(start, runs);
      progress('waiting until minions are at rest …');
      return [size, ...times, ...(await measureMemory(fleet, start, isQuick ? 0 : REST_MS, runs))];
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
    const [node, minion, first, cpu]: [number[], number[], number[], number[]] = [[], [], [], []];
    for (let run = 0; run < runs; run++) {
      const [[nodeMs]] = (await timeInTurns(1, [() => runProcess(['-e', '0'])])) as [[number]];
      const { ms, usedMs } = await timeStart(start, profile);
      node.push(nodeMs);
      minion.push(ms);
      cpu.push(usedMs);
      first.push((await timeStart(start, profile, NO_KEPT_CODE)).ms);
    }
    found.push(
      { name: `node -e 0, in turns with ${profile}`, unit: 'ms', values: node },
      { name: `${profile}, start to connected`, unit: 'ms', values: minion, bar: { max: 250 } },
      { name: `${profile}, start to connected / node -e 0`, unit: 'x', values: ratios(minion, node) },
      { name: `${profile}, processor time until connected`, unit: 'ms', values: cpu },
      { name: `${profile}, start to connected without code of before`, unit: 'ms', values: first },
    );
  }
  return found;
}

/** From the start of the process to its connection, and the processor time that it used. */
async function timeStart(start: Start, profile: Profile, variables?: Variables) {
  const from = performance.now();
  const minion = await start(profile, variables);
  const ms = performance.now() - from;
  const usedMs = cpuMs(minion.pid);
  await minion.stop();
  return { ms, usedMs };
}

/** Beside a Node that does nothing: most pages of all of them are of Node's binary. */
async function measureMemory(fleet: RealFleet, start: Start, restMs: number, runs: number): Promise<Measure[]> {
  const idle = async (): Promise<OwnProcess> => {
    const node = startProcess('-e', ["setInterval(() => undefined, 1e9); process.stderr.write('idle')"]);
    await node.told('idle');
    return node;
  };
  const subjects = [
    { name: 'a Node that does nothing', begin: idle, bar: undefined },
    ...PROFILES.map((profile) => ({ name: profile, begin: () => start(profile), bar: { max: 25 } })),
  ];
  const found: Measure[] = [];
  for (const { name, begin, bar } of subjects) {
    const [pss, own, all]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < Math.min(runs, 3); run++) {
      const process = await begin();
      await fleet.untilIdle([process]);
      await pause(restMs);
      pss.push(pssMb(process.pid));
      own.push(anonymousMb(process.pid));
      all.push(residentMb(process.pid));
      await process.stop();
    }
    found.push(
      { name: `${name}, at rest, PSS`, unit: 'MB', values: pss, ...(bar !== undefined && { bar }) },
      { name: `${name}, at rest, anonymous`, unit: 'MB', values: own },
      { name: `${name}, at rest, PSS without others of the same Node`, unit: 'MB', values: all },
    );
  }
  return found;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
