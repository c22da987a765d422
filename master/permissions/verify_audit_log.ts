import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import { systemReason } from '../../shared/system_reason.ts';

export interface Verified {
  readonly entries: number;
  /** The hash of the last line: kept elsewhere, it proves that nothing before it was changed. */
  readonly head: string;
  /** The first line that is not what it was, and why. */
  readonly broken?: { readonly line: number; readonly why: string };
}

/** How far to read. */
export interface Until {
  /** Left out: the whole file. */
  readonly bytes?: number;
  readonly signal?: AbortSignal;
}

/** Where to go on. */
export interface End {
  /** Lines, as far as the last whole entry tells. */
  readonly entries: number;
  readonly head: string;
  readonly bytes: number;
  /** The last line has no end. */
  readonly isTorn: boolean;
}

const FIRST = '0'.repeat(64);
/** More than the longest entry: what somebody asks is a payload of 256 KiB at most. */
const TAIL_BYTES = 1024 * 1024;

/** Reads all, or as much as is asked for. A file that is not there has no entries. Throws FILE_UNREADABLE. */
export async function verifyAuditLog(path: string, { bytes, signal }: Until = {}): Promise<Verified> {
  let entries = 0;
  let head = FIRST;
  let broken: Verified['broken'];
  if (bytes === 0) return { entries, head };
  const input = createReadStream(path, { ...(bytes && { end: bytes - 1 }), ...(signal && { signal }) });
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      entries++;
      const why = whyBroken(line, entries, head);
      if (why !== undefined) broken ??= { line: entries, why };
      head = /"hash":"([0-9a-f]{64})"\}$/.exec(line)?.[1] ?? head;
    }
  } catch (cause) {
    if (isMissing(cause)) return { entries: 0, head: FIRST };
    throw unreadable(path, cause);
  }
  return { entries, head, ...(broken !== undefined && { broken }) };
}

/**
 * Where the file ends, from its last lines: a start takes no longer, the longer the file is. Only when there is no whole
 * entry in them, all is read. Throws FILE_UNREADABLE.
 */
export async function findEnd(path: string): Promise<End> {
  const { tail, bytes } = await readTail(path);
  const isTorn = bytes > 0 && !tail.endsWith('\n');
  const lines = (isTorn ? tail : tail.slice(0, -1)).split('\n');
  for (let after = 0; after < lines.length; after++) {
    const entry = readEntry(lines.at(-1 - after) ?? '');
    if (entry !== undefined) return { entries: entry.n + after, head: entry.hash, bytes, isTorn };
  }
  const { entries, head } = await verifyAuditLog(path, { bytes });
  return { entries, head, bytes, isTorn };
}

async function readTail(path: string): Promise<{ readonly tail: string; readonly bytes: number }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return { tail: buffer.toString('utf8'), bytes: size };
  } catch (cause) {
    if (isMissing(cause)) return { tail: '', bytes: 0 };
    throw unreadable(path, cause);
  } finally {
    await handle?.close();
  }
}

function whyBroken(line: string, n: number, head: string): string | undefined {
  const [, body, hash] = /^(.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  if (body === undefined) return 'it is not a whole entry';
  if (hashOf(`${body}}`) !== hash) return 'it was changed';
  if (!body.endsWith(`"prev":"${head}"`)) return 'the line before it was changed, removed or added';
  return body.startsWith(`{"n":${n},`) ? undefined : 'its number is not that of its line';
}

function readEntry(line: string): { readonly n: number; readonly hash: string } | undefined {
  const [, body, n, hash = ''] = /^(\{"n":(\d+),.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  return body === undefined || hashOf(`${body}}`) !== hash ? undefined : { n: Number(n), hash };
}

function isMissing(error: unknown): boolean {
  return systemErrorCode(error) === 'ENOENT';
}

function unreadable(path: string, cause: unknown): FleetError {
  return new FleetError('FILE_UNREADABLE', `the audit log ${path} cannot be read: ${systemReason(cause)}`, { cause });
}

/** Of an entry without its hash. */
export function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
