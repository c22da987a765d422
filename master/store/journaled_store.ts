import { readFile } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import { createAppendFile, openAppendFile } from '../../shared/disk/append_file.ts';
import { createGroupCommit } from '../../shared/disk/group_commit.ts';
import { FleetError } from '../../shared/errors.ts';
import { fileErrors } from '../../shared/file_errors.ts';
import { ifThere } from '../../shared/if_there.ts';
import type { Logger } from '../../shared/log.ts';
import { decodeStored, encodePayload } from '../../shared/protocol/codec.ts';
import { systemReason } from '../../shared/system_reason.ts';
import { createApplier } from './apply_later.ts';
import type { EncodedItem, Engine } from './engine.ts';
import { changeName, decodeRecords, encodeRecord, type JournalChange } from './journal_record.ts';
import { createPendingChanges, type PendingChanges } from './pending_changes.ts';
import { changeBytes, type RoomCheck } from './room_check.ts';
import type { Change, RangeOptions, Store, StoreKey } from './store.ts';

/** Beyond this the journal begins anew. */
const JOURNAL_BYTES = 16 * 1024 ** 2;
/** After so much a write of the journal takes no more: what waits for a slow disk must not all be encoded in one turn. */
const WRITTEN_BYTES = 2 * 1024 ** 2;
/** What a change takes beside its bytes, as far as time goes. */
const CHANGE_BYTES = 1024;
/** Changes that a former process left go into the engine so many at a time. */
const REPLAYED_AT_A_TIME = 1024;

export interface JournaledStoreOptions {
  /** Of the journal. */
  readonly path: string;
  readonly engine: Engine;
  readonly checkRoom: RoomCheck;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A write is durable by one flush of the journal; a commit of LMDB takes two, and comes later, for many writes together.
 * Until then reads are answered from memory. Throws FILE_UNREADABLE.
 */
export async function openJournaledStore(options: JournaledStoreOptions): Promise<Store> {
  const { path, engine, checkRoom } = options;
  const pending = createPendingChanges();
  const journal = await openJournal(path, engine, options.log);
  const applier = createApplier(engine, pending, options);
  let isClosed = false;
  let underWayBytes = 0;

  /** While nothing is added to it. */
  const emptyJournal = async (): Promise<void> => {
    await applier.drain();
    if (pending.bytes() === 0) await journal.rewind();
  };
  const writeJournal = async (writes: readonly (readonly JournalChange[])[]): Promise<void> => {
    if (journal.end() > JOURNAL_BYTES) await emptyJournal();
    await journal.append(Buffer.concat(writes.map(encodeRecord)));
    for (const changes of writes) pending.add(changes);
    applier.schedule();
  };
  const commit = createGroupCommit(writeJournal, { max: WRITTEN_BYTES, of: encodingBytes });
  // A master that stops still has requests under way; LMDB would call what they ask for a bug.
  const checkOpen = (): void => {
    if (isClosed) throw new FleetError('MASTER_UNREACHABLE', 'the master is stopping', { hint: 'ask again later' });
  };
  return {
    ...readerOf(engine, pending, checkOpen),
    async write(changes) {
      checkOpen();
      // A record of nothing looks like the zeros that the file is filled with ahead: what follows it would be dropped.
      if (changes.length === 0) return;
      // All is encoded before anything is written: what cannot be encoded must not leave half of the changes behind.
      const encoded = changes.map(encodeChange);
      const bytes = encoded.reduce((sum, change) => sum + changeBytes(change), 0);
      checkRoom(pending.bytes() + underWayBytes + bytes);
      underWayBytes += bytes;
      try {
        await commit.add(encoded);
      } catch (cause) {
        throw new FleetError('FILE_UNREADABLE', `${path} cannot be written: ${systemReason(cause)}`, { cause });
      } finally {
        underWayBytes -= bytes;
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      applier.stop();
      // Who wrote what cannot be written is told.
      await commit.flush().catch(() => undefined);
      await emptyJournal();
      await journal.close();
      await engine.close();
    },
  };
}

function encodeChange({ table, key, value }: Change): JournalChange {
  const bytes = value === undefined ? undefined : encodePayload(value, 'cbor');
  return { table, key, name: changeName(table, key), bytes };
}

function encodingBytes(changes: readonly JournalChange[]): number {
  return changes.reduce((sum, { bytes }) => sum + CHANGE_BYTES + (bytes?.length ?? 0), 0);
}

/** What a former process left in the journal goes into the engine first. */
async function openJournal(path: string, engine: Engine, log: Logger) {
  const left = await fileErrors(path, 'read', () => ifThere(readFile(path)));
  if (left === undefined) return createAppendFile(path, async () => undefined);
  const { changes, end, damagedBytes } = decodeRecords(left);
  if (damagedBytes > 0) {
    log.error('a part of the journal of the store is damaged and left out', { path, bytes: damagedBytes });
  }
  // Written and not acknowledged before a power cut; or a disk that forgets.
  if (left.subarray(end).some((byte) => byte !== 0)) {
    log.warning('the end of the journal of the store is not whole and is dropped', { path, end });
  }
  for (let at = 0; at < changes.length; at += REPLAYED_AT_A_TIME) {
    await engine.commit(changes.slice(at, at + REPLAYED_AT_A_TIME));
  }
  return openAppendFile(path, 0);
}

/** The engine as it will be when nothing is pending. */
function readerOf(
  engine: Engine,
  pending: PendingChanges,
  checkOpen: () => void,
): Pick<Store, 'get' | 'range' | 'keys'> {
  return {
    get(table, key) {
      checkOpen();
      const change = pending.hasAny(table) ? pending.find(table, changeName(table, key)) : undefined;
      const bytes = change === undefined ? engine.get(table, key) : change.bytes;
      return bytes === undefined ? undefined : decodeStored(bytes);
    },
    *range(table, options = {}) {
      checkOpen();
      const items = pending.hasAny(table)
        ? pending.merge(engine.range(table, withoutLimit(options)), table, options)
        : engine.range(table, options);
      for (const { key, bytes } of items) yield { key, value: decodeStored(bytes) };
    },
    *keys(table, options = {}) {
      checkOpen();
      if (!pending.hasAny(table)) return yield* engine.keys(table, options);
      const stored = withoutBytes(engine.keys(table, withoutLimit(options)));
      for (const { key } of pending.merge(stored, table, options)) yield key;
    },
  };
}

/** What is removed, but not yet from the engine, must not count. */
function withoutLimit({ limit: _, ...options }: RangeOptions): RangeOptions {
  return options;
}

const NO_BYTES = new Uint8Array();

function* withoutBytes(keys: Iterable<StoreKey>): Generator<EncodedItem> {
  for (const key of keys) yield { key, bytes: NO_BYTES };
}
