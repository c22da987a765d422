import { open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory } from '../../shared/disk/flush_directory.ts';
import type { Logger } from '../../shared/log.ts';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { openJournal } from './outbox_journal.ts';
import type { OutboxKind } from './outbox_record.ts';

/** What is known of an entry without reading it. */
export interface FoundEntry {
  readonly sequence: number;
  readonly kind: OutboxKind;
  readonly topic: string;
  readonly payloadBytes: number;
  /** Of the value that goes ahead in parts; 0 when there is none. */
  readonly contentBytes: number;
}

/**
 * The outbox on disk: a journal of entries, and beside it the values of large returns, a file each: `<sequence>-content`.
 */
export interface OutboxFolder {
  /** What a former process left, oldest first. */
  readonly found: readonly FoundEntry[];
  /** Resolves when it would survive a power cut. */
  write(kind: OutboxKind, sequence: number, packet: Packet, content: Uint8Array | undefined): Promise<void>;
  read(sequence: number): Promise<Packet>;
  readContent(sequence: number, start: number, end: number): Promise<Buffer<ArrayBuffer>>;
  /** Also what is still being written. */
  remove(sequence: number, hasContent: boolean): void;
  /** Resolves when nothing is being written or removed. */
  close(): Promise<void>;
}

/** What is done with may take so much of the journal before it is written anew. */
const STALE_BYTES = 256 * 1024;

export async function openOutboxFolder(folder: string, bytesMax: number, log: Logger): Promise<OutboxFolder> {
  await makeWithParents(folder, 0o700);
  const journal = await openJournal({
    path: join(folder, 'journal'),
    staleBytes: STALE_BYTES,
    staleBytesMax: Math.floor(bytesMax / 4),
    log,
  });
  const contents = await findContents(folder, new Set(journal.found.map(({ sequence }) => contentName(sequence))));
  const removals = new Set<Promise<void>>();
  const removeContent = async (sequence: number): Promise<void> => {
    try {
      await rm(join(folder, contentName(sequence)), { force: true });
    } catch (error) {
      log.error('a value of the outbox cannot be removed', { sequence, error: String(error) });
    }
  };
  return {
    found: journal.found
      .map((record) => ({ ...record, contentBytes: contents.get(contentName(record.sequence)) ?? 0 }))
      .sort((a, b) => a.sequence - b.sequence),
    async write(kind, sequence, { topic, payload }, content) {
      try {
        // The value first: an entry whose value is missing could never be sent.
        if (content !== undefined) await writeWhole(folder, contentName(sequence), content);
        await journal.add({ kind, sequence, topic, payload });
      } catch (error) {
        if (content !== undefined) await removeContent(sequence);
        throw error;
      }
    },
    async read(sequence) {
      const { topic, payload } = await journal.read(sequence);
      return { topic, payload, qos: 1, retain: false };
    },
    async readContent(sequence, start, end) {
      const file = await open(join(folder, contentName(sequence)), 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    remove(sequence, hasContent) {
      journal.remove(sequence);
      if (!hasContent) return;
      const removal = removeContent(sequence).finally(() => removals.delete(removal));
      removals.add(removal);
    },
    async close() {
      await Promise.all([...removals, journal.close()]);
    },
  };
}

function contentName(sequence: number): string {
  return `${String(sequence).padStart(12, '0')}-content`;
}

async function writeWhole(folder: string, name: string, content: Uint8Array): Promise<void> {
  const beside = join(folder, `.${name}`);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } catch (error) {
    // Half a file on a full disk would only keep it full.
    await unlink(beside);
    throw error;
  } finally {
    await file.close();
  }
  await rename(beside, join(folder, name));
  await flushDirectory(folder);
}

/** Sizes of the values that belong to an entry; the others go, and what was being written when the process was killed. */
async function findContents(folder: string, wanted: ReadonlySet<string>): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(folder)) {
    if (!/^\.?\d{12}-content$/.test(name)) continue;
    if (wanted.has(name)) sizes.set(name, (await stat(join(folder, name))).size);
    else await unlink(join(folder, name));
  }
  return sizes;
}
