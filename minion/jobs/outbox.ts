import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { type FoundEntry, type OutboxFolder, openOutboxFolder } from './outbox_folder.ts';
import { createLane, type Entry, type Lane, type Publish } from './outbox_lane.ts';
import { type OutboxKind, recordBytes } from './outbox_record.ts';
import { createPace } from './pace.ts';
import { sendEntry } from './send_entry.ts';

/**
 * What this minion has to say and nobody acknowledged yet: on disk until PUBACK, which means that the master has it on
 * its own disk. Bounded: the oldest events that wait are dropped first and counted, returns never.
 */
export interface Outbox {
  /**
   * Resolves when it would survive a power cut, or when the master has it, whichever comes first: what is small is sent
   * while it is written. `content` is the value of a large return, which goes ahead of it in parts.
   */
  add(kind: OutboxKind, packet: Packet, content?: Uint8Array): Promise<void>;
  /**
   * Sends all that waits, oldest first, and from now on all that is added, until `detach`. Returns do not wait for
   * events, which go out at a pace that the master takes.
   */
  attach(publish: Publish): void;
  detach(): void;
  /** The master cannot put the return of that topic together: all of it is sent once more. */
  sendAgain(topic: string): void;
  /** Returns fill the space by themselves: no new job should be taken. */
  isFull(): boolean;
  /** Topics of what waits. */
  topics(): readonly string[];
  /** Events dropped for want of space since the start. */
  droppedEvents(): number;
  /** Resolves when nothing waits, for tests and for a clean stop. */
  drained(): Promise<void>;
  /** Resolves when all is written; after `detach`. */
  close(): Promise<void>;
}

