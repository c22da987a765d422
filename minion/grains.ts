import { readFile } from 'node:fs/promises';
import { loadAll } from 'js-yaml';
import type { Clock } from '../shared/clock.ts';
import { deepMerge } from '../shared/data/deep_merge.ts';
import { errorLine, FleetError, systemErrorCode } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { loadFolder, type PluginFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { isDict } from '../shared/python_text.ts';
import { fromJs } from '../shared/render/values/border.ts';
import { dumpYaml } from '../shared/render/yaml/dump_yaml.ts';
import { saltSchema } from '../shared/salt_yaml.ts';
import { globMatcher } from '../shared/target/glob.ts';
import type { Grains } from './context.ts';
import { writeFileAtomically } from './lib/atomic_file.ts';
import type { Exec } from './lib/exec.ts';
import { type FileRoot, fileRoot } from './lib/file_root.ts';
import { type Platform, systemPlatform } from './lib/platform.ts';
import { type Resolver, systemResolver } from './lib/resolver.ts';

type Dict = Readonly<Record<string, unknown>>;

/** All that grains are made of. */
export interface GrainSource extends FileRoot {
  readonly id: string;
  /** Of Brine. */
  readonly version: string;
  readonly config: Dict;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: Platform;
  readonly resolver: Resolver;
  /** Starting a process takes longer than all other grains together: a last resort. */
  readonly exec: Exec;
  readonly clock: Clock;
}

/** Grains of one kind. Dropping the file into minion/grains is all that it takes. */
export interface GrainSpec {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** Name to value. What cannot be known is left out. */
  collect(source: GrainSource): Dict | Promise<Dict>;
  /**
   * What takes long and does not change while the process lives: asked once, when the minion has connected, and nothing
   * waits for it. Files of an operator have no such grains.
   */
  collectOnce?(source: GrainSource): Promise<Dict>;
}

export function defineGrains(spec: GrainSpec): GrainSpec {
  return spec;
}

/** The grains that come with Brine. */
export function coreGrains(): PluginFolder<GrainSpec> {
  return loadFolder<GrainSpec>(programFolder('minion/grains'));
}

/** Collects the grains of all files of a folder. A file that fails is logged and costs its own grains alone. */
export async function collectGrains(
  folder: PluginFolder<GrainSpec>,
  source: GrainSource,
  log: Logger,
  kind: 'collect' | 'collectOnce' = 'collect',
): Promise<Record<string, unknown>> {
  const parts = await Promise.all(
    folder.names.map(async (name) => {
      try {
        return await (await folder.load(name))?.[kind]?.(source);
      } catch (error) {
        log.warning('grains could not be collected', { file: name, reason: errorLine(error) });
        return {};
      }
    }),
  );
  return Object.assign({}, ...parts) as Record<string, unknown>;
}

/** The grains of the operator: a file each, by the rules of custom modules. */
export interface CustomGrains {
  /** Looks at the folders anew; the names of files that came, went or are others now. */
  rescan(): readonly string[];
  /** Of each file, in the order of their names. A file that is broken costs its own grains alone. */
  collect(source: GrainSource): Promise<readonly Dict[]>;
  /** Files that could not be used when last collected, each with the reason. */
  broken(): Readonly<Record<string, string>>;
}

export interface GrainsOptions {
  readonly id: string;
  readonly version: string;
  /** The minion's configuration: `grains`, `grains_deep_merge` and `grains_blacklist` are read here. */
  readonly config: Dict;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The static grains file, `/etc/salt/grains`. */
  readonly file: string;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly log: Logger;
  /** Weakest first. Default: the core grains alone. */
  readonly folders?: readonly PluginFolder<GrainSpec>[];
  /** Stronger than the folders. */
  readonly custom?: CustomGrains;
  /** Directory that stands for `/`: only tests change it. */
  readonly root?: string;
  readonly platform?: (env: GrainSource['env']) => Platform;
  readonly resolver?: Resolver;
}

/**
 * Collects the grains and keeps them. Strongest last (GRN-1): folders, custom grains, the static file, `grains` of the
 * configuration.
 */
export async function createGrains(options: GrainsOptions): Promise<Grains> {
  const { file, log, custom } = options;
  let layers: Layers = { core: [], own: [] };
  let once: readonly Dict[] = [];
  let current: Dict = {};
  const merge = (): void => {
    current = Object.freeze(mergeLayers([...layers.core, ...once, ...layers.own], options.config));
  };
  let refreshing: Promise<unknown> = Promise.resolve();
  let updating: Promise<void> = Promise.resolve();
  const refresh = (): Promise<readonly string[]> => {
    // One after the other, so that an older view never replaces a newer one.
    const refreshed = refreshing.then(async () => {
      const changed = custom?.rescan() ?? [];
      layers = await gather(options);
      merge();
      return changed;
    });
    refreshing = refreshed;
    return refreshed;
  };
  await refresh();
  let completing: Promise<void> | undefined;
  const complete = (): Promise<void> => {
    completing ??= gatherOnce(options).then((found) => {
      once = found;
      merge();
    });
    return completing;
  };
  return {
    all: () => current,
    complete,
    readCustom: () => readGrainsFile(file),
    updateCustom(change) {
      const update = updating.then(async () => {
        await writeGrainsFile(file, change(await readGrainsFile(file)));
        log.debug('static grains were written', { file });
        await refresh();
      });
      updating = update.catch(() => undefined);
      return update;
    },
    async refresh() {
      const changed = await refresh();
      await complete();
      return changed;
    },
    broken: () => custom?.broken() ?? {},
  };
}

/** Weakest first; between the two is what was asked once. */
interface Layers {
  readonly core: readonly Dict[];
  readonly own: readonly Dict[];
}

async function gather(options: GrainsOptions): Promise<Layers> {
  const { config, log } = options;
  const source = sourceOf(options);
  const core = await Promise.all(foldersOf(options).map((folder) => collectGrains(folder, source, log)));
  const custom = (await options.custom?.collect(source)) ?? [];
  const own = isDict(config.grains) ? config.grains : {};
  return { core, own: [...custom, await staticGrains(options.file, log), own] };
}

function gatherOnce(options: GrainsOptions): Promise<readonly Dict[]> {
  const source = sourceOf(options);
  return Promise.all(foldersOf(options).map((folder) => collectGrains(folder, source, options.log, 'collectOnce')));
}

function foldersOf({ folders = [coreGrains()] }: GrainsOptions): readonly PluginFolder<GrainSpec>[] {
  return folders;
}

function mergeLayers(layers: readonly Dict[], config: Dict): Dict {
  const merge = config.grains_deep_merge === true ? deepMerge : (base: Dict, over: Dict) => ({ ...base, ...over });
  return withoutBlacklisted(layers.reduce(merge), config.grains_blacklist);
}

function sourceOf(options: GrainsOptions): GrainSource {
  const { id, version, config, env, exec, clock, root = '/', platform = systemPlatform } = options;
  const resolver = options.resolver ?? systemResolver;
  return { ...fileRoot(root), id, version, config, env, platform: platform(env), resolver, exec, clock };
}

function withoutBlacklisted(grains: Dict, blacklist: unknown): Dict {
  const matchers = Array.isArray(blacklist) ? blacklist.map((glob) => globMatcher(String(glob))) : [];
  return Object.fromEntries(Object.entries(grains).filter(([name]) => !matchers.some((matches) => matches(name))));
}

/** A file that is broken must not keep the minion from starting: its grains are missing until it is mended. */
async function staticGrains(file: string, log: Logger): Promise<Dict> {
  try {
    return await readGrainsFile(file);
  } catch (error) {
    log.error('static grains are left out', { reason: errorLine(error) });
    return {};
  }
}

/** Empty when there is no such file. Throws CONFIG_INVALID and FILE_UNREADABLE. */
async function readGrainsFile(file: string): Promise<Dict> {
  const [grains = null, ...more] = parseYaml(await readIfThere(file), file);
  if (grains === null) return {};
  if (!isDict(grains) || more.length > 0) throw brokenFile(file, 'it must be one mapping of names to values');
  return grains;
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw new FleetError('FILE_UNREADABLE', `${file} cannot be read: ${systemErrorCode(error)}`, { cause: error });
  }
}

function parseYaml(text: string, file: string): unknown[] {
  try {
    return loadAll(text, { schema: saltSchema });
  } catch (error) {
    throw brokenFile(file, (error as Error).message.split('\n', 1)[0] as string, error);
  }
}

function brokenFile(file: string, reason: string, cause?: unknown): FleetError {
  return new FleetError('CONFIG_INVALID', `the grains file ${file} is broken: ${reason}`, {
    hint: 'mend or remove the file',
    cause,
  });
}

async function writeGrainsFile(file: string, grains: Dict): Promise<void> {
  try {
    await writeFileAtomically(file, dumpYaml(fromJs(grains)), { mode: 0o640 });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new FleetError('FILE_UNREADABLE', `${file} cannot be written: ${code}`, { cause: error });
  }
}
