import { mkdirSync, statfsSync } from 'node:fs';
import { type Database, type RangeOptions as LmdbRange, open } from 'lmdb';
import type { Clock } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { decodeStored, encodePayload } from '../../shared/protocol/codec.ts';
import { checkDataFile } from './check_data_file.ts';
import { type RangeOptions, type Store, type StoreKey, type TableName, tableNames } from './store.ts';

type Table = Database<Buffer, (string | number | Buffer)[]>;

/** Sorts after every string and number in LMDB's key order. */
const AFTER_ALL = Buffer.from([0xff]);

/**
 * A disk that runs full in the middle of a commit is no error that LMDB survives: after a few of them it corrupts its
 * heap and takes the process with it. So nothing is written unless this much, bytes, and what is under way still fits.
 */
const RESERVE_BYTES = 8 * 1024 ** 2;
/** With so much left, no disk is full within ASK_AGAIN_MS: to ask takes as long as a tenth of a commit. */
const AMPLE_BYTES = 1024 ** 3;
const ASK_AGAIN_MS = 50;

/**
 * The store on LMDB: durable batches, readable from a second process while the master writes. Throws FILE_UNREADABLE.
 * Without a clock the room on the disk is looked at before each write.
 */
export function openLmdbStore(path: string, clock?: Pick<Clock, 'monotonicMs'>): Store {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  checkDataFile(path);
  // Left to itself, LMDB may resolve a write when others see it, which is before it is on the disk.
  const durable = { overlappingSync: false } as const;
  const environment = open({ path, encoding: 'binary', maxDbs: tableNames.length + 2, noSubdir: false, ...durable });
  const tables = new Map<TableName, Table>();
  for (const name of tableNames) tables.set(name, environment.openDB({ name, encoding: 'binary' }));
  let isClosed = false;
  // A master that stops still has requests under way; LMDB would call what they ask for a bug.
  const checkOpen = (): void => {
    if (isClosed) throw new FleetError('MASTER_UNREACHABLE', 'the master is stopping', { hint: 'ask again later' });
  };
  const table = (name: TableName): Table => {
    checkOpen();
    return tables.get(name) as Table;
  };
  const checkRoom = createRoomCheck(path, clock);
  let underWayBytes = 0;
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
    *keys(name, options = {}) {
      for (const key of table(name).getKeys(lmdbRange(options))) yield (Array.isArray(key) ? key : [key]) as StoreKey;
    },
    async write(changes) {
      checkOpen();
      // All is encoded before anything is written: what cannot be encoded must not leave half of the changes behind.
      const encoded = changes.map(({ value }) =>
        value === undefined ? undefined : Buffer.from(encodePayload(value, 'cbor')),
      );
      const bytes = encoded.reduce((sum, value) => sum + (value?.length ?? 0), 0);
      checkRoom(underWayBytes + bytes);
      underWayBytes += bytes;
      try {
        await environment.batch(() => {
          for (const [index, change] of changes.entries()) void apply(table(change.table), change.key, encoded[index]);
        });
      } finally {
        underWayBytes -= bytes;
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await environment.close();
    },
  };
}

/** The check throws FILE_UNREADABLE when the disk is as good as full. */
function createRoomCheck(path: string, clock: Pick<Clock, 'monotonicMs'> | undefined): (bytes: number) => void {
  let ampleUntilMs = Number.NEGATIVE_INFINITY;
  return (bytes) => {
    const nowMs = clock?.monotonicMs() ?? Number.POSITIVE_INFINITY;
    if (nowMs < ampleUntilMs && bytes < AMPLE_BYTES / 2) return;
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    if (free >= AMPLE_BYTES) ampleUntilMs = nowMs + ASK_AGAIN_MS;
    if (free >= RESERVE_BYTES + bytes) return;
    throw new FleetError('FILE_UNREADABLE', `${path} cannot be written: its disk has ${free} bytes left`, {
      hint: `free some space: nothing is stored while less than ${RESERVE_BYTES} bytes are left`,
    });
  };
}

function apply(table: Table, key: StoreKey, bytes: Buffer | undefined): Promise<boolean> {
  return bytes === undefined ? table.remove([...key]) : table.put([...key], bytes);
}

function lmdbRange({ prefix = [], after, reverse = false, limit }: RangeOptions): LmdbRange {
  const bounds = { start: [...prefix], end: [...prefix, AFTER_ALL] };
  return {
    ...(prefix.length > 0 && !reverse && bounds),
    // The prefix may be a key itself: from this side it is the end, which LMDB leaves out.
    ...(prefix.length > 0 && reverse && { start: bounds.end, end: bounds.start, inclusiveEnd: true }),
    ...(after !== undefined && (reverse ? { end: [...after] } : { start: [...after], exclusiveStart: true })),
    ...(limit !== undefined && { limit }),
    reverse,
  };
}
