import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { loadFolder, type PluginFolder, programFolder } from '../../shared/plugin/load_folder.ts';
import { nearest } from '../../shared/suggest.ts';
import { parseCommand, type Terminal } from '../command_line.ts';
import { addCommonOptions, type CommonOptions } from '../command_options.ts';
import type { AnyCheck } from './check.ts';
import { type BareMachine, commandFor, type Role } from './machine.ts';
import { type Report, reportJson, reportText, statusOf } from './report.ts';
import { runChecks } from './run_checks.ts';

interface DoctorOptions extends CommonOptions {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly check?: string;
  readonly master?: boolean;
  readonly minion?: boolean;
  readonly color?: boolean;
}

/** Checks are files of the program. */
export function coreChecks(): PluginFolder<AnyCheck> {
  return loadFolder<AnyCheck>(programFolder('cli/doctor/checks'));
}

/** What `salt doctor` takes. */
export function doctorCommand(): Command {
  const command = new Command('salt doctor')
    .description('Looks at the master and the minion of this machine, and says what is wrong and what mends it.')
    .option('--json', 'print one line of JSON')
    .option('--quick', 'leave out what may have to wait for the network')
    .option('--check <names>', 'only these checks, separated by commas')
    .option('--master', 'look at the master alone')
    .option('--minion', 'look at the minion alone')
    .option('--no-color', 'never print colours');
  return addCommonOptions(command);
}

/** `salt doctor`. Resolves to the exit status: 0 all is well, 1 warnings, 2 problems. */
export async function runDoctor(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = doctorCommand();
  if (!parseCommand(command, words)) return 0;
  const options = command.opts<DoctorOptions>();
  // As it must stand in a command that is typed somewhere else.
  const configDir = resolve(options.configDir ?? (process.env.SALT_CONFIG_DIR || '/etc/salt'));
  const checks = coreChecks();
  const names = options.check?.split(',').map((name) => knownCheck(name.trim(), checks));
  const roles = await rolesOf(options, configDir);
  const run = { checks, isQuick: options.quick === true, ...(names !== undefined && { names }) };
  const found = await Promise.all(roles.map((role) => runChecks(bareMachine(role, configDir), run)));
  const report: Report = {
    looked: roles.map((role) => ({ role, file: join(configDir, role) })),
    entries: found.flat(),
  };
  const colour = terminal.isTerminal && options.color !== false;
  terminal.out(options.json === true ? reportJson(report) : reportText(report, colour));
  return statusOf(report);
}

function bareMachine(role: Role, configDir: string): BareMachine {
  return {
    role,
    configDir,
    env: process.env,
    hostname: hostname(),
    nodeVersion: process.versions.node,
    clock: systemClock,
    command: (...words) => commandFor(configDir, words),
  };
}

function knownCheck(name: string, { names }: PluginFolder<AnyCheck>): string {
  if (names.includes(name)) return name;
  const near = nearest(name, names);
  throw new FleetError('USAGE', `there is no check '${name}'`, {
    hint: near === undefined ? `choose from ${names.join(', ')}` : `did you mean ${near}?`,
  });
}

/** What this machine is: what it has a configuration for, or keys of, for every setting has a default. */
async function rolesOf({ master, minion }: DoctorOptions, configDir: string): Promise<Role[]> {
  const all: readonly Role[] = ['master', 'minion'];
  if (master || minion) return all.filter((role) => (role === 'master' ? master : minion));
  const found = await Promise.all(
    all.map(async (role) => (await isThere(join(configDir, role))) || isThere(join(configDir, 'pki', role))),
  );
  const roles = all.filter((_, index) => found[index]);
  if (roles.length > 0) return roles;
  throw new FleetError('USAGE', `${configDir} has neither a master's nor a minion's configuration`, {
    hint: 'name its directory with -c, or say --master or --minion',
  });
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
