import { compareKeys } from 'lmdb';
import type { EncodedItem } from './engine.ts';
import type { JournalChange } from './journal_record.ts';
import { changeBytes } from './room_check.ts';
import type { RangeOptions, StoreKey, TableName } from './store.ts';

/** What is in the journal and not yet in the engine; of several changes of one key the last. */
export interface PendingChanges {
  /** What they may take on the disk. */
  bytes(): number;
  hasAny(table: TableName): boolean;
  find(table: TableName, name: string): JournalChange | undefined;
  add(changes: readonly JournalChange[]): void;
  /** So many at most: of each table those that wait for longest. */
  oldest(max: number): readonly JournalChange[];
  /** These are in the engine: what was not changed again meanwhile goes. */
  settle(changes: readonly JournalChange[]): void;
  /** What the engine has of a range, with what it will have. Read it in one turn of the event loop. */
  merge(stored: Iterable<EncodedItem>, table: TableName, options: RangeOptions): Iterable<EncodedItem>;
}

export function createPendingChanges(): PendingChanges {
  const tables = new Map<TableName, Map<string, JournalChange>>();
  let bytes = 0;
  const ofTable = (table: TableName): Map<string, JournalChange> => {
    let found = tables.get(table);
    if (found === undefined) {
      found = new Map();
      tables.set(table, found);
    }
    return found;
  };
  const forget = (known: Map<string, JournalChange>, change: JournalChange | undefined): void => {
    if (change === undefined) return;
    known.delete(change.name);
    bytes -= changeBytes(change);
  };
  return {
    bytes: () => bytes,
    hasAny: (table) => ofTable(table).size > 0,
    find: (table, name) => ofTable(table).get(name),
    add(changes) {
      for (const change of changes) {
        const known = ofTable(change.table);
        forget(known, known.get(change.name));
        known.set(change.name, change);
        bytes += changeBytes(change);
      }
    },
    oldest(max) {
      const found: JournalChange[] = [];
      for (const changes of tables.values()) {
        for (const change of changes.values()) {
          if (found.length === max) return found;
          found.push(change);
        }
      }
      return found;
    },
    settle(changes) {
      for (const change of changes) {
        const known = ofTable(change.table);
        if (known.get(change.name) === change) forget(known, change);
      }
    },
    merge(stored, table, options) {
      const sign = options.reverse === true ? -1 : 1;
      const within = [...ofTable(table).values()].filter(({ key }) => isWithin(key, options));
      return mergeInOrder(
        stored,
        within.sort((a, b) => sign * compare(a.key, b.key)),
        sign,
        options.limit ?? Number.POSITIVE_INFINITY,
      );
    },
  };
}

function* mergeInOrder(
  stored: Iterable<EncodedItem>,
  changes: readonly JournalChange[],
  sign: number,
  limit: number,
): Generator<EncodedItem> {
  let given = 0;
  let at = 0;
  /** Changes before a key, or all that are left; what is removed is left out. */
  function* changesBefore(key?: StoreKey): Generator<EncodedItem> {
    for (let change = changes[at]; change !== undefined; change = changes[++at]) {
      if (key !== undefined && sign * compare(change.key, key) >= 0) return;
      if (change.bytes !== undefined) yield { key: change.key, bytes: change.bytes };
    }
  }
  function* inOrder(): Generator<EncodedItem> {
    for (const item of stored) {
      yield* changesBefore(item.key);
      const change = changes[at];
      // A change of this very key comes in its place, before the next.
      if (change === undefined || compare(change.key, item.key) !== 0) yield item;
    }
    yield* changesBefore();
  }
  for (const item of inOrder()) {
    if (given++ >= limit) return;
    yield item;
  }
}

function isWithin(key: StoreKey, { prefix = [], after, reverse }: RangeOptions): boolean {
  if (!prefix.every((part, index) => key[index] === part)) return false;
  return after === undefined || (reverse === true ? compare(key, after) < 0 : compare(key, after) > 0);
}

/** The order of LMDB. */
function compare(a: StoreKey, b: StoreKey): number {
  const [from] = a;
  const [to] = b;
  // Cursors of events: a reader of them may have thousands before it that are pending.
  if (typeof from === 'number' && typeof to === 'number' && from !== to) return from - to;
  return compareKeys([...a], [...b]);
}
