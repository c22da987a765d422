import type { RangeOptions, StoreKey, TableName } from './store.ts';

export interface EncodedChange {
  readonly table: TableName;
  readonly key: StoreKey;
  /** Undefined removes the key. */
  readonly bytes: Uint8Array | undefined;
}

export interface EncodedItem {
  readonly key: StoreKey;
  readonly bytes: Uint8Array;
}

/** What a store stands on: tables of bytes in the order of their keys. */
export interface Engine {
  get(table: TableName, key: StoreKey): Uint8Array | undefined;
  range(table: TableName, options?: RangeOptions): Iterable<EncodedItem>;
  keys(table: TableName, options?: RangeOptions): Iterable<StoreKey>;
  /** All of the changes or none; resolves when they would survive a power cut. */
  commit(changes: readonly EncodedChange[]): Promise<void>;
  close(): Promise<void>;
}
