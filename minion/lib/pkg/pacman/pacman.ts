import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../../context.ts';
import { fileRoot } from '../../file_root.ts';
import { areListsYoung, changedMs } from '../lists_age.ts';
import type { Lists, Package, PackageInfo, PkgProvider } from '../provider.ts';
import { ask, askFor, change, FAILED, when } from '../run_manager.ts';
import { pacmanHolds } from './pacman_holds.ts';
import { comparePacmanVersions } from './pacman_version.ts';

const UNATTENDED = ['--noprogressbar', '--noconfirm'] as const;
const SYNC = 'var/lib/pacman/sync';

export const pacman: PkgProvider = {
  name: 'pacmanpkg',
  program: 'pacman',
  families: ['Arch'],
  options: ['downloadonly', 'only_upgrade', 'pkgs', 'reinstall'],
  holds: pacmanHolds(async (context) => (await listInstalled(context)).map(({ name }) => name)),
  keepsRemoved: false,
  runsHere: ({ root }) => existsSync(join(root, 'usr/bin/pacman')),
  compareVersions: comparePacmanVersions,
  listPackages: async (context, which = 'installed') => (which === 'installed' ? listInstalled(context) : []),
  async listCandidates(context, names) {
    const found = (await listAll(context, names)).reverse();
    return Object.fromEntries(found);
  },
  async listUpgrades(context) {
    // Status 1 without a word: there is nothing to upgrade. What is held has a word behind it.
    const lines = (await askFor(context, ['pacman', '-Qu'], /^$/)).matchAll(/^(\S+) \S+ -> (\S+)$/gm);
    return Object.fromEntries([...lines].map(([, name = '', version = '']) => [name, version]));
  },
  async listAvailable(context, names) {
    const lists: Record<string, string[]> = {};
    for (const [name, version] of await listAll(context, names)) lists[name] = [...(lists[name] ?? []), version];
    const newestFirst = (versions: readonly string[]) =>
      [...new Set(versions)].sort((a, b) => comparePacmanVersions(b, a));
    return Object.fromEntries(Object.entries(lists).map(([name, versions]) => [name, newestFirst(versions)]));
  },
  async listFiles(context, names): Promise<Lists> {
    const { stdout } = await ask(context, ['pacman', '-Ql', '--', ...names]);
    const files: Record<string, string[]> = {};
    for (const [, name = '', path = ''] of stdout.matchAll(/^(\S+) (\/.*)$/gm)) {
      const list = files[name] ?? [];
      list.push(path);
      files[name] = list;
    }
    return files;
  },
  async findOwner(context, path) {
    const { retcode, stdout } = await ask(context, ['pacman', '-Qqo', '--', path]);
    return retcode === 0 ? (stdout.split('\n')[0] ?? '') : '';
  },
  async describe(context, names) {
    const { stdout } = await ask(context, ['pacman', '-Qi', '--', ...names]);
    return Object.fromEntries(parsePacmanInfo(stdout).map((fields) => [fields.get('Name') ?? '', describe(fields)]));
  },
  async refresh(context, ageSecondsMax) {
    if (await areListsYoung(context, ageSecondsMax, [SYNC])) return {};
    const before = await databaseTimes(context);
    const result = await change(context, ['pacman', '-Sy', ...UNATTENDED], FAILED.refresh);
    const after = await databaseTimes(context);
    const told = Object.entries(parsePacmanRefresh(result.stdout));
    return Object.fromEntries(
      told.map(([name, fetched]) => [name, before.has(name) && before.get(name) === after.get(name) ? null : fetched]),
    );
  },
  async install(context, { targets, files, installed, ...options }) {
    const wanted = options.onlyUpgrade ? targets.filter(({ name }) => installed[name] !== undefined) : targets;
    const specs = wanted.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
    if (files.length + specs.length === 0) return;
    const argv = [
      files.length > 0 ? '-U' : '-S',
      ...UNATTENDED,
      ...when(options.reinstall !== true, '--needed'),
      ...when(options.downloadOnly, '--downloadonly'),
      '--',
      ...files,
      ...specs,
    ];
    await change(context, ['pacman', ...argv], FAILED.install);
  },
  /** Purging takes the configuration files too, and what nothing else needs then. */
  async remove(context, names, purge) {
    await change(context, ['pacman', purge ? '-Rns' : '-R', ...UNATTENDED, '--', ...names], FAILED.remove);
  },
  async upgrade(context, { names, downloadOnly }) {
    const verb = names.length > 0 ? ['-S', '--needed'] : ['-Su'];
    const argv = [...verb, ...UNATTENDED, ...when(downloadOnly, '--downloadonly'), '--', ...names];
    await change(context, ['pacman', ...argv], FAILED.upgrade);
  },
};

