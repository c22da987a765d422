import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../../context.ts';
import { commandFailed, type ExecResult } from '../../exec.ts';
import { hasProgram } from '../../has_program.ts';
import { requireSuccess } from '../../run_program.ts';
import { parseParagraphs } from '../control_file.ts';
import { compareDebianVersions } from '../debian_version.ts';
import { findDownloaded } from '../downloaded_packages.ts';
import { areListsYoung } from '../lists_age.ts';
import { ownScope } from '../own_scope.ts';
import type {
  Lists,
  PackageInfo,
  PackageRecords,
  PkgHolds,
  PkgProvider,
  PkgSelections,
  PkgUnneeded,
  RefreshResult,
  Versions,
} from '../provider.ts';
import { aptKeys } from './apt_keys.ts';
import { aptRepos } from './apt_repos.ts';
import { type DpkgPackage, installedAt, readDpkgStatus, readFileList } from './dpkg_status.ts';

/** For output that is read by this program. */
const PLAIN = { LC_ALL: 'C' };
/** Of what apt-cache tells of all packages; Debian's own take 40 MB. */
const DUMP_BYTES_MAX = 256 * 1024 * 1024;
/** For what runs package scripts: nobody is there to answer a question. */
const UNATTENDED = {
  APT_LISTBUGS_FRONTEND: 'none',
  APT_LISTCHANGES_FRONTEND: 'none',
  DEBIAN_FRONTEND: 'noninteractive',
  UCF_FORCE_CONFFOLD: '1',
};

const selections: PkgSelections = {
  async read({ root }) {
    const packages = await readDpkgStatus(root);
    return new Map(packages.map(({ name, selection }) => [name, selection]));
  },
  async set(context, wanted) {
    const stdin = [...wanted].map(([name, selection]) => `${name} ${selection}\n`).join('');
    requireApt(await context.exec(['dpkg', '--set-selections'], { env: PLAIN, stdin }), 'cannot set selections');
  },
  async clear(context) {
    requireApt(await context.exec(['dpkg', '--clear-selections'], { env: PLAIN }), 'cannot clear selections');
  },
};

const holds: PkgHolds = {
  freeState: 'install',
  readStates: selections.read,
  async listHeld(context) {
    const held = [...(await selections.read(context))].filter(([, selection]) => selection === 'hold');
    return held.map(([name]) => ({ name, full: name }));
  },
  async setHold(context, name, hold) {
    const result = await context.exec(['apt-mark', hold ? 'hold' : 'unhold', '--', name], { env: PLAIN });
    requireApt(result, `cannot ${hold ? 'hold' : 'unhold'} ${name}`);
  },
};

const unneeded: PkgUnneeded = {
  async list(context) {
    const result = await context.exec(['apt-get', '--just-print', 'autoremove'], { env: PLAIN });
    requireApt(result, 'cannot list what is no longer needed');
    return [...result.stdout.matchAll(/^Remv (\S+)/gm)].map(([, name = '']) => name).sort();
  },
  async remove(context, purge) {
    const result = await aptGet(context, [...(purge ? ['--purge'] : []), 'autoremove']);
    requireApt(result, 'problem encountered removing package(s)');
  },
};

