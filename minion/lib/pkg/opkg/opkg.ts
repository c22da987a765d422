import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../../context.ts';
import { type FileRoot, fileRoot } from '../../file_root.ts';
import { requireSuccess } from '../../run_program.ts';
import { type Paragraph, parseParagraphs } from '../control_file.ts';
import { compareDebianVersions } from '../debian_version.ts';
import { areListsYoung } from '../lists_age.ts';
import type { InstallOptions, Lists, PackageInfo, PkgHolds, PkgProvider, RefreshResult } from '../provider.ts';
import { ask, askFor, change, FAILED, when } from '../run_manager.ts';
import { requireNames } from '../targets.ts';
import { opkgRepos } from './opkg_repos.ts';

/** OpenWrt's and that of other embedded systems. */
const FOLDERS = ['/usr/lib/opkg', '/var/lib/opkg'];
const LISTS = ['var/opkg-lists', 'tmp/opkg-lists', 'var/lib/opkg/lists', 'var/cache/opkg'];

const holds: PkgHolds = {
  freeState: '',
  readStates: async (context) =>
    new Map((await installed(context)).map((fields) => [fields.get('package') ?? '', isHeld(fields) ? 'hold' : ''])),
  async listHeld(context) {
    const held = (await installed(context)).filter(isHeld).map((fields) => fields.get('package') ?? '');
    return held.map((name) => ({ name, full: name }));
  },
  async setHold(context, name, hold) {
    await change(context, ['opkg', 'flag', hold ? 'hold' : 'ok', name], `cannot ${hold ? 'hold' : 'unhold'} ${name}`);
  },
};

export const opkg: PkgProvider = {
  name: 'opkg',
  program: 'opkg',
  families: ['NILinuxRT', 'OpenWrt', 'Poky'],
  options: ['downloadonly', 'only_upgrade', 'pkgs', 'reinstall'],
  holds,
  repos: opkgRepos,
  keepsRemoved: false,
  runsHere: ({ root }) => ['bin/opkg', 'usr/bin/opkg'].some((path) => existsSync(join(root, path))),
  compareVersions: compareDebianVersions,
  async listPackages(context, which = 'installed') {
    if (which !== 'installed') return [];
    return (await installed(context)).map((fields) => ({
      name: fields.get('package') ?? '',
      version: fields.get('version') ?? '',
      arch: fields.get('architecture') ?? '',
    }));
  },
  async listCandidates(context, names) {
    const available = await listAvailable(context, names);
    return Object.fromEntries(Object.entries(available).map(([name, versions]) => [name, versions[0] ?? '']));
  },
  async listUpgrades(context) {
    const lines = (await askFor(context, ['opkg', 'list-upgradable'])).matchAll(/^(\S+) - \S+ - (\S+)$/gm);
    return Object.fromEntries([...lines].map(([, name = '', version = '']) => [name, version]));
  },
  listAvailable,
  async listFiles(context, names) {
    const root = fileRoot(context.root);
    const files: Record<string, readonly string[]> = {};
    for (const fields of await installed(context)) {
      const name = fields.get('package') ?? '';
      if (names.length === 0 || names.includes(name)) files[name] = await readFileList(root, name);
    }
    return files;
  },
  async findOwner(context, path) {
    const { stdout } = await ask(context, ['opkg', 'search', path]);
    return /^(\S+) - /m.exec(stdout)?.[1] ?? '';
  },
  async describe(context, names) {
    const found = (await installed(context)).map((fields) => [fields.get('package') ?? '', describe(fields)] as const);
    return Object.fromEntries(found.filter(([name]) => names.length === 0 || names.includes(name)));
  },
  async refresh(context, ageSecondsMax) {
    if (await areListsYoung(context, ageSecondsMax, LISTS)) return {};
    const result = await ask(context, ['opkg', 'update']);
    const results = parseOpkgUpdate(result.stdout + result.stderr);
    // When some feeds fail the others are told of, too.
    if (!Object.values(results).some((fetched) => fetched)) requireSuccess(result, FAILED.refresh);
    return results;
  },
  async install(context, { targets, files, ...options }) {
    const specs = targets.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
    const argv = [
      options.onlyUpgrade ? 'upgrade' : 'install',
      ...when(options.reinstall, '--force-reinstall'),
      ...when(options.downloadOnly, '--download-only'),
      ...when(options.installRecommends === false, '--no-install-recommends'),
      ...when(isDowngrade({ targets, ...options }), '--force-downgrade'),
      ...files,
      ...specs,
    ];
    await change(context, ['opkg', ...argv], FAILED.install);
  },
  async remove(context, names) {
    await change(context, ['opkg', 'remove', ...names], FAILED.remove);
  },
  /** OpenWrt's wants names. */
  async upgrade(context, { names, downloadOnly }) {
    const all = names.length > 0 ? names : Object.keys(await opkg.listUpgrades(context, false, {}));
    if (all.length === 0) return;
    await change(context, ['opkg', 'upgrade', ...when(downloadOnly, '--download-only'), ...all], FAILED.upgrade);
  },
};

