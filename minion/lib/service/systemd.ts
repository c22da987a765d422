import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';
import type { ExecResult } from '../exec.ts';
import { columns } from '../file_root.ts';
import { requireSuccess, runProgram } from '../run_program.ts';
import type { ServiceProvider } from './provider.ts';

const UNIT_TYPES = [
  'service',
  'socket',
  'device',
  'mount',
  'automount',
  'swap',
  'target',
  'path',
  'timer',
  'slice',
  'scope',
];
const LIST_OPTIONS = ['--full', '--no-legend', '--no-pager', '--plain'];

/** What systemd can do and the others cannot. */
export interface SystemdProvider extends ServiceProvider {
  /** Services that have a file, whether they were ever looked at or not. */
  listFiles(context: MinionContext): Promise<string[]>;
  listStatic(context: MinionContext): Promise<string[]>;
  isOffline(context: MinionContext): Promise<boolean>;
  /** The program that each of these services starts. */
  listPrograms(context: MinionContext, all: readonly string[]): Promise<Readonly<Record<string, string>>>;
  isMasked(context: MinionContext, name: string, runtime: boolean): Promise<boolean>;
  mask(context: MinionContext, name: string, runtime: boolean): Promise<void>;
  unmask(context: MinionContext, name: string, runtime: boolean): Promise<void>;
  show(context: MinionContext, name: string): Promise<Readonly<Record<string, unknown>>>;
  reloadUnits(context: MinionContext): Promise<void>;
  /** By systemd-firstboot; names are those of its options, with `_`. */
  setFirst(context: MinionContext, settings: Readonly<Record<string, string | undefined>>): Promise<true>;
}

export const systemd: SystemdProvider = {
  name: 'systemd_service',
  // The test that sd_booted(3) makes.
  runsHere: (context) => existsSync(join(context.root, 'run/systemd/system')),
  async listAll(context) {
    const files = await unitFiles(context);
    const loaded = (await units(context)).filter(([, load]) => load !== 'not-found');
    return shortNames([...files, ...loaded].map(([unit]) => unit ?? ''));
  },
  listFiles: async (context) => shortNames((await unitFiles(context)).map(([unit]) => unit ?? '')),
  isOffline: async (context) => (await systemctl(context, ['is-system-running'])).stdout.trim() === 'offline',
  async listPrograms(context, all) {
    const names = all.map(unitName);
    // A template is nothing that could be shown.
    const services = names.filter((name) => name.endsWith('.service') && !name.endsWith('@.service'));
    const result = await systemctl(context, ['show', '--property=Id,ExecStart', ...services]);
    const shown = result.stdout.split('\n\n').map(parseShow);
    const programs = shown.flatMap(({ Id, ExecStart }) => {
      const path = (ExecStart as { readonly path?: string } | undefined)?.path;
      return path === undefined ? [] : [[String(Id).replace(/\.service$/, ''), path]];
    });
    return Object.fromEntries(programs);
  },
  listEnabled: (context) => unitFilesInState(context, 'enabled'),
  listDisabled: (context) => unitFilesInState(context, 'disabled'),
  listStatic: (context) => unitFilesInState(context, 'static'),
  async listRunning(context) {
    const running = (await units(context)).filter(([, , , sub]) => sub === 'running');
    return shortNames(running.map(([unit]) => unit ?? ''));
  },
  async isAvailable(context, name) {
    const loadState = (await properties(context, name, ['LoadState'])).LoadState;
    return loadState !== undefined && loadState !== '' && loadState !== 'not-found';
  },
  isRunning: async (context, name) => (await systemctl(context, ['is-active', unitName(name)])).retcode === 0,
  isEnabled: async (context, name) => (await systemctl(context, ['is-enabled', unitName(name)])).retcode === 0,
  async isMasked(context, name, runtime) {
    const { stdout } = await systemctl(context, ['is-enabled', unitName(name)]);
    return stdout.trim() === (runtime ? 'masked-runtime' : 'masked');
  },
  async act(context, action, name, noBlock = false) {
    await reloadIfChanged(context, name);
    const argv = [...(noBlock ? ['--no-block'] : []), action, unitName(name)];
    requireSuccess(await systemctl(context, argv), `cannot ${action} ${name}`);
  },
  async enable(context, name) {
    requireSuccess(await systemctl(context, ['enable', unitName(name)]), `cannot enable ${name}`);
  },
  async disable(context, name) {
    requireSuccess(await systemctl(context, ['disable', unitName(name)]), `cannot disable ${name}`);
  },
  async mask(context, name, runtime) {
    requireSuccess(
      await systemctl(context, ['mask', ...runtimeOption(runtime), unitName(name)]),
      `cannot mask ${name}`,
    );
  },
  async unmask(context, name, runtime) {
    requireSuccess(
      await systemctl(context, ['unmask', ...runtimeOption(runtime), unitName(name)]),
      `cannot unmask ${name}`,
    );
  },
  async show(context, name) {
    const result = await systemctl(context, ['show', unitName(name)]);
    requireSuccess(result, `cannot show ${name}`);
    return parseShow(result.stdout);
  },
  async reloadUnits(context) {
    requireSuccess(await systemctl(context, ['daemon-reload']), 'cannot reload the units');
  },
  async setFirst(context, settings) {
    const options = Object.entries(settings).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [`--${name.replaceAll('_', '-')}=${value}`],
    );
    await runProgram(context, ['systemd-firstboot', ...options], 'systemd-firstboot error');
    return true;
  },
};