export const apt: PkgProvider = {
  name: 'aptpkg',
  program: 'apt',
  families: ['Debian'],
  options: [
    'debconf',
    'dist_upgrade',
    'downloadonly',
    'force_conf_new',
    'fromrepo',
    'only_upgrade',
    'pkgs',
    'reinstall',
    'skip_verify',
  ],
  holds,
  repos: aptRepos,
  repoKeys: aptKeys,
  selections,
  unneeded,
  keepsRemoved: true,
  runsHere: ({ root }) => existsSync(join(root, 'var/lib/dpkg/status')) && existsSync(join(root, 'usr/bin/apt-get')),
  compareVersions: compareDebianVersions,
  splitName(text) {
    const [name = '', arch] = text.split(':');
    return { name, arch };
  },
  async listPackages({ root }, which = 'installed') {
    const packages = await readDpkgStatus(root);
    if (which === 'removed') return packages.filter(({ isRemoved }) => isRemoved);
    const installed = packages.filter(({ isInstalled }) => isInstalled);
    return which === 'installed' ? installed : installed.filter(({ selection }) => selection === 'purge');
  },
  async listCandidates(context, names, { fromRepo }) {
    const argv = ['apt-cache', '-q', ...releaseOption(fromRepo), 'policy', '--', ...names] as const;
    return parsePolicy((await context.exec(argv, { env: PLAIN })).stdout);
  },
  async listUpgrades(context, distUpgrade, { fromRepo }) {
    const verb = distUpgrade ? 'dist-upgrade' : 'upgrade';
    const result = await context.exec(['apt-get', '--just-print', ...releaseOption(fromRepo), verb], { env: PLAIN });
    requireApt(result, 'failed to get upgrades');
    const lines = result.stdout.matchAll(/^Conf (\S+) \((\S+)/gm);
    return Object.fromEntries([...lines].map(([, name = '', version = '']) => [name, version]));
  },
  async listAvailable(context, names) {
    if (names.length === 0) {
      const all = await context.exec(['apt-cache', '-q', 'dump'], { env: PLAIN, outputBytesMax: DUMP_BYTES_MAX });
      requireApt(all, 'cannot list what is available');
      return parseDump(all.stdout);
    }
    const result = await context.exec(['apt-cache', '-q', 'show', '--', ...names], { env: PLAIN });
    return parseAvailable(result.stdout);
  },
  listFiles: ({ root }, names) => mapInstalled(root, names, (found) => readFileList(root, found)),
  async findOwner(context, path) {
    const { stdout } = await context.exec(['dpkg-query', '--search', '--', path], { env: PLAIN });
    const line = stdout.split('\n').find((text) => text.includes(':') && !/^(local )?diversion by/.test(text));
    return line?.split(':')[0] ?? '';
  },
  describe: ({ root }, names) =>
    mapInstalled(root, names, async (found) => describePackage(found, await installedAt(root, found))),
  async refresh(context, ageSecondsMax) {
    if (await areListsYoung(context, ageSecondsMax, ['var/lib/apt/lists'])) return {};
    const result = await context.exec(['apt-get', '-q', 'update'], { env: PLAIN });
    requireApt(result, 'cannot update the package lists');
    return parseUpdate(result.stdout);
  },
  async install(context, { targets, files, ...options }) {
    const argv = [
      ...confOptions(options.forceConfNew),
      ...(options.skipVerify ? ['--allow-unauthenticated'] : []),
      ...(targets.some(({ version }) => version !== undefined) ? ['--allow-downgrades'] : []),
      ...(options.fromRepo === undefined ? [] : ['-t', options.fromRepo]),
      ...(options.reinstall ? ['--reinstall'] : []),
      ...(options.downloadOnly ? ['--download-only'] : []),
      ...(options.onlyUpgrade ? ['--only-upgrade'] : []),
      ...(options.installRecommends === false ? ['--no-install-recommends'] : []),
      'install',
      '--',
      ...files,
      ...targets.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
    ];
    const install = async () => requireApt(await aptGet(context, argv), 'problem encountered installing package(s)');
    await withoutHolds(context, new Set(targets.map(({ name }) => name)), install);
  },
  async remove(context, names, purge) {
    const result = await aptGet(context, [purge ? 'purge' : 'remove', '--', ...names]);
    requireApt(result, 'problem encountered removing package(s)');
  },
  async upgrade(context, { names, distUpgrade, downloadOnly, skipVerify, forceConfNew }) {
    const argv = [
      ...confOptions(forceConfNew),
      ...(skipVerify ? ['--allow-unauthenticated'] : []),
      ...(downloadOnly ? ['--download-only'] : []),
      ...(names.length > 0
        ? ['--only-upgrade', 'install', '--', ...names]
        : [distUpgrade ? 'dist-upgrade' : 'upgrade']),
    ];
    requireApt(await aptGet(context, argv), 'problem encountered upgrading packages');
  },
  listDownloaded: (context, root) =>
    findDownloaded(context, join(root, 'var/cache/apt'), '.deb', async (path) => {
      const argv = ['dpkg-deb', '--field', path, 'Package', 'Version'] as const;
      const [fields] = parseParagraphs((await context.exec(argv, { env: PLAIN })).stdout);
      const [name, version] = [fields?.get('package'), fields?.get('version')];
      return name === undefined || version === undefined ? undefined : { name, version };
    }),
  async listOutdatedServices(context) {
    if (!hasProgram(context.root, 'checkrestart')) {
      throw commandFailed("'checkrestart' is needed", 'install debian-goodies, which has it');
    }
    const result = await context.exec(['checkrestart', '--machine', '--package'], { env: PLAIN });
    requireSuccess(result, 'checkrestart cannot tell');
    const names = [...result.stdout.matchAll(/^SERVICE:([^,\n]+)/gm)].map(([, name = '']) => name);
    return [...new Set(names)].sort();
  },
  async showRecords(context, names) {
    const { stdout } = await context.exec(['apt-cache', '-q', 'show', '--', ...names], { env: PLAIN });
    return parseRecords(stdout);
  },
  async loadDebconf(context, path) {
    requireApt(await context.exec(['debconf-set-selections', path]), `cannot load the answers of ${path}`);
  },
};

/** apt refuses to change what is held: it is let go for as long as that takes, as Salt does it. */
async function withoutHolds(context: MinionContext, names: ReadonlySet<string>, change: () => Promise<void>) {
  const held = (await holds.listHeld(context)).filter(({ name }) => names.has(name));
  for (const { name } of held) await holds.setHold(context, name, false);
  try {
    await change();
  } finally {
    for (const { name } of held) await holds.setHold(context, name, true);
  }
}

function aptGet(context: MinionContext, args: readonly string[]): Promise<ExecResult> {
  return context.exec(ownScope(context, ['apt-get', '-q', '-y', ...args]), { env: UNATTENDED });
}

/** apt says what went wrong on lines that begin with `E:`. */
function requireApt(result: ExecResult, what: string): void {
  const errors = result.stderr.split('\n').filter((line) => line.startsWith('E:'));
  if (result.retcode !== 0 && errors.length > 0) throw commandFailed(`${what}: ${errors.join('\n')}`);
  requireSuccess(result, what);
}

function releaseOption(fromRepo: string | undefined): string[] {
  return fromRepo === undefined ? [] : ['-o', `APT::Default-Release=${fromRepo}`];
}

function confOptions(forceConfNew: boolean | undefined): string[] {
  const options = forceConfNew ? ['--force-confnew'] : ['--force-confold', '--force-confdef'];
  return options.flatMap((option) => ['-o', `DPkg::Options::=${option}`]);
}

/** One answer for each of the named packages, of all when none is named; what is not installed is left out. */
async function mapInstalled<T>(
  root: string,
  names: readonly string[],
  answer: (found: DpkgPackage) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  const answers: Record<string, T> = {};
  for (const found of await readDpkgStatus(root)) {
    const isWanted = names.length === 0 || names.includes(found.name);
    if (found.isInstalled && isWanted) answers[found.name] = await answer(found);
  }
  return answers;
}

function parsePolicy(text: string): Versions {
  const candidates: Record<string, string> = {};
  let name = '';
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line)) name = line.slice(0, -1);
    const candidate = /^ {2}Candidate: (\S+)/.exec(line)?.[1];
    if (candidate !== undefined && candidate !== '(none)') candidates[name] = candidate;
  }
  return candidates;
}

