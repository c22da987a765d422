import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../../context.ts';
import { commandFailed } from '../../exec.ts';
import { fileRoot } from '../../file_root.ts';
import { areListsYoung } from '../lists_age.ts';
import type { Lists, PackageInfo, PkgHolds, PkgProvider, Versions } from '../provider.ts';
import { ask, askFor, change, FAILED, when } from '../run_manager.ts';
import { requireNames } from '../targets.ts';
import { type ApkPackage, parseWorld, readApkDatabase } from './apk_database.ts';
import { apkRepos } from './apk_repos.ts';
import { compareApkVersions } from './apk_version.ts';

const holds: PkgHolds = {
  freeState: '',
  async readStates(context) {
    const installed = (await installedPackages(context)).map(({ name }) => [name, ''] as const);
    const held = (await holds.listHeld(context)).map(({ name }) => [name, 'hold'] as const);
    return new Map([...installed, ...held]);
  },
  async listHeld({ root }) {
    const world = parseWorld(fileRoot(root).readText('/etc/apk/world') ?? '');
    return world.filter(({ full }) => /^[^<>=~@]+=[^<>=~]/.test(full));
  },
  /** A package whose version is bound in `world` is not upgraded. */
  async setHold(context, name, hold) {
    const version = (await installedPackages(context)).find((item) => item.name === name)?.version;
    if (hold && version === undefined) throw commandFailed(`cannot hold ${name}: it is not installed`);
    await change(
      context,
      ['apk', 'add', hold ? `${name}=${version}` : name],
      `cannot ${hold ? 'hold' : 'unhold'} ${name}`,
    );
  },
};

export const apk: PkgProvider = {
  name: 'apkpkg',
  program: 'apk',
  families: ['Alpine'],
  options: ['only_upgrade', 'pkgs', 'reinstall', 'skip_verify'],
  holds,
  repos: apkRepos,
  keepsRemoved: false,
  runsHere: ({ root }) => ['sbin/apk', 'usr/sbin/apk', 'usr/bin/apk'].some((path) => existsSync(join(root, path))),
  compareVersions: compareApkVersions,
  async listPackages(context, which = 'installed') {
    if (which !== 'installed') return [];
    return (await installedPackages(context)).map(({ name, version, arch }) => ({ name, version, arch }));
  },
  async listCandidates(context, names) {
    const policies = parseApkPolicy(await askFor(context, ['apk', 'policy', ...names]));
    const newest = ([name, versions]: [string, readonly string[]]) => [name, versions[0] ?? ''] as const;
    return Object.fromEntries(Object.entries(policies).map(newest));
  },
  async listUpgrades(context) {
    return parseApkUpgrades(await askFor(context, ['apk', 'upgrade', '--simulate']));
  },
  async listAvailable(context, names) {
    requireNames('apk', names);
    return parseApkPolicy(await askFor(context, ['apk', 'policy', ...names]));
  },
  async listFiles(context, names) {
    const found = await wanted(context, names);
    return Object.fromEntries(found.map(({ name, files }) => [name, files.toSorted()]));
  },
  async findOwner(context, path) {
    const { stdout } = await ask(context, ['apk', 'info', '--who-owns', path]);
    const spec = / is owned by (\S+)/.exec(stdout)?.[1] ?? '';
    return spec.replace(/-\d[^-]*(-r\d+)?$/, '');
  },
  async describe(context, names) {
    return Object.fromEntries((await wanted(context, names)).map((found) => [found.name, describe(found)]));
  },
  async refresh(context, ageSecondsMax) {
    if (await areListsYoung(context, ageSecondsMax, ['var/cache/apk', 'etc/apk/cache'])) return {};
    await change(context, ['apk', 'update'], FAILED.refresh);
    return true;
  },
  async install(context, { targets, files, reinstall, onlyUpgrade, skipVerify, installed }) {
    const specs = targets.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
    const unsigned = when(skipVerify, '--allow-untrusted');
    const present = targets.filter(({ name }) => installed[name] !== undefined).map(({ name }) => name);
    if (onlyUpgrade && present.length < targets.length) {
      const missing = targets.filter(({ name }) => !present.includes(name)).map(({ name }) => name);
      throw commandFailed(`not installed, so not to be upgraded: ${missing.join(', ')}`);
    }
    // Not --upgrade for files: it would fetch newer ones from the repositories.
    await change(
      context,
      ['apk', 'add', ...unsigned, ...when(files.length === 0, '--upgrade'), ...files, ...specs],
      FAILED.install,
    );
    if (reinstall && present.length > 0)
      await change(context, ['apk', 'fix', '--reinstall', ...present], FAILED.install);
  },
  async remove(context, names, purge) {
    await change(context, ['apk', 'del', ...when(purge, '--purge'), ...names], FAILED.remove);
  },
  async upgrade(context, { names, skipVerify }) {
    const unsigned = when(skipVerify, '--allow-untrusted');
    const argv = names.length === 0 ? ['upgrade', ...unsigned] : ['add', ...unsigned, '--upgrade', ...names];
    await change(context, ['apk', ...argv], FAILED.upgrade);
  },
};

/**
 * Of `apk policy`: each name's versions in the repositories, newest first. What has a tag only those get who name the
 * tag; what the database alone has cannot be had any more.
 */
function parseApkPolicy(text: string): Lists {
  const lists: Record<string, string[]> = {};
  let versions: string[] = [];
  let version = '';
  for (const line of text.split('\n')) {
    const name = /^(\S+) policy:$/.exec(line)?.[1];
    if (name !== undefined) {
      versions = [];
      lists[name] = versions;
    }
    version = /^ {2}(\S+):$/.exec(line)?.[1] ?? version;
    const source = /^ {4}(\S.*)$/.exec(line)?.[1];
    const isSource = source !== undefined && !source.startsWith('@') && !source.endsWith('apk/db/installed');
    if (isSource && !versions.includes(version)) versions.push(version);
  }
  const found = Object.entries(lists).filter(([, list]) => list.length > 0);
  return Object.fromEntries(found.map(([name, list]) => [name, list.sort((a, b) => compareApkVersions(b, a))]));
}

/** Of `apk upgrade --simulate`: `(1/2) Upgrading busybox (1.36.1-r2 -> 1.36.1-r5)`; a tag may follow the name. */
function parseApkUpgrades(text: string): Versions {
  const lines = text.matchAll(/^\(\s*\d+\/\d+\) Upgrading ([^\s@]+)(?:@\S+)? \(\S+ -> (\S+)\)/gm);
  return Object.fromEntries([...lines].map(([, name = '', version = '']) => [name, version]));
}

function installedPackages({ root }: MinionContext): Promise<ApkPackage[]> {
  return readApkDatabase(fileRoot(root));
}

async function wanted(context: MinionContext, names: readonly string[]): Promise<ApkPackage[]> {
  return (await installedPackages(context)).filter(({ name }) => names.length === 0 || names.includes(name));
}

function describe({ name, version, arch, fields }: ApkPackage): PackageInfo {
  const built = Number(fields.get('t') ?? Number.NaN);
  const members: Record<string, unknown> = {
    name,
    version,
    architecture: arch,
    source: fields.get('o'),
    packager: fields.get('m'),
    url: fields.get('U'),
    license: fields.get('L'),
    size: fields.get('I'),
    summary: fields.get('T'),
    description: fields.get('T'),
    ...(Number.isFinite(built) && {
      build_date: `${new Date(built * 1000).toISOString().slice(0, 19)}Z`,
      build_date_time_t: built,
    }),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
