import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../../../shared/errors.ts';
import { pyStr } from '../../../../shared/python_text.ts';
import type { MinionContext } from '../../../context.ts';
import { writeFileAtomically } from '../../atomic_file.ts';
import { commandFailed } from '../../exec.ts';
import { fileRoot } from '../../file_root.ts';
import type { PkgRepos } from '../provider.ts';
import { editIni, parseIni, removeSection } from './ini_text.ts';

/** What differs between the systems that keep repositories in `.repo` files. */
export interface IniReposOptions {
  readonly folder: string;
  readonly refresh: PkgRepos['refresh'];
  /** Settings that are told as True and False. */
  readonly flags: readonly string[];
  /** The setting's name in the file for the name that an argument has. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What is returned when a repository was removed. */
  removed(repo: string, file: string): unknown;
}

type Repo = Readonly<Record<string, unknown>>;

/** Repositories that are sections of INI files. */
export function iniRepos({ folder, refresh, flags, aliases = {}, removed }: IniReposOptions): PkgRepos {
  const list = (context: MinionContext) => readRepos(context.root, folder, flags);
  return {
    refresh,
    list,
    get: async (context, repo) => (await list(context))[repo] ?? {},
    async modify(context, repo, settings) {
      if (!/^[\w.:-]+$/.test(repo)) throw new FleetError('ARGS_INVALID', `'${repo}' is not the id of a repository`);
      const written = Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [aliases[key] ?? key, settingText(key, value)]),
      );
      const found = (await list(context))[repo];
      const file = found === undefined ? `${folder}/${repo}.repo` : String(found.file);
      requireAddress(repo, { ...found, ...written });
      const text = fileRoot(context.root).readText(file) ?? '';
      const first = found === undefined ? { name: repo, ...written } : written;
      await writeFileAtomically(join(context.root, file), editIni(text, repo, first));
      return { [file]: { [repo]: (await list(context))[repo] } };
    },
    async remove(context, repo) {
      const found = (await list(context))[repo];
      if (found === undefined) throw commandFailed(`there is no repository '${repo}'`);
      const file = String(found.file);
      const path = join(context.root, file);
      const text = removeSection(fileRoot(context.root).readText(file) ?? '', repo);
      if (parseIni(text).size === 0) await rm(path);
      else await writeFileAtomically(path, text);
      return removed(repo, file);
    },
  };
}

async function readRepos(
  root: string,
  folder: string,
  flags: readonly string[],
): Promise<Readonly<Record<string, Repo>>> {
  const files = fileRoot(root);
  const repos: Record<string, Repo> = {};
  for (const name of files.list(folder).filter((item) => item.endsWith('.repo'))) {
    const file = `${folder}/${name}`;
    for (const [id, section] of parseIni(files.readText(file) ?? '')) {
      const values = [...section].map(([key, value]) => [key, flags.includes(key) ? isOn(value) : value]);
      repos[id] = { file, ...Object.fromEntries(values) };
    }
  }
  return repos;
}

function isOn(value: string): boolean {
  return /^(1|yes|true|on)$/i.test(value);
}

function settingText(key: string, value: unknown): string {
  if (!/^[A-Za-z]\w*$/.test(key)) throw new FleetError('ARGS_INVALID', `'${key}' is not a setting of a repository`);
  if (value === true || value === false) return value ? '1' : '0';
  const text = value === null || value === undefined ? '' : pyStr(value);
  // What is on a line of its own would be a setting, or a repository, of its own.
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}

function requireAddress(repo: string, settings: Repo): void {
  if (['baseurl', 'mirrorlist', 'metalink'].some((key) => (settings[key] ?? '') !== '')) return;
  throw new FleetError('ARGS_INVALID', `the repository '${repo}' has no address`, {
    hint: 'give one of baseurl, mirrorlist and metalink',
  });
}
