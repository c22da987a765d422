import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadMinionConfig, type MinionConfig } from '../minion/config.ts';
import { createConstrainedKind } from '../minion/emulator/constrained_kind.ts';
import type { EmulatorCounts } from '../minion/emulator/counts.ts';
import type { Declaration } from '../minion/emulator/declare_all.ts';
import { createEmulatedFleet, type EmulatedFleet } from '../minion/emulator/emulated_fleet.ts';
import type { MinionKind } from '../minion/emulator/emulated_minion.ts';
import { emulatedModules } from '../minion/emulator/emulated_modules.ts';
import { createFullKind } from '../minion/emulator/full_kind.ts';
import { linkSettings } from '../minion/link/link_settings.ts';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock, type Timer } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { parseCommand } from './command_line.ts';
import { type EmulateOptions, emulateCommand, readEmulateOptions } from './emulate_options.ts';
import { plural } from './plural.ts';
import { minionModules } from './salt_minion.ts';

const FIRST_ANSWER_MS = 30_000;

/** `salt-emulate`: runs until it is told to stop. Resolves to the exit status. */
export async function runSaltEmulate(argv: readonly string[]): Promise<number> {
  const command = emulateCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = readEmulateOptions(command);
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
  });
  const config = await readConfig(options);
  const operator = await openOperator(options);
  const log = createLogger([{ level: config.log_level, format: config.log_format, write: tell }], systemClock.nowMs);
  const kind = openKind(options, { config, operator, log });
  const fleet = createEmulatedFleet({ kind, behaviour: options.behaviour, clock: systemClock, log });
  const unrest = createUnrest(fleet, options);
  try {
    if (await Promise.race([bringUp(fleet, operator).then(() => true), stopped.then(() => false)])) {
      say(`${plural(fleet.ids.length, 'minion')} connected to ${whereTo(options, config)}: ${range(fleet.ids)}`);
      unrest.begin();
      process.on('SIGUSR2', unrest.toggle);
    }
    await stopped;
  } finally {
    unrest.end();
    await fleet.stop();
    await operator?.close();
  }
  say(summary(fleet.counts));
  return 0;
}

function readConfig({ common, master }: EmulateOptions): Promise<MinionConfig> {
  const overrides = { id: 'emulated', log_level: common.logLevel, master };
  return loadMinionConfig({
    configDir: common.configDir,
    env: process.env,
    hostname: 'emulated',
    overrides: Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined)),
  });
}

async function openOperator({ operatorSocket: socketPath }: EmulateOptions): Promise<OperatorClient | undefined> {
  if (socketPath === undefined) return undefined;
  return connectOperator({ socketPath, firstAnswerMs: FIRST_ANSWER_MS, clock: systemClock });
}

/** What they are: full minions over TLS, or constrained ones. */
function openKind(
  options: EmulateOptions,
  { config, operator, log }: { config: MinionConfig; operator: OperatorClient | undefined; log: Logger },
): MinionKind {
  const link = linkSettings(config);
  const directory = options.directory ?? join(homedir(), '.cache', 'salt-emulate', `${link.host}_${link.port}`);
  const shared = { ...options, directory, clock: systemClock, random: Math.random, log };
  if (options.constrained !== undefined) {
    const { port } = options.constrained;
    const declare = (id: string, declaration: Declaration): Promise<unknown> => declareBy(operator, id, declaration);
    return createConstrainedKind({ ...shared, ...options.constrained, link: { ...link, port }, declare });
  }
  const tokenFor = (id: string): Promise<string> => tokenBy(operator, id);
  return createFullKind({ ...shared, config, modules: emulatedModules(minionModules()), tokenFor });
}

/** Asked for when it is needed: the master looks at all tokens that are unused. */
async function tokenBy(operator: OperatorClient | undefined, id: string): Promise<string> {
  return operator === undefined ? '' : String(await wheel(operator, 'key.gen_token', [], { id, ttl: 60 }));
}

async function declareBy(operator: OperatorClient | undefined, id: string, declaration: Declaration): Promise<unknown> {
  if (operator !== undefined) return wheel(operator, 'key.add_constrained', [id], declaration);
  throw new FleetError('USAGE', `${id} is not declared yet, or otherwise`, {
    hint: "give the master's operator.sock with --operator-socket",
  });
}

async function wheel(
  operator: OperatorClient,
  fun: string,
  arg: readonly unknown[],
  kwarg: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  for await (const step of operator.request({ op: 'wheel', fun, arg, kwarg }))
    if (step.t === 'value') return step.value;
  throw new FleetError('COMMAND_FAILED', `the master gave nothing for ${fun}`);
}

function whereTo({ constrained }: EmulateOptions, config: MinionConfig): string {
  const { host, port } = linkSettings(config);
  return constrained === undefined ? `${host}:${port}` : `${host} without TLS`;
}

async function bringUp(fleet: EmulatedFleet, operator: OperatorClient | undefined): Promise<void> {
  await fleet.enrol();
  await operator?.close();
  await fleet.connect();
}

/** What the fleet does by itself: storms, churn and events. SIGUSR2 ends it and begins it anew. */
function createUnrest(fleet: EmulatedFleet, { storm, churn, events }: EmulateOptions) {
  let storms: Timer | undefined;
  let isOn = false;
  const begin = (): void => {
    isOn = true;
    if (storm !== undefined) storms = systemClock.every(storm.everySeconds * 1000, () => fleet.drop(storm.share));
    if (churn !== undefined) fleet.churn(churn.perSecond, churn.awaySeconds * 1000);
    fleet.fireEvents(events);
  };
  const end = (): void => {
    isOn = false;
    storms?.stop();
    fleet.churn(0, 0);
    fleet.fireEvents(0);
  };
  return {
    begin,
    end,
    toggle(): void {
      if (isOn) end();
      else begin();
      say(isOn ? 'going on' : 'holding still');
    },
  };
}

function range(ids: readonly string[]): string {
  return ids.length === 1 ? `${ids[0]}` : `${ids[0]} to ${ids.at(-1)}`;
}

function summary({ connects, returns, withheld, forged, events }: EmulatorCounts): string {
  const parts = [plural(connects, 'connection'), plural(returns, 'return'), `${withheld} withheld`];
  if (forged > 0) parts.push(`${forged} forged`);
  return `stopped after ${parts.join(', ')}, ${plural(events, 'event')}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
