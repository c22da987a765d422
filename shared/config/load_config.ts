import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import convict from 'convict';
import { errorLine, FleetError, systemErrorCode } from '../errors.ts';
import { redact } from '../log.ts';
import { nearest } from '../suggest.ts';
import { isMapping } from './format.ts';
import { type ConfigEntry, fileUnreadable, readConfigFile } from './read_config_file.ts';
import {
  type ConfigOf,
  type ConfigSchema,
  type Setting,
  type SettingGroups,
  type Settings,
  settingsOf,
} from './setting.ts';

export interface LoadOptions {
  /** Must exist when it is given. Left out: `SALT_CONFIG_DIR`, else `/etc/salt`, which need not exist. */
  readonly configDir?: string | undefined;
  /** `SALT_TIMEOUT=9` sets `timeout`; an empty variable is not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags of the command line by key; stronger than all else. Texts are read as in the environment. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
}

/** A configuration as the program sees it: frozen, complete, every path of its files with `root_dir` before it. */
export type Loaded<G extends SettingGroups> = ConfigOf<G> & { readonly config_dir: string };

const DEFAULT_CONFIG_DIR = '/etc/salt';

/**
 * Defaults, then the main file, then its drop-ins in the order of their names, then the environment, then flags.
 * Throws CONFIG_INVALID that lists everything that is wrong, FILE_UNREADABLE.
 */
export async function loadConfig<G extends SettingGroups>(
  schema: ConfigSchema<G>,
  { configDir, env, overrides = {} }: LoadOptions,
): Promise<Loaded<G>> {
  const settings = settingsOf(schema);
  const dir = await findConfigDir(configDir ?? (env.SALT_CONFIG_DIR || undefined));
  const entries = [
    ...mergeEntries((await readFiles(schema.kind, settings, dir)).map((entry) => asProfile(schema, settings, entry))),
    ...environmentEntries(settings, env),
    ...flagEntries(settings, overrides),
  ];
  const values = applyEntries(schema, settings, entries);
  const rooted = withRootDir(settings, values, new Set(Object.keys(overrides)));
  return deepFreeze({ ...rooted, config_dir: dir }) as Loaded<G>;
}

async function findConfigDir(given: string | undefined): Promise<string> {
  if (given === undefined) return DEFAULT_CONFIG_DIR;
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(given)).isDirectory();
  } catch (error) {
    throw fileUnreadable(given, error);
  }
  if (isDirectory) return given;
  throw new FleetError('CONFIG_INVALID', `${given}: is not a directory`, {
    hint: 'name the directory that holds the file, not the file',
  });
}

async function readFiles(kind: string, settings: Settings, dir: string): Promise<ConfigEntry[]> {
  const main = await readConfigFile(join(dir, kind));
  const include = main.findLast((entry) => entry.key === 'default_include')?.value ?? settings.default_include?.default;
  // Anything but a text is reported with the other wrong values.
  const files = typeof include === 'string' ? await matchFiles(join(dir, include)) : [];
  const dropIns = await Promise.all(files.map((file) => readConfigFile(file)));
  return [main, ...dropIns].flat();
}

/** The files that a pattern with `*` and `?` in its last part names, sorted. */
async function matchFiles(pattern: string): Promise<string[]> {
  const dir = dirname(pattern);
  const wanted = basename(pattern)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const regex = new RegExp(`^(?!\\.)${wanted}$`);
  try {
    const names = await readdir(dir);
    return names
      .filter((name) => regex.test(name))
      .sort()
      .map((name) => join(dir, name));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileUnreadable(dir, error);
  }
}

/** A profile of sdb has a name of the operator's, and stands among the settings. */
function asProfile({ profiles }: ConfigSchema<SettingGroups>, settings: Settings, entry: ConfigEntry): ConfigEntry {
  const { key, value } = entry;
  if (profiles === undefined || Object.hasOwn(settings, key)) return entry;
  return isMapping(value) && typeof value.driver === 'string'
    ? { ...entry, key: profiles, value: { [key]: value } }
    : entry;
}

/** Mappings of several files are merged key by key; of all else the last file wins. */
function mergeEntries(entries: readonly ConfigEntry[]): Iterable<ConfigEntry> {
  const merged = new Map<string, ConfigEntry>();
  for (const entry of entries) {
    const before = merged.get(entry.key);
    merged.set(entry.key, before === undefined ? entry : { ...entry, value: mergeValues(before.value, entry.value) });
  }
  return merged.values();
}

