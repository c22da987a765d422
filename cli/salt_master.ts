import { userInfo } from 'node:os';
import { Command } from 'commander';
import { checkPam } from '../master/auth/check_pam.ts';
import { loadMasterConfig } from '../master/config.ts';
import type { MasterContext } from '../master/context.ts';
import { startMaster } from '../master/master.ts';
import { systemClock } from '../shared/clock.ts';
import type { ModuleSpec } from '../shared/plugin/function.ts';
import { loadFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { renderWorkerOf } from '../shared/reactor/render_thread.ts';
import { parseCommand } from './command_line.ts';
import { addDaemonOptions, type DaemonOptions, daemonOverrides, openLog, runDaemon } from './daemon.ts';

/** `salt-master`: runs until it is told to stop. Resolves to the exit status. */
export async function runSaltMaster(argv: readonly string[]): Promise<number> {
  const command = masterCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = command.opts<DaemonOptions>();
  const config = await loadMasterConfig({
    configDir: options.configDir,
    env: process.env,
    overrides: daemonOverrides(options),
  });
  const log = openLog(config);
  return runDaemon(config, log, () =>
    startMaster({
      config,
      runners: loadFolder<ModuleSpec<MasterContext>>(programFolder('master/runners')),
      wheel: loadFolder<ModuleSpec<MasterContext>>(programFolder('master/wheel')),
      openRenderThread: renderWorkerOf('master'),
      checkPam,
      owner: userInfo().username,
      clock: systemClock,
      random: Math.random,
      log,
    }),
  );
}

/** What `salt-master` takes. */
export function masterCommand(): Command {
  return addDaemonOptions(new Command('salt-master').description('Runs the master of a fleet.'));
}
