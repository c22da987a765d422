import { hostname } from 'node:os';
import { Command } from 'commander';
import { coreBeacons } from '../minion/beacons.ts';
import { cacheMinionId, loadMinionConfig, type MinionConfig } from '../minion/config.ts';
import type { MinionContext } from '../minion/context.ts';
import { coreGrains, type GrainSpec } from '../minion/grains.ts';
import type { LinkStatus } from '../minion/link/link_status.ts';
import { type Minion, type MinionDeps, startMinion } from '../minion/minion.ts';
import { systemClock } from '../shared/clock.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder, type PluginFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { coreReturners } from '../shared/plugin/open_returners.ts';
import { renderWorkerOf } from '../shared/reactor/render_thread.ts';
import { parseCommand } from './command_line.ts';
import { addDaemonOptions, type DaemonOptions, daemonOverrides, openLog, runDaemon } from './daemon.ts';
import { openGrains } from './open_grains.ts';
import { restAfterStart } from './rest_after_start.ts';

/** How long systemd is kept waiting for what becomes of the first connection: a network may swallow all that is sent. */
const SILENCE_MS = 2000;

/** What a minion loads when it needs it: from folders, or from the file that it is bundled into. */
export interface MinionParts extends Pick<MinionDeps, 'modules' | 'beacons' | 'returners' | 'openRenderThread'> {
  readonly grains: PluginFolder<GrainSpec>;
  /** Keeps the code that was compiled until now. */
  readonly keepCode?: (() => Promise<void>) | undefined;
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
  return runDaemon(config, log, async () => {
    const minion = await startMinion({
      ...parts,
      config,
      grains: openGrains(config, log, parts.grains),
      clock: systemClock,
      random: Math.random,
      log,
      env: process.env,
      pid: process.pid,
      kill: killGroup,
    });
    const rest = restAfterStart(systemClock, parts.keepCode);
    return { ...minion, watchStatus: (hear) => watchLink(minion, config, rest, hear) };
  });
}

/** Told of the first connection, or what it waits for, and of each change; after a while also that nothing is known yet. */
function watchLink(
  { link }: Minion,
  config: MinionConfig,
  connected: () => void,
  hear: (status: string) => void,
): void {
  const tell = (status: LinkStatus): void => hear(linkText(status, config));
  const silence = systemClock.after(SILENCE_MS, () => tell(link.status()));
  link.watch((status) => {
    silence.stop();
    tell(status);
    if (status.state === 'connected') connected();
  });
}

function linkText({ state, reason = '' }: LinkStatus, { id, master }: MinionConfig): string {
  const texts: Readonly<Record<LinkStatus['state'], string>> = {
    starting: `connecting to the master ${master}`,
    offered: `waiting for an operator: salt-key -a ${id}`,
    connected: `connected to the master ${master}`,
    waiting: `not connected to the master: ${reason}`,
  };
  return texts[state];
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
