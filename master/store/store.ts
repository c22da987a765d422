/**
 * What the master must not forget. Keys are tuples in order; values are plain data. An interface of five verbs, so that
 * another engine can stand in.
 */
export type StoreKey = readonly (string | number)[];

/** Every table there is. */
export const tableNames = [
  'jobs',
  'job_minions',
  'active',
  'rows',
  'returns',
  'parts',
  'once',
  'events',
  'readers',
  'mine',
  'grains',
  'reactions',
  'dead_letters',
  'reactor',
  'schedule',
] as const;
export type TableName = (typeof tableNames)[number];

export interface Change {
  readonly table: TableName;
  readonly key: StoreKey;
  /** Undefined removes the key. */
  readonly value: unknown;
}

export interface RangeOptions {
  /** Only keys that begin with these parts. */
  readonly prefix?: StoreKey;
  /** Only keys that come after this one, with `reverse` those that sort before it; with `prefix`, one that begins so. */
  readonly after?: StoreKey;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Store {
  get(table: TableName, key: StoreKey): unknown;
  range(table: TableName, options?: RangeOptions): Iterable<{ readonly key: StoreKey; readonly value: unknown }>;
  /** The same without the values, which may be large. */
  keys(table: TableName, options?: RangeOptions): Iterable<StoreKey>;
  /** All of the changes or none; resolves when they would survive a power cut. Calls of one turn share a commit. */
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}
