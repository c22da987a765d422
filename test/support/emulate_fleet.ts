import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadMinionConfig } from '../../minion/config.ts';
import type { MinionContext } from '../../minion/context.ts';
import { type Behaviour, goodBehaviour } from '../../minion/emulator/behaviour.ts';
import { ownFunctions } from '../../minion/emulator/constrained_functions.ts';
import { createConstrainedKind } from '../../minion/emulator/constrained_kind.ts';
import type { Declaration } from '../../minion/emulator/declare_all.ts';
import { createEmulatedFleet, type EmulatedFleet } from '../../minion/emulator/emulated_fleet.ts';
import type { MinionKind } from '../../minion/emulator/emulated_minion.ts';
import { emulatedModules } from '../../minion/emulator/emulated_modules.ts';
import { createFullKind } from '../../minion/emulator/full_kind.ts';
import { systemClock } from '../../shared/clock.ts';
import { type Logger, silentLogger } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { loadFolder, type PluginFolder, programFolder } from '../../shared/plugin/load_folder.ts';
import type { TestFleet } from './start_fleet.ts';

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

export interface ConstrainedSetup {
  readonly count: number;
  readonly directory: string;
  /** Of the listener without TLS. */
  readonly port: number;
  readonly behaviour?: Partial<Behaviour>;
  readonly declaration?: Partial<Declaration>;
  readonly qos?: 0 | 1;
  readonly declare: (id: string, declaration: Declaration) => Promise<unknown>;
  readonly log?: Logger;
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
  const kind = createFullKind({
    ids: emulatedIds(count),
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
  return fleetOf(kind, behaviour, silentLogger);
}

/** The same of constrained ones, over TCP. */
export function emulateConstrained(setup: ConstrainedSetup): EmulatedFleet {
  const { count, directory, port, behaviour = {}, declaration = {}, qos = 1, declare, log = silentLogger } = setup;
  const kind = createConstrainedKind({
    ids: emulatedIds(count),
    directory,
    link: {
      host: '127.0.0.1',
      port,
      keepaliveSeconds: 60,
      connectTimeoutMs: 10_000,
      reconnect: { firstMs: 100, maxMs: 10_000 },
    },
    declaration: { max_packet: 256, functions: [...ownFunctions], trust: 'hmac', ...declaration },
    qos,
    verify: true,
    declare,
    clock: systemClock,
    random: Math.random,
  });
  return fleetOf(kind, behaviour, log);
}

function emulatedIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `emu${index + 1}`);
}

function fleetOf(kind: MinionKind, behaviour: Partial<Behaviour>, log: Logger): EmulatedFleet {
  return createEmulatedFleet({ kind, behaviour: { ...goodBehaviour, ...behaviour }, clock: systemClock, log });
}

function only(modules: Readonly<Record<string, ModuleSpec<MinionContext>>>): Modules {
  return { names: Object.keys(modules), load: async (name) => modules[name], rescan: () => undefined };
}

/** Lets the fleet fire 500 events a second until the master has two for each minion; resolves to whose they are. */
export async function whoFired({ events }: Pick<TestFleet, 'events'>, emulated: EmulatedFleet): Promise<Set<unknown>> {
  emulated.fireEvents(500);
  const fired = () => events.all.filter(({ tag }) => tag === 'emulated/event');
  await events.waitFor(() => fired().length >= emulated.ids.length * 2);
  emulated.fireEvents(0);
  return new Set(fired().map(({ data }) => data.id));
}
