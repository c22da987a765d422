import { mkdirSync } from 'node:fs';
import { type Database, type RangeOptions as LmdbRange, open } from 'lmdb';
import { decodeStored, encodePayload } from '../../shared/protocol/codec.ts';
import type { Change, RangeOptions, Store, StoreKey, TableName } from './store.ts';

const TABLES: readonly TableName[] = ['jobs', 'active', 'rows', 'returns'];

/** Sorts after every string and number in LMDB's key order. */
const AFTER_ALL = Buffer.from([0xff]);

/** The store on LMDB: durable batches, readable from a second process while the master writes. */
export function openLmdbStore(path: string): Store {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const environment = open({ path, encoding: 'binary', maxDbs: TABLES.length + 2, noSubdir: false });
  const tables = new Map<TableName, Database<Buffer, (string | number | Buffer)[]>>();
  for (const name of TABLES) tables.set(name, environment.openDB({ name, encoding: 'binary' }));
  const table = (name: TableName) => tables.get(name) as Database<Buffer, (string | number | Buffer)[]>;
  return {
    get(name, key) {
      const bytes = table(name).get([...key]);
      return bytes === undefined ? undefined : decodeStored(bytes);
    },
    *range(name, options = {}) {
      for (const { key, value } of table(name).getRange(lmdbRange(options))) {
        yield { key: (Array.isArray(key) ? key : [key]) as StoreKey, value: decodeStored(value) };
      }
    },
    async write(changes) {
      await environment.batch(() => {
        for (const change of changes) void apply(table(change.table), change);
      });
    },
    close: () => environment.close(),
  };
}

function apply(database: Database<Buffer, (string | number | Buffer)[]>, { key, value }: Change): Promise<boolean> {
  const copy = [...key];
  return value === undefined ? database.remove(copy) : database.put(copy, Buffer.from(encodePayload(value, 'cbor')));
}

function lmdbRange({ prefix = [], reverse = false, limit }: RangeOptions): LmdbRange {
  const low = prefix.length === 0 ? undefined : [...prefix];
  const high = prefix.length === 0 ? undefined : [...prefix, AFTER_ALL];
  return {
    ...(low !== undefined && { start: reverse ? (high as LmdbRange['start'] & object) : low }),
    ...(high !== undefined && { end: reverse ? low : high }),
    ...(limit !== undefined && { limit }),
    reverse,
  } as LmdbRange;
}