export interface OutboxOptions {
  readonly folder: string;
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a file takes on a disk, at least. */
const BLOCK_BYTES = 4096;
/** Payloads that wait are kept in memory up to this, bytes; those beyond it are read again when they are sent. */
const MEMORY_BYTES_MAX = 4 * 1024 ** 2;

export async function openOutbox({ folder, ...options }: OutboxOptions): Promise<Outbox> {
  return createOutbox(await openOutboxFolder(folder, options.bytesMax, options.log), options);
}

/** An outbox over what holds its entries. */
export function createOutbox(folder: OutboxFolder, { bytesMax, clock, log }: Omit<OutboxOptions, 'folder'>): Outbox {
  const { lanes, keep, forget, makeRoom, used, isEmpty, whenEmpty, droppedEvents } = createShelf(folder, {
    bytesMax,
    clock,
    log,
  });
  let lastSequence = folder.found.at(-1)?.sequence ?? 0;
  const release = (kind: OutboxKind, entry: Entry): void => {
    entry.state = 'waiting';
    lanes[kind].wake();
  };
  for (const found of folder.found) keep(found.kind, { ...newEntry(found), state: 'waiting' });
  return {
    async add(kind, packet, content) {
      const { topic, payload } = packet;
      const sequence = ++lastSequence;
      const sizes = { payloadBytes: payload.length, contentBytes: content?.length ?? 0 };
      const entry = newEntry({ sequence, topic, ...sizes }, packet);
      // From then on it has its place in the order, however long the disk takes.
      if (!makeRoom(kind, entry)) return;
      const written = folder.write(kind, sequence, packet, content);
      const isSentMeanwhile = content === undefined && entry.packet !== undefined;
      if (isSentMeanwhile) release(kind, entry);
      try {
        await firstOf(written, entry.attempt);
      } catch (error) {
        // Under way without a copy on disk: what the master says decides whether it must be added again.
        if (await entry.attempt) return;
        forget(kind, entry);
        lanes[kind].wake();
        throw error;
      }
      if (!isSentMeanwhile) release(kind, entry);
    },
    attach(via) {
      lanes.return.attach(via);
      lanes.event.attach(via);
    },
    detach() {
      lanes.return.detach();
      lanes.event.detach();
    },
    sendAgain(topic) {
      for (const entry of lanes.return.entries.values()) {
        if (entry.topic !== topic || entry.state !== 'sending') continue;
        entry.partsSent?.clear();
        entry.isWantedAgain = true;
      }
    },
    isFull: () => used('return') >= bytesMax,
    topics: () =>
      [...lanes.return.entries.values(), ...lanes.event.entries.values()]
        .sort((a, b) => a.sequence - b.sequence)
        .map(({ topic }) => topic),
    droppedEvents,
    drained: () => (isEmpty() ? Promise.resolve() : whenEmpty()),
    close: () => folder.close(),
  };
}

/** The entries of both kinds, and what they take on disk and in memory. */
function createShelf(folder: OutboxFolder, { bytesMax, clock, log }: Omit<OutboxOptions, 'folder'>) {
  const usedBytes: Record<OutboxKind, number> = { return: 0, event: 0 };
  let memoryBytes = 0;
  let dropped = 0;
  let waiters: (() => void)[] = [];
  const lane = (kind: OutboxKind): Lane =>
    createLane({
      read: (entry) => read(kind, entry),
      send: (entry, packet, publish) => sendEntry(folder, entry, packet, publish),
      remove: (entry) => remove(kind, entry),
      pace: kind === 'event' ? createPace(clock) : undefined,
      clock,
      log,
    });
  const lanes: Readonly<Record<OutboxKind, Lane>> = { return: lane('return'), event: lane('event') };
  const isEmpty = (): boolean => lanes.return.entries.size + lanes.event.entries.size === 0;
  const keep = (kind: OutboxKind, entry: Entry): void => {
    const payloadBytes = entry.packet?.payload.length ?? 0;
    if (memoryBytes + payloadBytes > MEMORY_BYTES_MAX) entry.packet = undefined;
    else entry.heldBytes = payloadBytes;
    memoryBytes += entry.heldBytes;
    usedBytes[kind] += entry.bytes;
    lanes[kind].entries.set(entry.sequence, entry);
  };
  const forget = (kind: OutboxKind, entry: Entry): boolean => {
    if (!lanes[kind].entries.delete(entry.sequence)) return false;
    usedBytes[kind] -= entry.bytes;
    memoryBytes -= entry.heldBytes;
    return true;
  };
  const read = async (kind: OutboxKind, entry: Entry): Promise<Packet | undefined> => {
    try {
      return await folder.read(entry.sequence);
    } catch (error) {
      const { topic } = entry;
      log.error('an entry of the outbox cannot be read and is left alone', { topic, error: String(error) });
      forget(kind, entry);
      return undefined;
    }
  };
  function remove(kind: OutboxKind, entry: Entry): void {
    if (!forget(kind, entry)) return;
    folder.remove(entry.sequence, entry.contentBytes > 0);
    if (!isEmpty()) return;
    for (const wake of waiters) wake();
    waiters = [];
  }
  const drop = (topic: string): void => {
    dropped++;
    log.warning('the outbox is full: an event is dropped', { topic, dropped });
  };
  return {
    lanes,
    keep,
    forget,
    /** Keeps the entry, for which the oldest events that wait may have to go; false for an event that finds no room. */
    makeRoom(kind: OutboxKind, entry: Entry): boolean {
      const hasRoom = (): boolean => usedBytes.return + usedBytes.event + entry.bytes <= bytesMax;
      for (const old of lanes.event.entries.values()) {
        if (hasRoom()) break;
        if (old.state === 'writing' || old.state === 'sending') continue;
        drop(old.topic);
        remove('event', old);
      }
      const isKept = kind === 'return' || hasRoom();
      if (isKept) keep(kind, entry);
      else drop(entry.topic);
      return isKept;
    },
    used: (kind: OutboxKind) => usedBytes[kind],
    isEmpty,
    whenEmpty: () => new Promise<void>((resolve) => waiters.push(resolve)),
    droppedEvents: () => dropped,
  };
}

function newEntry({ sequence, topic, payloadBytes, contentBytes }: Omit<FoundEntry, 'kind'>, packet?: Packet): Entry {
  const bytes = recordBytes(topic, payloadBytes) + wholeBlocks(contentBytes);
  return {
    sequence,
    topic,
    bytes,
    contentBytes,
    packet,
    heldBytes: 0,
    state: 'writing',
    attempt: undefined,
    partsSent: contentBytes > 0 ? new Set() : undefined,
    isWantedAgain: false,
  };
}

/** Resolves when it is written, or done with before that; rejects when it cannot be written. */
function firstOf(written: Promise<void>, attempt: Entry['attempt']): Promise<void> {
  if (attempt === undefined) return written;
  return new Promise((resolve, reject) => {
    written.then(resolve, reject);
    void attempt.then((isOver) => isOver && resolve());
  });
}

function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
