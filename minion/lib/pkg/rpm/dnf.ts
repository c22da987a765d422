import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../../context.ts';
import { commandFailed } from '../../exec.ts';
import { requireSuccess } from '../../run_program.ts';
import { systemd } from '../../service/systemd.ts';
import { findDownloaded } from '../downloaded_packages.ts';
import { areListsYoung } from '../lists_age.ts';
import type { InstallOptions, Lists, PkgHolds, PkgProvider, RepoChoice } from '../provider.ts';
import { ask, askFor, change, FAILED, when } from '../run_manager.ts';
import { parseDnfList, parseVersionLocks } from './dnf_output.ts';
import { iniRepos } from './repo_files.ts';
import {
  describeRpmPackages,
  findRpmOwner,
  identifyRpm,
  listRpmFiles,
  listRpmPackages,
  nativeArch,
  rpmSpec,
  splitRpmName,
} from './rpm_query.ts';
import { compareRpmVersions } from './rpm_version.ts';

const PROGRAMS = ['dnf5', 'dnf', 'yum'] as const;
/** dnf 5 that is quiet says nothing at all. */
const NOTHING = /^$|No matching Packages to list/i;

const holds: PkgHolds = {
  freeState: '',
  async readStates(context) {
    const held = (await holds.listHeld(context)).map(({ name }) => [name, 'hold'] as const);
    const installed = (await listRpmPackages(context)).map(({ name }) => [name, ''] as const);
    return new Map([...installed, ...held]);
  },
  listHeld: async (context) => parseVersionLocks(await versionLock(context, ['list'])),
  async setHold(context, name, hold) {
    await versionLock(context, [hold ? 'add' : 'delete', name]);
  },
};

/** yum, and dnf in both of its generations, where their command lines are alike or nearly. */
export const dnf: PkgProvider = {
  name: 'yumpkg',
  program: 'dnf',
  families: ['RedHat'],
  options: [
    'disablerepo',
    'downloadonly',
    'enablerepo',
    'fromrepo',
    'only_upgrade',
    'pkgs',
    'reinstall',
    'skip_verify',
  ],
  holds,
  repos: iniRepos({
    folder: '/etc/yum.repos.d',
    refresh: 'asked',
    flags: [],
    removed: (repo, file) => `Repo ${repo} has been removed from ${file}`,
  }),
  keepsRemoved: false,
  runsHere: ({ root }) => programIn(root) !== undefined,
  compareVersions: compareRpmVersions,
  splitName: splitRpmName,
  listPackages: async (context, which = 'installed') => (which === 'installed' ? listRpmPackages(context) : []),
  async listCandidates(context, names, choice) {
    const available = await list(context, 'available', repoArguments(choice), names);
    return newest(available);
  },
  async listUpgrades(context, _distUpgrade, choice) {
    const verb = programOf(context) === 'yum' ? 'updates' : 'upgrades';
    return newest(await list(context, verb, repoArguments(choice), []));
  },
  async listAvailable(context, names) {
    const available = await list(context, 'available', [], names, true);
    const newestFirst = (versions: readonly string[]) =>
      [...new Set(versions)].sort((a, b) => compareRpmVersions(b, a));
    return Object.fromEntries(Object.entries(available).map(([name, versions]) => [name, newestFirst(versions)]));
  },
  listFiles: listRpmFiles,
  findOwner: findRpmOwner,
  describe: describeRpmPackages,
  async refresh(context, ageSecondsMax) {
    const folders = ['var/cache/dnf', 'var/cache/libdnf5', 'var/cache/yum'];
    if (await areListsYoung(context, ageSecondsMax, folders)) return {};
    const program = programOf(context);
    await change(context, [program, '--quiet', '--assumeyes', 'clean', 'expire-cache'], FAILED.refresh);
    // 100: there are upgrades.
    const check = [program, '--quiet', '--assumeyes', 'check-update'] as const;
    return (await change(context, check, FAILED.refresh, [100])).retcode === 100 ? true : null;
  },
  install,
  async remove(context, names) {
    await change(context, [programOf(context), '--assumeyes', 'remove', ...names], FAILED.remove);
  },
  listDownloaded: (context, root) => {
    const program = programOf(context);
    const cache = program === 'dnf5' ? 'libdnf5' : program;
    return findDownloaded(context, join(root, 'var/cache', cache), '.rpm', (path) => identifyRpm(context, path));
  },
  async listOutdatedServices(context) {
    const program = programOf(context);
    if (program === 'yum') throw commandFailed('dnf is required to list outdated services');
    if (!systemd.runsHere(context)) throw commandFailed('systemd is required to list outdated services');
    const argv = [program, '--quiet', 'needs-restarting', '--services'] as const;
    // dnf5 ends with status 1 when there are some.
    const result = await ask(context, argv);
    if (result.stdout.trim() === '') requireSuccess(result, `${program} cannot tell`);
    const units = [...result.stdout.matchAll(/^(\S+)\.service$/gm)].map(([, name = '']) => name);
    return [...new Set(units)].sort();
  },
  async upgrade(context, { names, downloadOnly, skipVerify, ...choice }) {
    const options = [
      ...repoArguments(choice),
      ...when(skipVerify, '--nogpgcheck'),
      ...when(downloadOnly, '--downloadonly'),
    ];
    await change(context, [programOf(context), '--assumeyes', ...options, 'upgrade', ...names], FAILED.upgrade);
  },
};

