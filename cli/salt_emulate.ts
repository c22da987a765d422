import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadMinionConfig, type MinionConfig } from '../minion/config.ts';
import type { EmulatorCounts } from '../minion/emulator/counts.ts';
import { createEmulatedFleet, type EmulatedFleet } from '../minion/emulator/emulated_fleet.ts';
import { emulatedModules } from '../minion/emulator/emulated_modules.ts';
import { linkSettings } from '../minion/link_settings.ts';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock, type Timer } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { createLogger } from '../shared/log.ts';
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
  const { host, port } = linkSettings(config);
  const operator = await openOperator(options);
  const fleet = createEmulatedFleet({
    ...options,
    config,
    directory: options.directory ?? join(homedir(), '.cache', 'salt-emulate', `${host}_${port}`),
    modules: emulatedModules(minionModules()),
    tokenFor: (id) => tokenFor(operator, id),
    clock: systemClock,
    random: Math.random,
    log: createLogger([{ level: config.log_level, format: config.log_format, write: tell }], systemClock.nowMs),
  });
  const unrest = createUnrest(fleet, options);
  try {
    if (await Promise.race([bringUp(fleet, operator).then(() => true), stopped.then(() => false)])) {
      say(`${plural(fleet.ids.length, 'minion')} connected to ${host}:${port}: ${range(fleet.ids)}`);
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

/** Asked for when it is needed: the master looks at all tokens that are unused. */
async function tokenFor(operator: OperatorClient | undefined, id: string): Promise<string> {
  if (operator === undefined) return '';
  const request = { op: 'wheel', fun: 'key.gen_token', arg: [], kwarg: { id, ttl: 60 } };
  for await (const step of operator.request(request)) if (step.t === 'value') return String(step.value);
  throw new FleetError('COMMAND_FAILED', `the master made no token for ${id}`);
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
