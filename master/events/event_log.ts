import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { encodePayload } from '../../shared/protocol/codec.ts';
import type { Store } from '../store/store.ts';
import { createCommitQueue, type HeldEntry } from './commit_queue.ts';
import { type EventData, fromValue, type LoggedEvent, sizeOf, toValue } from './event_record.ts';

/** Events removed at a time, so that the event loop stays free. */
const SWEEP_BATCH = 500;
export interface EventLogStatus {
  /** Cursors of the oldest event that is kept and of the newest. */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  /** Events that could not be stored since the start. */
  readonly lost: number;
  readonly readers: Readonly<Record<string, { readonly cursor: number; readonly lag: number }>>;
}

/**
 * All events of the master's bus, in order, on disk. Each has a cursor, a number that only grows; a gap between two of
 * them is events that were lost. Readers keep their place by themselves and lose nothing while they are away, unless the
 * log is swept meanwhile: then the gap says how much.
 */
export interface EventLog {
  /** Durable when it resolves; order = order of calls; the calls of one event-loop turn share a commit. */
  append(tag: string, data: EventData): Promise<number>;
  /** The same for data that is encoded, and who cannot wait: the promise is shared by all of that turn. */
  add(tag: string, payload: Uint8Array): { readonly cursor: number; readonly stored: Promise<void> };
  hold(tag: string, payload: Uint8Array): HeldEntry;
  /** Committed events after `cursor`, oldest first, at most `limit`. */
  read(after: number, limit: number): readonly LoggedEvent[];
  /** The cursor after which events of that time (milliseconds) or later begin. */
  cursorBefore(atMs: number): number;
  /** Committed; 0: there is none yet. */
  readonly lastCursor: number;
  /** Of the newest event, whether it is committed by now or not. */
  readonly newestCursor: number;
  /** Oldest kept. */
  readonly firstCursor: number;
  /** Called after each commit, once for those that end together; the answer stops it. */
  onCommit(listener: () => void): () => void;
  /** Named readers' own positions, durable. */
  cursorOf(reader: string): number | undefined;
  saveCursor(reader: string, cursor: number): Promise<void>;
  status(): EventLogStatus;
  /** Removes what is older or more than the log may keep, little by little; resolves to how many went. */
  sweep(): Promise<number>;
  /** Resolves when all that was added is on disk, or lost. */
  flush(): Promise<void>;
}

export interface EventLogOptions {
  readonly store: Store;
  /** How long events are kept, milliseconds; 0: for ever. */
  readonly keepMs: number;
  /** How much of them is kept, bytes. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export function openEventLog(options: EventLogOptions): EventLog {
  const { store, clock } = options;
  const [oldest] = read(store, { limit: 1 });
  const [newest] = read(store, { limit: 1, reverse: true });
  let first = oldest?.cursor ?? 1;
  let total = newest?.total ?? 0;
  const queue = createCommitQueue(options, newest?.cursor ?? 0);
  const readers = openReaders(store, () => queue.last());

  /** Bytes before the oldest event that is kept, as `total` counts them. */
  let swept = oldest === undefined ? 0 : oldest.total - oldest.size;
  const entry = (tag: string, payload: Uint8Array) => {
    const size = sizeOf(tag, payload);
    total += size;
    return { size, value: toValue({ tag, atMs: clock.nowMs(), total, payload }) };
  };
  const isDue = ({ cursor, atMs, total: until, size }: LoggedEvent): boolean =>
    // The newest stays: it says where the cursors go on after a restart.
    cursor < queue.last() &&
    ((options.keepMs > 0 && atMs < clock.nowMs() - options.keepMs) || total - (until - size) > options.bytesMax);

  const sweep = async (): Promise<number> => {
    let count = 0;
    for (;;) {
      const due = [...takeWhile(readEach(store, { limit: SWEEP_BATCH }), isDue)];
      const last = due.at(-1);
      if (last === undefined) return count;
      await store.write(due.map(({ cursor }) => ({ table: 'events', key: [cursor], value: undefined })));
      count += due.length;
      first = last.cursor + 1;
      swept = last.total;
    }
  };
  let sweeping: Promise<number> | undefined;

  const add: EventLog['add'] = (tag, payload) => queue.add(entry(tag, payload));
  return {
    async append(tag, data) {
      const { cursor, stored } = add(tag, encodePayload(data, 'json'));
      await stored;
      return cursor;
    },
    add,
    hold: (tag, payload) => queue.hold(entry(tag, payload)),
    read: (after, limit) => read(store, { after: [after], limit }).filter(({ cursor }) => cursor <= queue.last()),
    cursorBefore(atMs) {
      let low = first - 1;
      let high = queue.last();
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const [next] = read(store, { after: [middle], limit: 1 });
        if (next === undefined || next.atMs >= atMs) high = middle;
        else low = next.cursor;
      }
      return low;
    },
    get lastCursor() {
      return queue.last();
    },
    get newestCursor() {
      return queue.newest();
    },
    get firstCursor() {
      return first;
    },
    onCommit: queue.onCommit,
    ...readers,
    status: () => ({ first, last: queue.last(), bytes: total - swept, lost: queue.lost(), readers: readers.lags() }),
    sweep() {
      sweeping ??= sweep().finally(() => {
        sweeping = undefined;
      });
      return sweeping;
    },
    flush: queue.flush,
  };
}

function read(store: Store, options: Parameters<Store['range']>[1]): LoggedEvent[] {
  return [...readEach(store, options)];
}

function* readEach(store: Store, options: Parameters<Store['range']>[1]): Generator<LoggedEvent> {
  for (const { key, value } of store.range('events', options)) yield fromValue(Number(key[0]), value);
}

/** Reads no further than the first that is not wanted: of most sweeps, that is the first of all. */
function* takeWhile<T>(items: Iterable<T>, isWanted: (item: T) => boolean): Generator<T> {
  for (const item of items) {
    if (!isWanted(item)) return;
    yield item;
  }
}

function openReaders(store: Store, last: () => number) {
  const cursors = new Map<string, number>();
  for (const { key, value } of store.range('readers')) cursors.set(String(key[0]), Number(value));
  return {
    cursorOf: (reader: string) => cursors.get(reader),
    async saveCursor(reader: string, cursor: number): Promise<void> {
      await store.write([{ table: 'readers', key: [reader], value: cursor }]);
      cursors.set(reader, cursor);
    },
    lags: () => Object.fromEntries([...cursors].map(([name, cursor]) => [name, { cursor, lag: last() - cursor }])),
  };
}
