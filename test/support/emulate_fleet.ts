import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadMinionConfig } from '../../minion/config.ts';
import type { MinionContext } from '../../minion/context.ts';
import { type Behaviour, goodBehaviour } from '../../minion/emulator/behaviour.ts';
import { createEmulatedFleet, type EmulatedFleet } from '../../minion/emulator/emulated_fleet.ts';
import { emulatedModules } from '../../minion/emulator/emulated_modules.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { loadFolder, type PluginFolder, programFolder } from '../../shared/plugin/load_folder.ts';

type Modules = PluginFolder<ModuleSpec<MinionContext>>;

export interface EmulateSetup {
  readonly count: number;
  /** Each minion has a directory of its own below it. */
  readonly directory: string;
  /** `host:port` */
  readonly master: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly durable?: boolean;
  readonly verify?: boolean;
  /** In place of those that emulated minions have. */
  readonly modules?: Readonly<Record<string, ModuleSpec<MinionContext>>>;
  readonly tokenFor?: (id: string) => Promise<string>;
}

/** Minions `emu1`, `emu2` … of a master that a test started. */
export async function emulateFleet(setup: EmulateSetup): Promise<EmulatedFleet> {
  const { count, directory, master, behaviour = {}, durable = false, verify = true, modules } = setup;
  const configDir = join(directory, 'etc');
  await mkdir(configDir, { recursive: true });
  const config = await loadMinionConfig({
    configDir,
    env: {},
    hostname: 'emulated',
    overrides: { id: 'emulated', master, recon_default: 100, recon_max: 10_000 },
  });
  return createEmulatedFleet({
    ids: Array.from({ length: count }, (_, index) => `emu${index + 1}`),
    config,
    directory,
    modules: modules === undefined ? emulatedModules(loadFolder(programFolder('minion/modules'))) : only(modules),
    durable,
    verify,
    behaviour: { ...goodBehaviour, ...behaviour },
    tokenFor: setup.tokenFor ?? (async () => ''),
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
  });
}

function only(modules: Readonly<Record<string, ModuleSpec<MinionContext>>>): Modules {
  return { names: Object.keys(modules), load: async (name) => modules[name], rescan: () => undefined };
}
