import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory } from '../../shared/crypto/private_file.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { createGroupCommit } from '../lib/group_commit.ts';

export type OutboxKind = 'return' | 'event';

interface Entry {
  readonly name: string;
  readonly kind: OutboxKind;
  readonly packet: Packet;
  /** Being written, on disk and waiting, or published on the present connection and not acknowledged. */
  state: 'writing' | 'waiting' | 'sending';
}

/**
 * What this minion has to say and nobody acknowledged yet: on disk until PUBACK, which means that the master has it on
 * its own disk. Bounded: the oldest events that wait are dropped first and counted, returns never.
 */
export interface Outbox {
  /** Resolves when it would survive a power cut; sending goes on by itself. */
  add(kind: OutboxKind, packet: Packet): Promise<void>;
  /** Sends all that waits, oldest first, and from now on all that is added, until `detach`. */
  attach(publish: (packet: Packet) => Promise<void>): void;
  detach(): void;
  /** Returns fill the space by themselves: no new job should be taken. */
  isFull(): boolean;
  /** Topics of what waits. */
  topics(): readonly string[];
  /** Events dropped for want of space since the start. */
  droppedEvents(): number;
  /** Resolves when nothing waits, for tests and for a clean stop. */
  drained(): Promise<void>;
}

export interface OutboxOptions {
  readonly folder: string;
  readonly bytesMax: number;
  readonly log: Logger;
}

/** What a file takes on a disk, at least: thousands of small events fill it as surely as a few large ones. */
const BLOCK_BYTES = 4096;

/** One file an entry: `<sequence>-<kind>`, first line the topic, then the payload as it was. */
export async function openOutbox({ folder, bytesMax, log }: OutboxOptions): Promise<Outbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = await readEntries(folder);
  const used: Record<OutboxKind, number> = { return: 0, event: 0 };
  for (const { kind, packet } of entries.values()) used[kind] += sizeOf(packet);
  const names = createGroupCommit(() => flushDirectory(folder));
  let sequence = Number.parseInt([...entries.keys()].at(-1) ?? '0', 10);
  let publish: ((packet: Packet) => Promise<void>) | undefined;
  let dropped = 0;
  let waiters: (() => void)[] = [];

  const forget = ({ name, kind, packet }: Entry): void => {
    if (entries.delete(name)) used[kind] -= sizeOf(packet);
  };
  const remove = async (entry: Entry): Promise<void> => {
    forget(entry);
    await unlink(join(folder, entry.name));
    if (entries.size > 0) return;
    for (const wake of waiters) wake();
    waiters = [];
  };
  const send = (entry: Entry): void => {
    const via = publish;
    if (via === undefined || entry.state !== 'waiting') return;
    entry.state = 'sending';
    via(entry.packet)
      .then(() => remove(entry))
      .catch((error: unknown) => {
        entry.state = 'waiting';
        log.debug('will be sent again', { topic: entry.packet.topic, error: String(error) });
      });
  };
  const drop = (packet: Packet): void => {
    dropped++;
    log.warning('the outbox is full: an event is dropped', { topic: packet.topic, dropped });
  };
  /** False when there is none, however many of the events that wait are dropped. */
  const makeRoom = async (bytes: number): Promise<boolean> => {
    const hasRoom = (): boolean => used.return + used.event + bytes <= bytesMax;
    for (const entry of entries.values()) {
      if (hasRoom()) break;
      if (entry.kind !== 'event' || entry.state !== 'waiting') continue;
      drop(entry.packet);
      await remove(entry);
    }
    return hasRoom();
  };

  return {
    async add(kind, packet) {
      const hasRoom = await makeRoom(sizeOf(packet));
      if (!hasRoom && kind === 'event') return drop(packet);
      const name = `${String(++sequence).padStart(12, '0')}-${kind}`;
      const entry: Entry = { name, kind, packet, state: 'writing' };
      // From now on it has its place in the order, however long the disk takes.
      entries.set(name, entry);
      used[kind] += sizeOf(packet);
      try {
        await writeEntry(folder, name, packet);
        await names.add(undefined);
      } catch (error) {
        forget(entry);
        throw error;
      }
      entry.state = 'waiting';
      send(entry);
    },
    attach(via) {
      publish = via;
      for (const entry of entries.values()) {
        if (entry.state === 'sending') entry.state = 'waiting';
        send(entry);
      }
    },
    detach() {
      publish = undefined;
    },
    isFull: () => used.return >= bytesMax,
    topics: () => [...entries.values()].map((entry) => entry.packet.topic),
    droppedEvents: () => dropped,
    drained: () => (entries.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}

function sizeOf({ topic, payload }: Packet): number {
  return Math.ceil((Buffer.byteLength(topic) + 1 + payload.length) / BLOCK_BYTES) * BLOCK_BYTES;
}

async function writeEntry(folder: string, name: string, packet: Packet): Promise<void> {
  const beside = join(folder, `.${name}`);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(Buffer.concat([Buffer.from(`${packet.topic}\n`), packet.payload]));
    await file.datasync();
  } catch (error) {
    // Half a file on a full disk would only keep it full.
    await unlink(beside);
    throw error;
  } finally {
    await file.close();
  }
  await rename(beside, join(folder, name));
}

async function readEntries(folder: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for (const name of (await readdir(folder)).sort()) {
    const kind = /^\d{12}-(return|event)$/.exec(name)?.[1];
    if (kind === undefined) {
      if (name.startsWith('.')) await unlink(join(folder, name));
      continue;
    }
    const bytes = await readFile(join(folder, name));
    const end = bytes.indexOf(0x0a);
    const topic = bytes.subarray(0, end).toString();
    const packet: Packet = { topic, payload: bytes.subarray(end + 1), qos: 1, retain: false };
    entries.set(name, { name, kind: kind as OutboxKind, packet, state: 'waiting' });
  }
  return entries;
}
