import type { Format } from './format.ts';

/** One configuration key: its type, its check and its documentation. */
export interface Setting<T> {
  readonly format: Format<T>;
  readonly default: T;
  /** One or two sentences, each with a full stop. */
  readonly doc: string;
  /** Salt has this key, with this meaning; otherwise it is our own. */
  readonly salt: boolean;
}

/** A key that Salt has too. */
export function saltKey<T>(format: Format<T>, fallback: NoInfer<T>, doc: string): Setting<T> {
  return { format, default: fallback, doc, salt: true };
}

/** A key that Salt does not have. */
export function ownKey<T>(format: Format<T>, fallback: NoInfer<T>, doc: string): Setting<T> {
  return { format, default: fallback, doc, salt: false };
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
/** Settings by heading, in the order in which they are documented. */
export type SettingGroups = Readonly<Record<string, Settings>>;

type Merged<G> = { [T in keyof G]: (group: G[T]) => void }[keyof G] extends (all: infer All) => void ? All : never;

/** The plain object that a group of settings becomes. */
export type ConfigOf<G extends SettingGroups> = {
  readonly [K in keyof Merged<G>]: Merged<G>[K] extends Setting<infer T> ? T : never;
};

/** All that is known of the configuration of one kind of process. */
export interface ConfigSchema<G extends SettingGroups> {
  /** Also the name of the file and of the folder of drop-ins. */
  readonly kind: 'master' | 'minion';
  readonly groups: G;
  /** The setting that takes in what Salt writes at the top of the file: mappings of any name that have a `driver`. */
  readonly profiles?: string;
  /** Keys that modules read, of any value: `status.meminfo.custom`. */
  readonly moduleOptions?: RegExp;
  /** Keys of Salt that have no meaning here, and what there is instead. */
  readonly replaced: Readonly<Record<string, string>>;
}

export function settingsOf(schema: ConfigSchema<SettingGroups>): Settings {
  return Object.assign({}, ...Object.values(schema.groups)) as Settings;
}
