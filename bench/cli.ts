import { fileURLToPath } from 'node:url';
import { FleetError } from '../shared/errors.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { loopDelayMeasures } from './lib/loop_delay.ts';
import { ratios, timeInTurns } from './lib/measure.ts';
import { runProcess } from './lib/own_process.ts';
import { createRealFleet } from './lib/real_fleet.ts';

const MINIONS = 3;
const RUNS = 30;

export default defineBenchmark({
  summary: 'Whole processes of salt, from start to exit, beside an empty Node.',
  async run({ dist, home, isQuick, minions = MINIONS, runs = RUNS, progress }) {
    const salt = fileURLToPath(new URL('salt.cjs', dist));
    progress('salt --version and an empty Node …');
    const versions = await timeInTurns(runs, [() => runProcess(['-e', '0']), () => runProcess([salt, '--version'])]);
    const [node, version] = versions as [number[], number[]];

    progress(`a fleet of ${minions} …`);
    const fleet = await createRealFleet({ dist, home, isQuick, count: minions });
    try {
      await fleet.startMaster();
      await fleet.startMinions();
      const { master, minions: running } = fleet.processes();
      await fleet.untilIdle([master!, ...running]);
      const ping = async (target: string, answers: number): Promise<void> => {
        const output = await runProcess([salt, '-c', fleet.masterDir, target, 'test.ping']);
        const found = output.match(/True/g)?.length ?? 0;
        if (found !== answers) throw new FleetError('COMMAND_FAILED', `${found} of ${answers} answered: ${output}`);
      };
      await ping('*', minions);
      await fleet.loopDelay();
      const pings = await timeInTurns(runs, [
        () => runProcess(['-e', '0']),
        () => ping('m1', 1),
        () => ping('*', minions),
      ]);
      const [nodeAgain, one, all] = pings as [number[], number[], number[]];
      return [
        { name: 'node -e 0', unit: 'ms', values: [...node, ...nodeAgain] },
        { name: 'salt --version', unit: 'ms', values: version },
        { name: 'salt --version / node -e 0', unit: 'x', values: ratios(version, node), bar: { max: 1.25 } },
        { name: 'salt m1 test.ping', unit: 'ms', values: one, bar: { max: 150 } },
        { name: 'salt m1 test.ping / node -e 0', unit: 'x', values: ratios(one, nodeAgain) },
        { name: `salt '*' test.ping, ${minions} minions`, unit: 'ms', values: all },
        ...loopDelayMeasures([await fleet.loopDelay()]),
      ];
    } finally {
      await fleet.stop();
    }
  },
});
