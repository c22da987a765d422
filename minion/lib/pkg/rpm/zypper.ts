import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../../context.ts';
import { fileRoot } from '../../file_root.ts';
import { requireSuccess } from '../../run_program.ts';
import { findDownloaded } from '../downloaded_packages.ts';
import { areListsYoung } from '../lists_age.ts';
import type { Lists, PkgHolds, PkgProvider } from '../provider.ts';
import { ask, change, FAILED, when } from '../run_manager.ts';
import { iniRepos } from './repo_files.ts';
import {
  describeRpmPackages,
  findRpmOwner,
  identifyRpm,
  listRpmFiles,
  listRpmPackages,
  splitRpmName,
} from './rpm_query.ts';
import { compareRpmVersions } from './rpm_version.ts';
import { parseZypperInfo, parseZypperRefresh, parseZypperSearch, parseZypperUpdates } from './zypper_output.ts';

const ZYPPER = ['zypper', '--non-interactive'] as const;
/** The lists are fetched when they are asked for alone. */
const QUIET = [...ZYPPER, '--no-refresh'] as const;
/** From 100 on zypper says what else is to be done: updates are there, reboot, restart a program. */
const DONE = [0, 100, 101, 102, 103];
/** Also: nothing found, and repositories that could not be read and were left out. */
const ANSWERED = [...DONE, 104, 106];

const holds: PkgHolds = {
  freeState: '',
  async readStates(context) {
    const held = readLocks(context).map((name) => [name, 'hold'] as const);
    const installed = (await listRpmPackages(context)).map(({ name }) => [name, ''] as const);
    return new Map([...installed, ...held]);
  },
  listHeld: async (context) => readLocks(context).map((name) => ({ name, full: name })),
  async setHold(context, name, hold) {
    const verb = hold ? 'addlock' : 'removelock';
    await change(context, [...ZYPPER, verb, '--', name], `cannot ${hold ? 'hold' : 'unhold'} ${name}`);
  },
};

export const zypper: PkgProvider = {
  name: 'zypperpkg',
  program: 'zypper',
  families: ['Suse'],
  options: ['dist_upgrade', 'downloadonly', 'fromrepo', 'only_upgrade', 'pkgs', 'reinstall', 'skip_verify'],
  holds,
  repos: iniRepos({
    folder: '/etc/zypp/repos.d',
    refresh: 'setting',
    flags: ['autorefresh', 'enabled', 'gpgcheck', 'keeppackages'],
    aliases: { url: 'baseurl', refresh: 'autorefresh', cache: 'keeppackages', humanname: 'name' },
    removed: (repo) => ({ [repo]: true, message: `Repository '${repo}' has been removed.` }),
  }),
  keepsRemoved: false,
  runsHere: ({ root }) => existsSync(join(root, 'usr/bin/zypper')),
  compareVersions: compareRpmVersions,
  splitName: splitRpmName,
  async listPackages(context, which = 'installed') {
    if (which !== 'installed') return [];
    // rpm keeps the keys of repositories as packages.
    return (await listRpmPackages(context)).filter(({ name }) => !name.startsWith('gpg-pubkey'));
  },
  async listCandidates(context, names, { fromRepo }) {
    const repo = fromRepo === undefined ? [] : [`--repo=${fromRepo}`];
    return parseZypperInfo(await question(context, ['info', ...repo, '--', ...names]));
  },
  async listUpgrades(context, _distUpgrade, { fromRepo }) {
    const repo = fromRepo === undefined ? [] : [`--repo=${fromRepo}`];
    return parseZypperUpdates(await question(context, ['--xmlout', 'list-updates', ...repo]));
  },
  async listAvailable(context, names): Promise<Lists> {
    const words = ['--xmlout', 'search', '--details', '--match-exact', '--type=package', '--', ...names];
    const found = parseZypperSearch(await question(context, words));
    const newestFirst = (versions: readonly string[]) => versions.toSorted((a, b) => compareRpmVersions(b, a));
    return Object.fromEntries(Object.entries(found).map(([name, versions]) => [name, newestFirst(versions)]));
  },
  listFiles: listRpmFiles,
  findOwner: findRpmOwner,
  describe: describeRpmPackages,
  async refresh(context, ageSecondsMax) {
    if (await areListsYoung(context, ageSecondsMax, ['var/cache/zypp/raw', 'var/cache/zypp/solv'])) return {};
    const result = await ask(context, [...ZYPPER, 'refresh']);
    const results = parseZypperRefresh(result.stdout);
    // When some repositories fail the others are told of, too.
    if (!Object.values(results).some((fetched) => fetched !== false)) requireSuccess(result, FAILED.refresh);
    return results;
  },
  async install(context, { targets, files, ...options }) {
    const argv = [
      ...when(options.skipVerify, '--no-gpg-checks'),
      ...(options.onlyUpgrade ? ['update'] : ['install', ...when(files.length === 0, '--name')]),
      '--auto-agree-with-licenses',
      ...when(options.downloadOnly, '--download-only'),
      ...when(options.reinstall, '--force'),
      ...when(options.installRecommends === false, '--no-recommends'),
      ...when(!options.onlyUpgrade && targets.some(({ version }) => version !== undefined), '--oldpackage'),
      ...when(options.skipVerify && files.length > 0, '--allow-unsigned-rpm'),
      ...(options.fromRepo === undefined ? [] : [`--from=${options.fromRepo}`]),
      '--',
      ...files,
      ...targets.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
    ];
    await change(context, [...QUIET, ...argv], FAILED.install, DONE);
  },
  async remove(context, names) {
    await change(context, [...QUIET, 'remove', '--', ...names], FAILED.remove, DONE);
  },
  listDownloaded: (context, root) =>
    findDownloaded(context, join(root, 'var/cache/zypp/packages'), '.rpm', (path) => identifyRpm(context, path)),
  async listOutdatedServices(context) {
    const names = (await question(context, ['ps', '-sss'])).split('\n').map((line) => line.trim());
    return [...new Set(names.filter((name) => name !== ''))].sort();
  },
  async upgrade(context, { names, distUpgrade, downloadOnly, skipVerify, fromRepo }) {
    const argv = [
      ...when(skipVerify, '--no-gpg-checks'),
      distUpgrade ? 'dist-upgrade' : 'update',
      '--auto-agree-with-licenses',
      ...when(downloadOnly, '--download-only'),
      ...(fromRepo === undefined ? [] : [distUpgrade ? `--from=${fromRepo}` : `--repo=${fromRepo}`]),
      ...(names.length === 0 ? [] : ['--', ...names]),
    ];
    await change(context, [...QUIET, ...argv], FAILED.upgrade, DONE);
  },
};

async function question(context: MinionContext, words: readonly string[]): Promise<string> {
  const result = await ask(context, [...QUIET, ...words]);
  if (!ANSWERED.includes(result.retcode)) requireSuccess(result, 'zypper cannot tell');
  return result.stdout;
}

/** Paragraphs of `name: value`; only locks of packages count, as Salt sees it. */
function readLocks({ root }: MinionContext): string[] {
  const text = fileRoot(root).readText('/etc/zypp/locks') ?? '';
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(paragraph)?.[1];
    const name = field('solvable_name');
    return name === undefined || (field('type') ?? 'package') !== 'package' ? [] : [name];
  });
}