/** Each feed that `opkg update` tells of, by its address: fetched or failed. */
function parseOpkgUpdate(text: string): Exclude<RefreshResult, boolean | null> {
  const results: Record<string, boolean> = {};
  let address = '';
  for (const line of text.split('\n')) {
    address = /^Downloading (\S+?)\.?$/.exec(line.trim())?.[1] ?? address;
    const source = address.replace(/\/Packages(\.gz)?$/, '');
    if (/Updated list of available packages|Updated source/.test(line)) results[source] = true;
    // opkg deletes a list whose signature is wrong or missing, unless it is told otherwise.
    if (line.startsWith('Remove wrong Signature file')) results[address.replace(/\/Packages\.sig$/, '')] = false;
    const failed = /Failed to download (?:the package list from )?(\S+:\S+?)(,|\.?$| )/
      .exec(line)?.[1]
      ?.replace(/\/Packages(\.gz)?$/, '');
    if (failed !== undefined && !failed.endsWith('.sig')) results[failed] = false;
  }
  return results;
}

/**
 * `opkg info` takes one name. What is installed stands among what the feeds have, and so may what is left of a package
 * that was removed.
 */
async function listAvailable(context: MinionContext, names: readonly string[]): Promise<Lists> {
  requireNames('opkg', names);
  const lists: Record<string, string[]> = {};
  for (const name of names) {
    const paragraphs = parseParagraphs(await askFor(context, ['opkg', 'info', name]));
    const own = paragraphs.filter((fields) => fields.get('package') === name && !isLeft(fields));
    const versions = [...new Set(own.map((fields) => fields.get('version') ?? ''))];
    if (versions.length > 0) lists[name] = versions.sort((a, b) => compareDebianVersions(b, a));
  }
  return lists;
}

/** Paragraphs of the status file whose package is installed, sorted by name. */
async function installed({ root }: MinionContext): Promise<Paragraph[]> {
  const files = fileRoot(root);
  for (const folder of FOLDERS) {
    const text = await files.read(`${folder}/status`);
    if (text === undefined) continue;
    const found = parseParagraphs(text).filter((fields) => /\sinstalled$/.test(fields.get('status') ?? ''));
    return found.sort((a, b) => ((a.get('package') ?? '') < (b.get('package') ?? '') ? -1 : 1));
  }
  return [];
}

/** `Status: install user not-installed`; of what a feed alone has it is `unknown ok not-installed`. */
function isLeft(fields: Paragraph): boolean {
  return /^(?!unknown\s).*\snot-installed$/.test(fields.get('status') ?? '');
}

/** `Status: install user,hold installed`. */
function isHeld(fields: Paragraph): boolean {
  const flags = (fields.get('status') ?? '').split(/\s+/)[1] ?? '';
  return flags.split(',').includes('hold');
}

async function readFileList(files: FileRoot, name: string): Promise<readonly string[]> {
  for (const folder of FOLDERS) {
    const text = await files.read(`${folder}/info/${name}.list`);
    // Some versions write modes and targets of links behind the path.
    if (text !== undefined)
      return text
        .split('\n')
        .flatMap((line) => line.split('\t')[0] || [])
        .sort();
  }
  return [];
}

function isDowngrade({ targets, installed: versions }: Pick<InstallOptions, 'targets' | 'installed'>): boolean {
  return targets.some(({ name, version }) =>
    (versions[name] ?? []).some((old) => version !== undefined && compareDebianVersions(old, version) > 0),
  );
}

function describe(fields: Paragraph): PackageInfo {
  const time = Number(fields.get('installed-time') ?? Number.NaN);
  const members: Record<string, unknown> = {
    name: fields.get('package'),
    version: fields.get('version'),
    architecture: fields.get('architecture'),
    source: fields.get('source'),
    packager: fields.get('maintainer'),
    group: fields.get('section'),
    license: fields.get('license'),
    url: fields.get('homepage'),
    summary: fields.get('description')?.split('\n')[0],
    description: fields.get('description'),
    ...(Number.isFinite(time) && {
      install_date: `${new Date(time * 1000).toISOString().slice(0, 19)}Z`,
      install_date_time_t: time,
    }),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
