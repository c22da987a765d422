import { join } from 'node:path';
import type { MinionConfig } from '../minion/config.ts';
import type { Grains } from '../minion/context.ts';
import { openCustomGrains } from '../minion/custom_grains.ts';
import { coreGrains, createGrains, type GrainSpec } from '../minion/grains.ts';
import { createExec } from '../minion/lib/exec.ts';
import { systemClock } from '../shared/clock.ts';
import type { Logger } from '../shared/log.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import { VERSION } from '../shared/version.ts';

/** The grains of this machine, for the daemon and for `salt-call` alike. */
export function openGrains(
  config: MinionConfig,
  log: Logger,
  folder: PluginFolder<GrainSpec> = coreGrains(),
): Promise<Grains> {
  return createGrains({
    id: config.id,
    folders: [folder],
    version: VERSION,
    config: { ...config },
    env: process.env,
    file: join(config.config_dir, 'grains'),
    exec: createExec({ env: process.env, log, clock: systemClock }),
    clock: systemClock,
    log,
    custom: openCustomGrains({ folders: config.grains_dirs, euid: process.geteuid?.() ?? -1, log }),
  });
}
