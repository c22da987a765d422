import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory } from '../../shared/crypto/private_file.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import { createGroupCommit } from '../lib/group_commit.ts';

export type OutboxKind = 'return' | 'event';

/** What is known of an entry without reading it. */
export interface FoundEntry {
  readonly name: string;
  readonly kind: OutboxKind;
  readonly topic: string;
  readonly payloadBytes: number;
  /** Of the value that goes ahead in parts; 0 when there is none. */
  readonly contentBytes: number;
}

/**
 * The outbox on disk. One file an entry: `<sequence>-<kind>`, first line the topic, then the payload as it was. The value of
 * a large return stands beside it, in `<sequence>-content`.
 */
export interface OutboxFolder {
  /** What a former process left, oldest first. */
  readonly found: readonly FoundEntry[];
  /** Resolves when it would survive a power cut. */
  write(name: string, packet: Packet, content: Uint8Array | undefined): Promise<void>;
  read(name: string, topic: string): Promise<Packet>;
  readContent(name: string, start: number, end: number): Promise<Buffer<ArrayBuffer>>;
  /** What is still being written goes when it is there. */
  remove(name: string, hasContent: boolean): Promise<void>;
  /** Resolves when nothing is being written or removed. */
  idle(): Promise<void>;
}

/** Longer than any topic. */
const FIRST_LINE_MAX = 1024;
const FILES_OPEN_MAX = 32;

export async function openOutboxFolder(folder: string): Promise<OutboxFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = createGroupCommit(() => flushDirectory(folder));
  const found = await findEntries(folder);
  const writes = new Map<string, Promise<void>>();
  const removals = new Set<Promise<void>>();
  const write = async (name: string, packet: Packet, content: Uint8Array | undefined): Promise<void> => {
    // The value first: an entry whose value is missing could never be sent.
    if (content !== undefined) await writeWhole(folder, contentName(name), [content]);
    try {
      await writeWhole(folder, name, [Buffer.from(`${packet.topic}\n`), packet.payload]);
      await names.add(undefined);
    } catch (error) {
      if (content !== undefined) await rm(join(folder, contentName(name)), { force: true });
      throw error;
    }
  };
  const remove = async (name: string, hasContent: boolean): Promise<void> => {
    const isWritten = await writes.get(name)?.then(
      () => true,
      () => false,
    );
    if (isWritten === false) return;
    await unlink(join(folder, name));
    if (hasContent) await rm(join(folder, contentName(name)), { force: true });
  };
  return {
    found,
    async write(name, packet, content) {
      const written = write(name, packet, content);
      writes.set(name, written);
      try {
        await written;
      } finally {
        writes.delete(name);
      }
    },
    async read(name, topic) {
      const bytes = await readFile(join(folder, name));
      return { topic, payload: bytes.subarray(bytes.indexOf(0x0a) + 1), qos: 1, retain: false };
    },
    async readContent(name, start, end) {
      const file = await open(join(folder, contentName(name)), 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async remove(name, hasContent) {
      const removed = remove(name, hasContent);
      removals.add(removed);
      try {
        await removed;
      } finally {
        removals.delete(removed);
      }
    },
    async idle() {
      while (writes.size + removals.size > 0) await Promise.allSettled([...writes.values(), ...removals]);
    },
  };
}

function contentName(name: string): string {
  return name.replace(/-.*$/, '-content');
}

async function writeWhole(folder: string, name: string, pieces: readonly Uint8Array[]): Promise<void> {
  const beside = join(folder, `.${name}`);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces));
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

async function findEntries(folder: string): Promise<FoundEntry[]> {
  const all = (await readdir(folder)).sort();
  const entries = all.filter((name) => /^\d{12}-(return|event)$/.test(name));
  const contents = new Set(entries.map(contentName));
  for (const name of all) {
    // What was being written when the process was killed, and values whose entry never came or is gone.
    const isLeftOver = /^\d{12}-content$/.test(name) && !contents.has(name);
    if (name.startsWith('.') || isLeftOver) await unlink(join(folder, name));
  }
  const limited = limitParallel(FILES_OPEN_MAX);
  return Promise.all(entries.map((name) => limited(() => findEntry(folder, name))));
}

async function findEntry(folder: string, name: string): Promise<FoundEntry> {
  const file = await open(join(folder, name), 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_MAX), 0, FIRST_LINE_MAX, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
    const { size } = await file.stat();
    return {
      name,
      kind: name.slice(13) as OutboxKind,
      topic: buffer.subarray(0, end).toString(),
      payloadBytes: size - end - 1,
      contentBytes: await sizeOf(join(folder, contentName(name))),
    };
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
