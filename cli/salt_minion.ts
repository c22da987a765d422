import { hostname } from 'node:os';
import { Command } from 'commander';
import { coreBeacons } from '../minion/beacons.ts';
import { cacheMinionId, loadMinionConfig } from '../minion/config.ts';
import type { MinionContext } from '../minion/context.ts';
import { coreGrains, type GrainSpec } from '../minion/grains.ts';
import { type MinionDeps, startMinion } from '../minion/minion.ts';
import { systemClock } from '../shared/clock.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder, type PluginFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { coreReturners } from '../shared/plugin/open_returners.ts';
import { renderWorkerOf } from '../shared/reactor/render_thread.ts';
import { parseCommand } from './command_line.ts';
import { addDaemonOptions, type DaemonOptions, daemonOverrides, openLog, runDaemon } from './daemon.ts';
import { openGrains } from './open_grains.ts';

/** What a minion loads when it needs it: from folders, or from the file that it is bundled into. */
export interface MinionParts extends Pick<MinionDeps, 'modules' | 'beacons' | 'returners' | 'openRenderThread'> {
  readonly grains: PluginFolder<GrainSpec>;
}

function ownParts(): MinionParts {
  return {
    modules: minionModules(),
    beacons: coreBeacons(),
    grains: coreGrains(),
    returners: coreReturners(),
    openRenderThread: renderWorkerOf('minion'),
  };
}

/** `salt-minion`: runs until it is told to stop. Resolves to the exit status. */
export async function runSaltMinion(argv: readonly string[], parts: MinionParts = ownParts()): Promise<number> {
  const command = minionCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = command.opts<DaemonOptions>();
  const config = await loadMinionConfig({
    configDir: options.configDir,
    env: process.env,
    hostname: hostname(),
    overrides: daemonOverrides(options),
  });
  await cacheMinionId(config);
  const log = openLog(config);
  return runDaemon(config, log, async () =>
    startMinion({
      ...parts,
      config,
      grains: await openGrains(config, log, parts.grains),
      clock: systemClock,
      random: Math.random,
      log,
      env: process.env,
      pid: process.pid,
      kill: killGroup,
    }),
  );
}

/** What `salt-minion` takes. */
export function minionCommand(): Command {
  return addDaemonOptions(new Command('salt-minion').description('Runs a minion of a fleet.'));
}

export function minionModules() {
  return loadFolder<ModuleSpec<MinionContext>>(programFolder('minion/modules'));
}

/** A process that ended between two looks is no error. */
function killGroup(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
