import { open } from 'node:fs/promises';
import { type AppendFile, createAppendFile, openAppendFile } from '../../shared/disk/append_file.ts';
import { createGroupCommit } from '../../shared/disk/group_commit.ts';
import { fileErrors } from '../../shared/file_errors.ts';
import { ifThere } from '../../shared/if_there.ts';
import type { Logger } from '../../shared/log.ts';
import {
  decodeRecord,
  encodeRecord,
  type OutboxKind,
  type OutboxRecord,
  type Place,
  readAhead,
  scanRecords,
} from './outbox_record.ts';

/** The entries of the outbox in one file that only grows, and is written anew when most of it is done with. */
export interface Journal {
  /** What a former process left, in the order of the file. */
  readonly found: readonly FoundRecord[];
  /** Resolves when it would survive a power cut; when it rejects, it is not there. */
  add(record: OutboxRecord): Promise<void>;
  read(sequence: number): Promise<OutboxRecord>;
  /**
   * Done with, also while it is being written. Nobody waits for that: after a power cut the entry may be there again.
   */
  remove(sequence: number): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

export interface FoundRecord {
  readonly kind: OutboxKind;
  readonly sequence: number;
  readonly topic: string;
  readonly payloadBytes: number;
}

export interface JournalOptions {
  readonly path: string;
  /** What is done with may take so much of the file, bytes, and as much as what is not, … */
  readonly staleBytes: number;
  /** … up to this. */
  readonly staleBytesMax: number;
  readonly log: Logger;
}

/** Copied at a time. */
const COPY_BYTES = 1024 ** 2;

export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { path, log } = options;
  const opened = await openRecords(path, log);
  let { file, places } = opened;
  let liveBytes = sumOf(places);
  let notBefore = 0;

  const compact = async (): Promise<void> => {
    const staleBytes = file.end() - liveBytes;
    const limit = Math.max(options.staleBytes, Math.min(liveBytes, options.staleBytesMax), notBefore);
    if (staleBytes <= limit) return;
    try {
      const before = file;
      [file, places] = await copyRecords(path, before, places);
      notBefore = 0;
      await before.close();
    } catch (error) {
      // What is in the file is as good as before; a full disk may have room later.
      notBefore = staleBytes + options.staleBytes;
      log.warning('the outbox cannot be written anew', { path, error: String(error) });
    }
  };

  const write = async (items: readonly OutboxRecord[]): Promise<void> => {
    const done = new Map(items.filter(({ kind }) => kind === 'done').map((item) => [item.sequence, item]));
    const added = items.filter(({ kind, sequence }) => kind !== 'done' && !done.has(sequence));
    const removed = [...done.values()].filter(({ sequence }) => places.has(sequence));
    const pieces = [...added, ...removed].map(encodeRecord);
    let start: number;
    try {
      start = await file.append(Buffer.concat(pieces), { flush: added.length > 0 });
    } catch (error) {
      for (const item of removed) commit.later(item);
      throw error;
    }
    for (const [index, { sequence }] of added.entries()) {
      const bytes = pieces[index]?.length ?? 0;
      places.set(sequence, { start, bytes });
      start += bytes;
      liveBytes += bytes;
    }
    for (const { sequence } of removed) {
      liveBytes -= places.get(sequence)?.bytes ?? 0;
      places.delete(sequence);
    }
    await compact();
  };
  const commit = createGroupCommit(write);

  return {
    found: opened.found,
    add: (record) => commit.add(record),
    async read(sequence) {
      const { start, bytes } = places.get(sequence) ?? { start: 0, bytes: 0 };
      const record = decodeRecord(await file.read(start, bytes));
      if (record?.sequence !== sequence) throw new RangeError(`entry ${sequence} is not whole`);
      return record;
    },
    remove(sequence) {
      // What could not be written goes out with the next.
      commit.add({ kind: 'done', sequence, topic: '', payload: new Uint8Array() }).catch(() => undefined);
    },
    async close() {
      await commit.flush().catch((error: unknown) => {
        log.warning('what is done with may be sent again', { path, error: String(error) });
      });
      await file.close();
    },
  };
}

async function openRecords(path: string, log: Logger) {
  const places = new Map<number, Place>();
  const records = new Map<number, FoundRecord>();
  const size = await fileErrors(path, 'read', () => scanFile(path, places, records, log));
  const file =
    size === undefined ? await createAppendFile(path, async () => undefined) : await openAppendFile(path, size);
  return { file, places, found: [...records.values()] };
}

/** Resolves to where the last whole record ends; undefined when there is no file. */
async function scanFile(
  path: string,
  places: Map<number, Place>,
  records: Map<number, FoundRecord>,
  log: Logger,
): Promise<number | undefined> {
  const handle = await ifThere(open(path, 'r'));
  if (handle === undefined) return undefined;
  try {
    const read = async (start: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
      return buffer.subarray(0, bytesRead);
    };
    const { size } = await handle.stat();
    let end = 0;
    for await (const { start, bytes, record } of scanRecords(read, size)) {
      const { kind, sequence, topic, payload } = record;
      if (start > end) log.error('a part of the outbox is damaged and lost', { path, at: end, bytes: start - end });
      end = start + bytes;
      places.delete(sequence);
      records.delete(sequence);
      if (kind === 'done') continue;
      places.set(sequence, { start, bytes });
      records.set(sequence, { kind, sequence, topic, payloadBytes: payload.length });
    }
    const rest = await read(end, COPY_BYTES);
    // Written and not acknowledged before a power cut; or a disk that forgets.
    if (rest.some((byte) => byte !== 0))
      log.warning('the end of the outbox is not whole and is dropped', { path, end });
    return end;
  } finally {
    await handle.close();
  }
}

/** A new file with what is not done with, in the place of the old one, which stays open. */
async function copyRecords(
  path: string,
  before: AppendFile,
  places: ReadonlyMap<number, Place>,
): Promise<[AppendFile, Map<number, Place>]> {
  const view = readAhead((start, length) => before.read(start, length));
  const moved = new Map<number, Place>();
  const file = await createAppendFile(path, async (fresh) => {
    let pieces: Buffer[] = [];
    let at = 0;
    for (const [sequence, { start, bytes }] of places) {
      pieces.push(await view(start, bytes));
      moved.set(sequence, { start: at, bytes });
      at += bytes;
      if (at - fresh.end() < COPY_BYTES) continue;
      await fresh.append(Buffer.concat(pieces), { flush: false });
      pieces = [];
    }
    await fresh.append(Buffer.concat(pieces), { flush: false });
  });
  return [file, moved];
}

function sumOf(places: ReadonlyMap<number, Place>): number {
  return [...places.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}