function parseAvailable(text: string): Lists {
  const versions = new Map<string, Set<string>>();
  for (const paragraph of parseParagraphs(text)) {
    const name = paragraph.get('package');
    const version = paragraph.get('version');
    if (name === undefined || version === undefined) continue;
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return newestFirst(versions);
}

/** Paragraphs with the names of their fields as they are written, and of each field the first line. */
function parseRecords(text: string): PackageRecords {
  const records: Record<string, Record<string, Readonly<Record<string, string>>>> = {};
  for (const paragraph of text.split(/\n[ \t]*\n/)) {
    const lines = [...paragraph.matchAll(/^([^\s:]+):[ \t]*(.*?)\s*$/gm)];
    const {
      Package: name,
      Version: version,
      ...fields
    } = Object.fromEntries(lines.map(([, key, value]) => [key, value]));
    if (name !== undefined && version !== undefined) records[name] = { ...records[name], [version]: fields };
  }
  return records;
}

/** Of `apt-cache dump`: `Package: name` and below it a ` Version: 1.0` for each. */
function parseDump(text: string): Lists {
  const versions = new Map<string, Set<string>>();
  let name = '';
  for (const [, found, version = ''] of text.matchAll(/^(?:Package: (\S+)| Version: (\S+))/gm)) {
    if (found !== undefined) name = found;
    else versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return newestFirst(versions);
}

function newestFirst(versions: ReadonlyMap<string, ReadonlySet<string>>): Lists {
  const sorted = (items: ReadonlySet<string>) => [...items].sort((a, b) => compareDebianVersions(b, a));
  return Object.fromEntries([...versions].map(([name, items]) => [name, sorted(items)]));
}

/** Lines such as `Hit:1 http://host/debian stable InRelease` and `Get:2 http://… [48.0 kB]`. */
function parseUpdate(text: string): RefreshResult {
  const results: Record<string, boolean | null> = {};
  for (const line of text.split('\n')) {
    const [, word, source = ''] = /^(Hit|Get|Ign|Err):\d+ (.+)$/.exec(line.trim()) ?? [];
    if (word === undefined) continue;
    const name = source.replace(/ \[[^\]]+B\]$/, '');
    results[name] = word === 'Get' ? true : word === 'Hit' ? null : false;
  }
  return results;
}

function describePackage({ fields, version, arch }: DpkgPackage, installed: number): PackageInfo {
  const [summary = '', ...description] = (fields.get('description') ?? '').split('\n');
  const members: Record<string, unknown> = {
    name: fields.get('package'),
    version,
    architecture: arch,
    // A source of another version has that in brackets.
    source: (fields.get('source') ?? fields.get('package'))?.split(' ')[0],
    packager: fields.get('maintainer'),
    vendor: fields.get('origin'),
    group: fields.get('section'),
    url: fields.get('homepage'),
    summary,
    // A line of a single dot stands for an empty one.
    description: [summary, ...description.map((line) => (line === '.' ? '' : line))].join('\n'),
    install_date: `${new Date(installed * 1000).toISOString().slice(0, 19)}Z`,
    install_date_time_t: installed,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''));
}