/** The blocks of `-Si` and `-Qi`: `Key  : value`, where a line that begins with blanks goes on. */
function parsePacmanInfo(text: string): ReadonlyMap<string, string>[] {
  const blocks = text.split(/\n\s*\n/).map((block) => {
    const joined = block.replaceAll(/\n\s+/g, '\n\t');
    const fields = [...joined.matchAll(/^(\S[^:\n]*?)\s*: (.*(?:\n\t.*)*)/gm)];
    return new Map(fields.map(([, key = '', value = '']) => [key, value.replaceAll('\n\t', '\n')]));
  });
  return blocks.filter((fields) => fields.has('Name'));
}

/** Of each repository's database the time. pacman 6 says `downloading...` also of one that it then finds current. */
async function databaseTimes({ root }: MinionContext): Promise<ReadonlyMap<string, number>> {
  const files = fileRoot(root)
    .list(SYNC)
    .filter((name) => name.endsWith('.db'));
  const times = files.map(async (file) => [file.slice(0, -3), await changedMs(join(root, SYNC, file))] as const);
  return new Map(await Promise.all(times));
}

/** ` core downloading...`, or ` core is up to date` of pacman 5. */
export function parsePacmanRefresh(text: string): Readonly<Record<string, boolean | null>> {
  const results: Record<string, boolean | null> = {};
  for (const line of text.split('\n')) {
    const [, name = '', words = ''] = /^\s*([\w.@+-]+) (is up to date|downloading\.*)/.exec(line) ?? [];
    if (name !== '') results[name] = words === 'is up to date' ? null : true;
  }
  return results;
}

async function listInstalled(context: MinionContext): Promise<Package[]> {
  // Status 1 without a word: nothing is installed.
  const lines = (await askFor(context, ['pacman', '-Q'], /^$/)).matchAll(/^(\S+) (\S+)$/gm);
  const arch = String(context.grains.all().osarch ?? '');
  return [...lines].map(([, name = '', version = '']) => ({ name, version, arch }));
}

/** Name and version in each repository, the first that would be taken first. */
async function listAll(context: MinionContext, names: readonly string[]): Promise<(readonly [string, string])[]> {
  const text = await askFor(context, ['pacman', '-Si', '--', ...names], /was not found/);
  return parsePacmanInfo(text).map((fields) => [fields.get('Name') ?? '', fields.get('Version') ?? ''] as const);
}

function describe(fields: ReadonlyMap<string, string>): PackageInfo {
  const value = (key: string) => (fields.get(key) === 'None' ? undefined : fields.get(key));
  const members: Record<string, unknown> = {
    name: value('Name'),
    version: value('Version'),
    architecture: value('Architecture'),
    packager: value('Packager'),
    group: value('Groups'),
    license: value('Licenses'),
    size: value('Installed Size'),
    url: value('URL'),
    summary: value('Description'),
    description: value('Description'),
    build_date: value('Build Date'),
    install_date: value('Install Date'),
  };
  return Object.fromEntries(Object.entries(members).filter(([, text]) => text !== undefined));
}
