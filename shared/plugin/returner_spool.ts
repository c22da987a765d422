import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../crypto/private_file.ts';
import { FleetError } from '../errors.ts';
import { limitParallel } from '../limit_parallel.ts';
import type { Logger } from '../log.ts';
import { makeWithParents } from '../make_with_parents.ts';
import { toJsonLine } from '../protocol/codec.ts';
import type { Destination } from './open_returner.ts';
import type { StoredEvent, StoredJob, StoredReturn } from './returner.ts';

/** One thing to be stored. */
export type Delivery =
  | { readonly kind: 'return'; readonly value: StoredReturn }
  | { readonly kind: 'job'; readonly value: StoredJob }
  | { readonly kind: 'events'; readonly value: readonly StoredEvent[] };

/** What is known of an entry without reading it. */
export interface SpoolEntry {
  readonly name: string;
  readonly kind: Delivery['kind'];
  readonly destination: Destination;
  /** When it was added, milliseconds since 1970. */
  readonly addedMs: number;
  /** On the disk, whole blocks. */
  readonly bytes: number;
}

/** What waits for returners, on disk: one file an entry, its first line says where it goes, the second is what goes there. */
export interface Spool {
  /** What a former process left, oldest first. */
  readonly found: readonly SpoolEntry[];
  /** Resolves when it would survive a power cut. Throws FILE_UNREADABLE. */
  write(entry: SpoolEntry, content: string): Promise<void>;
  /** Throws MESSAGE_INVALID when the file is gone or damaged. */
  read(entry: SpoolEntry): Promise<Delivery>;
  remove(entry: SpoolEntry): Promise<void>;
}

/** What a file takes on a disk, at least: thousands of small entries fill it as surely as a few large ones. */
const BLOCK_BYTES = 4096;
/** A whole fleet may return at once: files open at a time, and what the event loop has to do in one turn. */
const WRITES_MAX = 16;
/** First lines are short; what has none within this was not written by a spool. */
const HEAD_BYTES_MAX = 16 * 1024;

/** An entry and what its file will hold. */
export function prepareEntry(
  sequence: number,
  destination: Destination,
  { kind, value }: Delivery,
  addedMs: number,
): { readonly entry: SpoolEntry; readonly content: string } {
  const content = `${toJsonLine({ kind, destination, addedMs })}\n${toJsonLine(value)}`;
  const name = String(sequence).padStart(12, '0');
  return { entry: { name, kind, destination, addedMs, bytes: wholeBlocks(Buffer.byteLength(content)) }, content };
}

/** Throws what the system says when the folder cannot be made or read. */
export async function openSpool(folder: string, log: Logger): Promise<Spool> {
  await makeWithParents(folder, 0o700);
  const limited = limitParallel(WRITES_MAX);
  return {
    found: await findEntries(folder, log),
    write: ({ name }, content) => limited(() => writePrivateFile(join(folder, name), content)),
    read: (entry) => readDelivery(join(folder, entry.name), entry.kind),
    remove: ({ name }) => rm(join(folder, name), { force: true }),
  };
}

async function readDelivery(path: string, kind: Delivery['kind']): Promise<Delivery> {
  try {
    const text = await readFile(path, 'utf8');
    return { kind, value: JSON.parse(text.slice(text.indexOf('\n') + 1)) } as Delivery;
  } catch (cause) {
    throw new FleetError('MESSAGE_INVALID', `${path} of the returner queue is gone or damaged`, { cause });
  }
}

async function findEntries(folder: string, log: Logger): Promise<SpoolEntry[]> {
  const found: SpoolEntry[] = [];
  const buffer = Buffer.alloc(HEAD_BYTES_MAX);
  for (const name of (await readdir(folder)).sort()) {
    // A write that a crash cut short: nobody was told that it is kept.
    if (name.startsWith('.')) await rm(join(folder, name), { force: true });
    if (!/^\d{12}$/.test(name)) continue;
    const entry = await readHead(folder, name, buffer);
    if (entry === undefined)
      log.error('a file of the returner queue is damaged and left alone', { path: join(folder, name) });
    else found.push(entry);
  }
  return found;
}

async function readHead(folder: string, name: string, buffer: Buffer): Promise<SpoolEntry | undefined> {
  const file = await open(join(folder, name), 'r');
  try {
    const { bytesRead } = await file.read({ buffer });
    const head = buffer.toString('utf8', 0, Math.max(0, buffer.subarray(0, bytesRead).indexOf('\n')));
    if (!head.startsWith('{"kind":')) return undefined;
    const { size } = await file.stat();
    return { ...(JSON.parse(head) as Omit<SpoolEntry, 'name' | 'bytes'>), name, bytes: wholeBlocks(size) };
  } finally {
    await file.close();
  }
}

function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
