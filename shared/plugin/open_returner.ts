import * as v from 'valibot';
import { FleetError } from '../errors.ts';
import { nearest } from '../suggest.ts';
import type { PluginFolder } from './load_folder.ts';
import type { AnyReturner, OpenReturner, ReturnerDeps } from './returner.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Where something is to be stored, in the words of Salt's publish load (JOB-2). */
export interface Destination {
  /** Name of the returner. */
  readonly returner: string;
  /** `--return_config`: further settings, those of `returners: <ret_config>.<returner>`. */
  readonly ret_config?: string | undefined;
  /** `--return_kwargs`: settings for this job alone. */
  readonly ret_kwargs?: Settings | undefined;
}

/** The part of a process's configuration that says how returners are reached; see returnerSettings. */
export interface ReturnerConfig {
  /** Settings by name: `postgres`, and `<ret_config>.postgres` for what is different under that name. */
  readonly returners: Readonly<Record<string, Settings>>;
  /** Names of returners that must not be used (ACL-7). */
  readonly disable_returners: readonly string[];
}

/** Opens one place to store in. Throws CONFIG_INVALID when there is no such returner or its settings are wrong. */
export type ReturnerOpener = (destination: Destination) => Promise<OpenReturner>;

export function createReturnerOpener(options: {
  readonly folder: PluginFolder<AnyReturner>;
  readonly config: ReturnerConfig;
  readonly deps: ReturnerDeps;
}): ReturnerOpener {
  const { folder, config, deps } = options;
  return async (destination) => {
    const { spec, settings } = await readReturner(destination, folder, config);
    return spec.open(settings, deps);
  };
}

/** The returner of a place to store in, and its settings. Throws CONFIG_INVALID. */
export async function readReturner(
  destination: Destination,
  folder: PluginFolder<AnyReturner>,
  config: ReturnerConfig,
): Promise<{ readonly spec: AnyReturner; readonly settings: Settings }> {
  const spec = await findReturner(destination.returner, folder, config);
  return { spec, settings: readSettings(spec, destination, config) };
}

/**
 * `--return a,b` with what belongs to it, as destinations; the same for the `return` of a configuration. Names that stand
 * there twice count once.
 */
export function destinationsOf(
  names: string | readonly string[] | undefined,
  { ret_config, ret_kwargs }: Omit<Destination, 'returner'> = {},
): Destination[] {
  const list = typeof names === 'string' ? names.split(',') : (names ?? []);
  const unique = new Set(list.map((name) => name.trim()).filter((name) => name !== ''));
  return [...unique].map((returner) => ({
    returner,
    ...(ret_config !== undefined && ret_config !== '' && { ret_config }),
    ...(ret_kwargs !== undefined && Object.keys(ret_kwargs).length > 0 && { ret_kwargs }),
  }));
}

async function findReturner(
  name: string,
  folder: PluginFolder<AnyReturner>,
  config: ReturnerConfig,
): Promise<AnyReturner> {
  if (config.disable_returners.includes(name)) {
    throw new FleetError('CONFIG_INVALID', `the returner '${name}' is disabled`, {
      hint: 'take it out of disable_returners',
    });
  }
  const spec = await folder.load(name);
  if (spec !== undefined) return spec;
  const near = nearest(name, folder.names);
  throw new FleetError('CONFIG_INVALID', `there is no returner '${name}'`, {
    hint: near === undefined ? `there are ${folder.names.join(', ')}` : `did you mean ${near}`,
  });
}

/** Defaults, then the settings of the name, then those of `ret_config`, then what the job says. */
function readSettings(spec: AnyReturner, destination: Destination, { returners }: ReturnerConfig): Settings {
  const { returner, ret_config, ret_kwargs = {} } = destination;
  const profile = ret_config === undefined ? undefined : `${ret_config}.${returner}`;
  if (profile !== undefined && !Object.hasOwn(returners, profile)) {
    throw new FleetError('CONFIG_INVALID', `there are no settings '${profile}' in returners`, {
      hint: `write them there, or leave out ret_config: ${ret_config}`,
    });
  }
  const own = Object.hasOwn(returners, returner) ? returners[returner] : {};
  const alternative = profile === undefined ? {} : returners[profile];
  checkPerJob(spec, returner, ret_kwargs);
  checkNames(spec, profile ?? returner, { ...own, ...alternative });
  const result = v.safeParse(v.object(spec.config), { ...own, ...alternative, ...ret_kwargs });
  if (result.success) return result.output;
  throw settingInvalid(spec, profile ?? returner, result.issues[0]);
}

function settingInvalid(spec: AnyReturner, place: string, issue: v.BaseIssue<unknown>): FleetError {
  const name = String(issue.path?.[0]?.key);
  const meaning = v.getDescription(spec.config[name] as v.GenericSchema);
  return new FleetError('CONFIG_INVALID', `returners: ${place}: ${name}: ${issue.message}`, {
    ...(meaning !== undefined && { hint: `${name}: ${meaning}` }),
  });
}

function checkPerJob(spec: AnyReturner, returner: string, given: Settings): void {
  const refused = Object.keys(given).find((key) => spec.perJob?.includes(key) !== true);
  if (refused === undefined) return;
  const allowed = spec.perJob ?? [];
  throw new FleetError('CONFIG_INVALID', `ret_kwargs of the returner '${returner}' must not set ${refused}`, {
    hint: allowed.length === 0 ? 'set it in the configuration' : `a job may set ${allowed.join(', ')}`,
  });
}

function checkNames(spec: AnyReturner, place: string, given: Settings): void {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(spec.config, key));
  if (unknown === undefined) return;
  const near = nearest(unknown, Object.keys(spec.config));
  throw new FleetError('CONFIG_INVALID', `returners: ${place}: there is no setting ${unknown}`, {
    hint: near === undefined ? `there are ${Object.keys(spec.config).join(', ')}` : `did you mean ${near}`,
  });
}