function systemctl(context: MinionContext, args: readonly string[]): Promise<ExecResult> {
  return context.exec(['systemctl', ...args], { env: { LC_ALL: 'C', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' } });
}

function runtimeOption(runtime: boolean): string[] {
  return runtime ? ['--runtime'] : [];
}

/** `sshd` is `sshd.service`; a name with a unit type stays as it is. */
function unitName(name: string): string {
  return UNIT_TYPES.some((type) => name.endsWith(`.${type}`)) ? name : `${name}.service`;
}

/** Salt leaves `.service` out of names and keeps every other type. */
function shortNames(names: readonly string[]): string[] {
  const known = names.filter((name) => UNIT_TYPES.some((type) => name.endsWith(`.${type}`)));
  return [...new Set(known.map((name) => name.replace(/\.service$/, '')))].sort();
}

/** Columns: unit, state, preset. */
async function unitFiles(context: MinionContext): Promise<string[][]> {
  const result = await systemctl(context, [...LIST_OPTIONS, 'list-unit-files']);
  requireSuccess(result, 'cannot list the unit files');
  return columns(result.stdout);
}

async function unitFilesInState(context: MinionContext, state: string): Promise<string[]> {
  const files = await unitFiles(context);
  return shortNames(files.filter((file) => file[1] === state).map(([unit]) => unit ?? ''));
}

/** Columns: unit, load, active, sub, description. */
async function units(context: MinionContext): Promise<string[][]> {
  const result = await systemctl(context, [...LIST_OPTIONS, '--all', 'list-units']);
  requireSuccess(result, 'cannot list the units');
  return columns(result.stdout);
}

async function properties(
  context: MinionContext,
  name: string,
  wanted: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await systemctl(context, ['show', `--property=${wanted.join(',')}`, unitName(name)]);
  return Object.fromEntries(propertyLines(stdout));
}

/** A unit file that was changed since it was read would be run as it was. */
async function reloadIfChanged(context: MinionContext, name: string): Promise<void> {
  const { NeedDaemonReload: need } = await properties(context, name, ['NeedDaemonReload']);
  if (need === 'yes') await systemd.reloadUnits(context);
}

function propertyLines(text: string): [string, string][] {
  return text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

/** Salt's reading of `systemctl show`: braces are mappings, and the orders and wishes are lists. */
function parseShow(text: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(propertyLines(text).map(([key, value]) => [key, showValue(key, value)]));
}

function showValue(key: string, value: string): unknown {
  if (value.startsWith('{')) {
    const items = value.replaceAll(/[{}]/g, '').split(' ; ');
    return Object.fromEntries(items.flatMap(propertyLines).map(([name, item]) => [name.trim(), item.trim()]));
  }
  return ['Before', 'After', 'Wants'].includes(key) ? value.split(/\s+/).filter((item) => item !== '') : value;
}
