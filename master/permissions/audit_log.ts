import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { systemReason } from '../../shared/system_reason.ts';

/**
 * Who asked for what, and whether he was allowed: a line of JSON each, numbered, with the SHA-256 of itself and of the
 * line before. Whoever changes or removes a line must write all that follow anew.
 */
export interface AuditLog {
  /** Written soon; what cannot be written is told in the log. */
  write(entry: Readonly<Record<string, unknown>>): void;
  /** Resolves when all is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface Verified {
  readonly entries: number;
  /** The hash of the last line: kept elsewhere, it proves that nothing before it was changed. */
  readonly head: string;
  /** The first line that is not what it was, and why. */
  readonly broken?: { readonly line: number; readonly why: string };
}

/** Where it lies. */
export function auditFile({ cachedir }: { readonly cachedir: string }): string {
  return join(cachedir, 'audit');
}

/** So long at most until what was written would survive a power cut: a flush for each job would slow all jobs down. */
const FLUSH_MS = 1000;
const FIRST = '0'.repeat(64);

/** Goes on where the file ends. Throws FILE_UNREADABLE. */
export async function openAuditLog(path: string, clock: Clock, log: Logger): Promise<AuditLog> {
  const last = await verifyAuditLog(path);
  if (last.broken !== undefined) {
    log.error('the audit log was changed', { file: path, line: last.broken.line, reason: last.broken.why });
  }
  let n = last.entries;
  let head = last.head;
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;
  const handle = await openToAppend(path);
  let flushing: Timer | undefined;
  const flushToDisk = async (): Promise<void> => {
    flushing = undefined;
    await handle.datasync().catch((error: unknown) => {
      log.error('the audit log cannot be written', { file: path, reason: systemReason(error) });
    });
  };
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting.join('');
      waiting = [];
      try {
        await handle.appendFile(lines);
        flushing ??= clock.after(FLUSH_MS, () => void flushToDisk());
      } catch (error) {
        log.error('the audit log cannot be written', { file: path, reason: systemReason(error) });
      }
    }
    writing = undefined;
  };
  const flush = async (): Promise<void> => {
    while (writing !== undefined) await writing;
  };
  return {
    write(entry) {
      const body = JSON.stringify({ n: ++n, at: new Date(clock.nowMs()).toISOString(), ...entry, prev: head });
      head = hashOf(body);
      waiting.push(`${body.slice(0, -1)},"hash":"${head}"}\n`);
      writing ??= writeAll();
    },
    flush,
    async close() {
      await flush();
      flushing?.stop();
      await flushToDisk();
      await handle.close();
    },
  };
}

/** Reads the whole file. A file that is not there has no entries. */
export async function verifyAuditLog(path: string): Promise<Verified> {
  let entries = 0;
  let head = FIRST;
  let broken: Verified['broken'];
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      entries++;
      const why = whyBroken(line, entries, head);
      if (why !== undefined) broken ??= { line: entries, why };
      head = /"hash":"([0-9a-f]{64})"\}$/.exec(line)?.[1] ?? head;
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { entries: 0, head: FIRST };
    throw new FleetError('FILE_UNREADABLE', `the audit log ${path} cannot be read: ${systemReason(cause)}`, { cause });
  }
  return { entries, head, ...(broken !== undefined && { broken }) };
}

function whyBroken(line: string, n: number, head: string): string | undefined {
  const [, body, hash] = /^(.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? [];
  if (body === undefined) return 'it is not a whole entry';
  if (hashOf(`${body}}`) !== hash) return 'it was changed';
  if (!body.endsWith(`"prev":"${head}"`)) return 'the line before it was changed, removed or added';
  return body.startsWith(`{"n":${n},`) ? undefined : 'its number is not that of its line';
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a', 0o600);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `the audit log ${path} cannot be written: ${systemReason(cause)}`, {
      cause,
    });
  }
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
