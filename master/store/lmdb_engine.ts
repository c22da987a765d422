import { type Database, type RangeOptions as LmdbRange, open, type RootDatabase } from 'lmdb';
import { makeWithParentsSync } from '../../shared/make_with_parents.ts';
import { checkDataFile, checkLockFile, explainLmdbError } from './check_data_file.ts';
import type { Engine } from './engine.ts';
import { changeBytes, type RoomCheck } from './room_check.ts';
import { type RangeOptions, type StoreKey, type TableName, tableNames } from './store.ts';
import { claimStore, type OwnerTable } from './store_owner.ts';

type Table = Database<Buffer, (string | number | Buffer)[]>;

/** The one key of the table of that name. */
const OWNER = 'owner';

/** Sorts after every string and number in LMDB's key order. */
const AFTER_ALL = Buffer.from([0xff]);

/**
 * Tables in LMDB: durable commits, readable from a second process meanwhile. Throws FILE_UNREADABLE, and ADDRESS_IN_USE
 * when a second process has them open to write.
 */
export function openLmdbEngine(path: string, checkRoom: RoomCheck): Engine {
  makeWithParentsSync(path, 0o700);
  checkDataFile(path);
  checkLockFile(path);
  try {
    return openTables(path, checkRoom);
  } catch (cause) {
    throw explainLmdbError(path, cause);
  }
}

function openTables(path: string, checkRoom: RoomCheck): Engine {
  // Left to itself, LMDB may resolve a write when others see it, which is before it is on the disk.
  const durable = { overlappingSync: false } as const;
  const environment = open({ path, encoding: 'binary', maxDbs: tableNames.length + 2, noSubdir: false, ...durable });
  // A commit that fails rejects a promise of LMDB's own too; unheard, that would look like a bug.
  environment.on('aftercommit', () => void environment.committed.then(undefined, () => undefined));
  const release = claimStore(path, ownerTable(environment));
  const tables = new Map<TableName, Table>();
  for (const name of tableNames) tables.set(name, environment.openDB({ name, encoding: 'binary' }));
  const table = (name: TableName): Table => tables.get(name) as Table;
  return {
    get(name, key) {
      try {
        return table(name).get([...key]);
      } catch (cause) {
        throw explainLmdbError(path, cause);
      }
    },
    *range(name, options = {}) {
      try {
        for (const { key, value } of table(name).getRange(lmdbRange(options))) yield { key: tuple(key), bytes: value };
      } catch (cause) {
        throw explainLmdbError(path, cause);
      }
    },
    *keys(name, options = {}) {
      try {
        for (const key of table(name).getKeys(lmdbRange(options))) yield tuple(key);
      } catch (cause) {
        throw explainLmdbError(path, cause);
      }
    },
    async commit(changes) {
      checkRoom(changes.reduce((sum, change) => sum + changeBytes(change), 0));
      const committed = environment.batch(() => {
        for (const { table: name, key, bytes } of changes) {
          void (bytes === undefined ? table(name).remove([...key]) : table(name).put([...key], asBuffer(bytes)));
        }
      });
      await committed.catch((cause: unknown) => failCommit(path, cause));
    },
    close() {
      release();
      return environment.close();
    },
  };
}

/** Why a commit failed, LMDB tells by a promise beside, which rejects in the same moment. */
async function failCommit(path: string, cause: unknown): Promise<never> {
  const { commitError } = cause as { readonly commitError?: Promise<never> };
  const reasons = commitError === undefined ? [] : [commitError];
  return Promise.race([...reasons, Promise.reject(cause)]).catch((reason: unknown) => {
    throw explainLmdbError(path, reason);
  });
}

function ownerTable(environment: RootDatabase): OwnerTable {
  const table = environment.openDB<string, string>({ name: 'owner', encoding: 'string' });
  return {
    get: () => table.get(OWNER),
    put: (owner) => void table.putSync(OWNER, owner),
    remove: () => void table.removeSync(OWNER),
    alone: (act) => environment.transactionSync(act),
  };
}

function tuple(key: unknown): StoreKey {
  return (Array.isArray(key) ? key : [key]) as StoreKey;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function lmdbRange({ prefix = [], after, reverse = false, limit }: RangeOptions): LmdbRange {
  const low = [...prefix];
  const high = [...prefix, AFTER_ALL];
  return {
    // The prefix may be a key itself: from the other side it is the end, which LMDB leaves out.
    ...(prefix.length > 0 && (reverse ? { start: high, end: low, inclusiveEnd: true } : { start: low, end: high })),
    ...(after !== undefined && { start: [...after], exclusiveStart: true }),
    ...(limit !== undefined && { limit }),
    reverse,
  };
}