/** What is older than what is installed is a command of its own, and so is what is the same. */
async function install(
  context: MinionContext,
  { targets, files, installed, ...options }: InstallOptions,
): Promise<void> {
  const program = programOf(context);
  const common = [
    '--assumeyes',
    ...repoArguments(options),
    ...when(options.skipVerify, '--nogpgcheck'),
    ...when(options.downloadOnly, '--downloadonly'),
    ...when(options.installRecommends === false && program !== 'yum', '--setopt=install_weak_deps=False'),
  ];
  const groups = new Map<string, string[]>();
  for (const target of targets) {
    const verb = verbFor(installed[target.name] ?? [], target.version, options);
    groups.set(verb, [...(groups.get(verb) ?? []), rpmSpec(target)]);
  }
  if (files.length > 0) groups.set(options.reinstall ? 'reinstall' : 'install', [...files]);
  for (const [verb, specs] of groups) {
    await change(context, [program, ...common, verb, ...specs], FAILED.install);
  }
}

function verbFor(
  installed: readonly string[],
  version: string | undefined,
  { reinstall, onlyUpgrade }: Pick<InstallOptions, 'reinstall' | 'onlyUpgrade'>,
): string {
  if (reinstall && installed.some((old) => version === undefined || compareRpmVersions(old, version) === 0)) {
    return 'reinstall';
  }
  const isOlder = version !== undefined && installed.length > 0;
  if (isOlder && installed.every((old) => compareRpmVersions(old, version) > 0)) return 'downgrade';
  return onlyUpgrade ? 'upgrade' : 'install';
}

async function list(
  context: MinionContext,
  what: 'available' | 'upgrades' | 'updates',
  options: readonly string[],
  names: readonly string[],
  isEachVersion = false,
): Promise<Lists> {
  const program = programOf(context);
  // dnf5 takes the bare word for the name of a package, and yum knows no such option.
  const words = ['list', ...when(isEachVersion, '--showduplicates'), program === 'yum' ? what : `--${what}`];
  const text = await askFor(context, [program, '--quiet', ...options, ...words, ...names], NOTHING);
  return parseDnfList(text, nativeArch(context));
}

function newest(lists: Lists): Readonly<Record<string, string>> {
  const best = (versions: readonly string[]) => versions.toSorted(compareRpmVersions).at(-1) ?? '';
  return Object.fromEntries(Object.entries(lists).map(([name, versions]) => [name, best(versions)]));
}

function repoArguments({ fromRepo, enableRepo = [], disableRepo = [] }: RepoChoice): readonly string[] {
  if (fromRepo !== undefined) return ['--disablerepo=*', `--enablerepo=${fromRepo}`];
  return [...disableRepo.map((repo) => `--disablerepo=${repo}`), ...enableRepo.map((repo) => `--enablerepo=${repo}`)];
}

async function versionLock(context: MinionContext, words: readonly string[]): Promise<string> {
  const program = programOf(context);
  const { retcode, stdout, stderr } = await context.exec([program, '--quiet', 'versionlock', ...words], {
    env: { LC_ALL: 'C' },
  });
  if (retcode === 0) return stdout;
  if (!/no such command|unknown argument/i.test(stdout + stderr)) {
    throw commandFailed(`${program} versionlock ${words.join(' ')}: ${stderr.trim() || stdout.trim()}`);
  }
  const plugin = program === 'yum' ? 'yum-plugin-versionlock' : 'python3-dnf-plugin-versionlock';
  throw commandFailed(`${program} cannot hold packages: it has no versionlock`, `install ${plugin}`);
}

function programIn(root: string): (typeof PROGRAMS)[number] | undefined {
  return PROGRAMS.find((program) => existsSync(join(root, 'usr/bin', program)));
}

function programOf({ root }: MinionContext): string {
  return programIn(root) ?? 'dnf';
}
