import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';

export type OutboxKind = 'return' | 'event';

interface Entry {
  readonly name: string;
  readonly kind: OutboxKind;
  readonly packet: Packet;
  /** A publish of it is under way on the present connection. */
  sending: boolean;
}

/**
 * What this minion has to say and nobody acknowledged yet: on disk until PUBACK, which means that the master has it on
 * its own disk. Bounded: the oldest events are dropped first and counted, returns never.
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

/** One file an entry: `<sequence>-<kind>`, first line the topic, then the payload as it was. */
export async function openOutbox({ folder, bytesMax, log }: OutboxOptions): Promise<Outbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = await readEntries(folder);
  let sequence = Math.max(0, ...[...entries.keys()].map((name) => Number.parseInt(name, 10)));
  let publish: ((packet: Packet) => Promise<void>) | undefined;
  let dropped = 0;
  let waiters: (() => void)[] = [];
  const waitingBytes: Record<OutboxKind, number> = { return: 0, event: 0 };
  for (const { kind, packet } of entries.values()) waitingBytes[kind] += packet.payload.length;

  const remove = async (entry: Entry): Promise<void> => {
    entries.delete(entry.name);
    waitingBytes[entry.kind] -= entry.packet.payload.length;
    if (entries.size === 0) {
      for (const wake of waiters) wake();
      waiters = [];
    }
    await unlink(join(folder, entry.name));
  };
  const send = (entry: Entry): void => {
    const via = publish;
    if (via === undefined || entry.sending) return;
    entry.sending = true;
    via(entry.packet)
      .then(() => remove(entry))
      .catch((error: unknown) => {
        entry.sending = false;
        log.debug('will be sent again', { topic: entry.packet.topic, error: String(error) });
      });
  };
  const makeRoom = async (bytes: number): Promise<void> => {
    for (const entry of entries.values()) {
      if (waitingBytes.return + waitingBytes.event + bytes <= bytesMax) return;
      if (entry.kind !== 'event' || entry.sending) continue;
      dropped++;
      log.warning('the outbox is full: the oldest event is dropped', { topic: entry.packet.topic, dropped });
      await remove(entry);
    }
  };

  return {
    async add(kind, packet) {
      await makeRoom(packet.payload.length);
      const name = `${String(++sequence).padStart(12, '0')}-${kind}`;
      await writeEntry(folder, name, packet);
      const entry = { name, kind, packet, sending: false };
      entries.set(name, entry);
      waitingBytes[kind] += packet.payload.length;
      send(entry);
    },
    attach(via) {
      publish = via;
      for (const entry of entries.values()) {
        entry.sending = false;
        send(entry);
      }
    },
    detach() {
      publish = undefined;
    },
    isFull: () => waitingBytes.return >= bytesMax,
    topics: () => [...entries.values()].map((entry) => entry.packet.topic),
    droppedEvents: () => dropped,
    drained: () => (entries.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}

async function writeEntry(folder: string, name: string, packet: Packet): Promise<void> {
  const beside = join(folder, `.${name}`);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(Buffer.concat([Buffer.from(`${packet.topic}\n`), packet.payload]));
    await file.datasync();
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
    entries.set(name, { name, kind: kind as OutboxKind, packet, sending: false });
  }
  return entries;
}
