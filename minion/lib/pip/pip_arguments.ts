import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Count, Dict, Flag, Text } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';

const text = v.optional(Text);
const flag = v.optional(Flag, false);

/** One text may hold several, with commas between; those of `foo>=1,<2` part nothing. */
const Words = v.pipe(
  v.union([v.array(v.unknown()), Text]),
  v.transform((value) => {
    const items = Array.isArray(value) ? value.map((item) => pyStr(item)) : value.split(/,(?!\s*[<>=!~])/);
    return items.map((item) => item.trim()).filter((item) => item !== '');
  }),
);
const words = v.optional(Words);

/** Options of pip for which there is no argument: `--quiet`, or a mapping of one option to its value. */
const ExtraArgs = v.pipe(
  v.array(v.union([Text, v.record(v.string(), Text)]), 'must be a list of options, or of mappings of one to its value'),
  v.transform((args) => args.flatMap((arg) => (typeof arg === 'string' ? [arg] : Object.entries(arg).flat()))),
);
/** Both mean nothing here: requirements are files of the minion, and pip is never asked anything. */
const ignored = { saltenv: v.optional(Text, 'base'), use_vt: flag };

export const vtEntry = { use_vt: ignored.use_vt };
export const whereEntries = { bin_env: v.optional(AbsolutePath), user: text, cwd: v.optional(AbsolutePath) };

/** In Salt's order; what pip itself no longer knows is left out. */
export const installEntries = {
  pkgs: words,
  requirements: words,
  bin_env: whereEntries.bin_env,
  log: text,
  proxy: text,
  timeout: v.optional(Count),
  editable: words,
  find_links: words,
  index_url: text,
  extra_index_url: text,
  no_index: flag,
  target: text,
  download: text,
  source: text,
  upgrade: flag,
  force_reinstall: flag,
  ignore_installed: flag,
  exists_action: v.optional(v.picklist(['s', 'i', 'w', 'b', 'a'], 'must be s, i, w, b or a')),
  no_deps: flag,
  global_options: words,
  user: whereEntries.user,
  cwd: whereEntries.cwd,
  pre_releases: flag,
  cert: text,
  saltenv: ignored.saltenv,
  env_vars: v.optional(Dict),
  use_vt: ignored.use_vt,
  trusted_host: text,
  no_cache_dir: flag,
  extra_args: v.optional(ExtraArgs),
  cache_dir: text,
  no_binary: words,
  disable_version_check: flag,
};

export type InstallArgs = v.InferOutput<v.ObjectSchema<typeof installEntries, undefined>>;

export const uninstallEntries = {
  pkgs: words,
  requirements: words,
  bin_env: whereEntries.bin_env,
  log: text,
  proxy: text,
  timeout: v.optional(Count),
  user: whereEntries.user,
  cwd: whereEntries.cwd,
  ...ignored,
};

/** `pip install …` for what was asked. Throws ARGS_INVALID when nothing was. */
export function installWords(args: InstallArgs): string[] {
  const { pkgs = [], requirements = [], editable = [] } = args;
  requireSomething(pkgs.length + requirements.length + editable.length);
  const isDownload = args.download !== undefined;
  return [
    isDownload ? 'download' : 'install',
    ...values({ '--dest': args.download, '--log': args.log, '--proxy': args.proxy, '--timeout': args.timeout }),
    ...(args.find_links ?? []).map((link) => `--find-links=${link}`),
    ...flags({ '--no-index': args.no_index }),
    ...values({ '--index-url': args.index_url, '--extra-index-url': args.extra_index_url, '--target': args.target }),
    ...values({ '--src': args.source, '--exists-action': args.exists_action }),
    ...flags({
      '--upgrade': args.upgrade,
      '--force-reinstall': args.force_reinstall,
      '--ignore-installed': args.ignore_installed,
      '--no-deps': args.no_deps,
      '--pre': args.pre_releases,
      '--no-cache-dir': args.no_cache_dir,
      '--disable-pip-version-check': args.disable_version_check,
    }),
    ...values({ '--cert': args.cert, '--trusted-host': args.trusted_host, '--cache-dir': args.cache_dir }),
    ...(args.no_binary === undefined ? [] : [`--no-binary=${args.no_binary.join(',')}`]),
    ...(args.global_options ?? []).map((option) => `--global-option=${option}`),
    ...(args.extra_args ?? []),
    ...requirements.map(requirementOption),
    ...editable.map((item) => `--editable=${item}`),
    ...pkgs.map(packageWord),
  ];
}

/** `pip uninstall …` for what was asked. Throws ARGS_INVALID when nothing was. */
export function uninstallWords(
  args: Pick<InstallArgs, 'pkgs' | 'requirements' | 'log' | 'proxy' | 'timeout'>,
): string[] {
  const { pkgs = [], requirements = [], log, proxy, timeout } = args;
  requireSomething(pkgs.length + requirements.length);
  return [
    'uninstall',
    '--yes',
    ...values({ '--log': log, '--proxy': proxy, '--timeout': timeout }),
    ...requirements.map(requirementOption),
    ...pkgs.map(packageWord),
  ];
}

/** A name, with a version or without, an address or a path: never an option. */
export function packageWord(word: string): string {
  if (/^[\w./~]/.test(word)) return word;
  throw new FleetError('ARGS_INVALID', `'${word}' is not the name of a package`);
}

function requirementOption(path: string): string {
  if (/^(https?|file):\/\//.test(path) || !path.includes('://')) return `--requirement=${path}`;
  throw new FleetError('ARGS_INVALID', `${path} is not on the minion`, { hint: 'put the file on the minion first' });
}

function requireSomething(count: number): void {
  if (count === 0) throw new FleetError('ARGS_INVALID', 'no package is named', { hint: 'give pkgs or requirements' });
}

function values(options: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

function flags(options: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(options).flatMap(([name, isSet]) => (isSet ? [name] : []));
}