function mergeValues(before: unknown, after: unknown): unknown {
  if (!isMapping(before) || !isMapping(after)) return after;
  const merged = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(after)) {
    merged.set(key, merged.has(key) ? mergeValues(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

function environmentEntries(settings: Settings, env: LoadOptions['env']): ConfigEntry[] {
  return Object.entries(settings).flatMap(([key, { format }]) => {
    const place = `SALT_${key.toUpperCase()}`;
    const text = env[place];
    return text === undefined || text === '' ? [] : [{ key, value: format.fromText(text), place }];
  });
}

function flagEntries(settings: Settings, overrides: Readonly<Record<string, unknown>>): ConfigEntry[] {
  return Object.entries(overrides)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? (settings[key]?.format.fromText(value) ?? value) : value,
      place: `--${key.replaceAll('_', '-')}`,
    }));
}

function applyEntries(
  schema: ConfigSchema<SettingGroups>,
  settings: Settings,
  entries: readonly ConfigEntry[],
): Readonly<Record<string, unknown>> {
  const config = convict<Record<string, unknown>>(convictSchema(settings), { env: {}, args: [] });
  const problems: FleetError[] = [];
  const moduleOptions: Record<string, unknown> = {};
  for (const { key, value, place } of entries) {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
    const read = setting?.format.read(value);
    if (schema.moduleOptions?.test(key) === true) moduleOptions[key] = value;
    else if (setting === undefined) problems.push(unknownKey(schema, settings, key, place));
    else if (read === undefined) problems.push(wrongValue(setting, key, value, place));
    else config.set(key, read);
  }
  if (problems.length > 0) throw oneError(problems);
  config.validate({ allowed: 'strict' });
  return { ...config.getProperties(), ...moduleOptions };
}

/**
 * Convict holds the values and checks the whole. It must not convert: it would read the text `0` as true and an empty
 * one as NaN, so `read` comes first, and no format is one of convict's own.
 */
function convictSchema(settings: Settings): convict.Schema<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, { format, default: fallback, doc }]) => [
      key,
      {
        default: fallback,
        doc,
        format(value: unknown): void {
          if (format.read(value) === undefined) throw new TypeError(`must be ${format.expects}`);
        },
      },
    ]),
  );
}

function unknownKey(schema: ConfigSchema<SettingGroups>, settings: Settings, key: string, place: string): FleetError {
  const problem = `${place}: unknown key '${key}'`;
  if (Object.hasOwn(schema.replaced, key)) {
    return new FleetError('CONFIG_INVALID', problem, { hint: `Salt has it, here ${schema.replaced[key]}` });
  }
  const near = nearest(key, Object.keys(settings));
  return new FleetError('CONFIG_INVALID', problem, near === undefined ? {} : { hint: `did you mean '${near}'?` });
}

function wrongValue({ format }: Setting<unknown>, key: string, value: unknown, place: string): FleetError {
  const fault = format.fault?.(value);
  const problem = fault === undefined ? ` is ${shown(key, value)}, expected ${format.expects}` : `: ${fault}`;
  return new FleetError('CONFIG_INVALID', `${place}: ${key}${problem}`);
}

/** A value as it stood in the file, cut to what fits a line, without secrets. */
function shown(key: string, value: unknown): string {
  const safe = (redact({ [key]: value }) as Record<string, unknown>)[key];
  const text = JSON.stringify(safe) ?? String(safe);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function oneError(problems: readonly FleetError[]): FleetError {
  const [first] = problems;
  if (problems.length === 1 && first !== undefined) return first;
  return new FleetError('CONFIG_INVALID', problems.map(errorLine).join('\n'));
}

/** As Salt does: a path that lies under `root_dir` already stays as it is, and so does one that a flag names. */
function withRootDir(
  settings: Settings,
  values: Readonly<Record<string, unknown>>,
  flags: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const root = String(values.root_dir);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const isPath = settings[key]?.format.isPath === true && typeof value === 'string' && !flags.has(key);
      return [key, isPath && !`${value}/`.startsWith(join(root, '/')) ? join(root, value) : value];
    }),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
