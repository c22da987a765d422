import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../shared/clock.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { systemReason } from '../../shared/system_reason.ts';
import { findEnd, hashOf, type Until, type Verified, verifyAuditLog } from './verify_audit_log.ts';

/**
 * Who asked for what, and whether he was allowed: a line of JSON each, numbered, with the SHA-256 of itself and of the
 * line before. Whoever changes or removes a line must write all that follow anew.
 */
export interface AuditLog {
  /** Written within a hundredth of a second; what cannot be written is told in the log. */
  write(entry: Readonly<Record<string, unknown>>): void;
  /**
   * Reads all of it, when all is written. What this log wrote must be there: a file whose end is gone, or that was put
   * in the place of this one, is whole by itself. Throws FILE_UNREADABLE.
   */
  verify(): Promise<Verified>;
  /** Resolves when what others wrote before was read, and a change told in the log. */
  readonly verified: Promise<void>;
  close(): Promise<void>;
}

/** Where it lies. */
export function auditFile({ cachedir }: { readonly cachedir: string }): string {
  return join(cachedir, 'audit');
}

/** Lines of so long go in one write: three trips to the thread pool for each job would slow all jobs down. */
const GATHER_MS = 10;
/** So long at most until what was written would survive a power cut: a flush for each job would slow all jobs down. */
const FLUSH_MS = 1000;

/** Goes on where the file ends; what is before that is verified meanwhile. Throws FILE_UNREADABLE. */
export async function openAuditLog(path: string, clock: Clock, log: Logger): Promise<AuditLog> {
  const end = await findEnd(path);
  const closing = new AbortController();
  const verified = tellChange(path, log, { bytes: end.bytes, signal: closing.signal });
  let n = end.entries;
  let head = end.head;
  // A line that a power cut left half must not spoil the next.
  let waiting: string[] = end.isTorn ? ['\n'] : [];
  let writing: Promise<void> | undefined;
  let gathering: Timer | undefined;
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
  const begin = (): void => {
    gathering?.stop();
    gathering = undefined;
    if (waiting.length > 0) writing ??= writeAll();
  };
  const flush = async (): Promise<void> => {
    begin();
    while (writing !== undefined) await writing;
  };
  return {
    write(entry) {
      const body = JSON.stringify({ n: ++n, at: new Date(clock.nowMs()).toISOString(), ...entry, prev: head });
      head = hashOf(body);
      waiting.push(`${body.slice(0, -1)},"hash":"${head}"}\n`);
      gathering ??= clock.after(GATHER_MS, begin);
    },
    async verify() {
      const written = { entries: n, head };
      await flush();
      const found = await verifyAuditLog(path);
      if (found.broken !== undefined || found.entries > written.entries || isSame(found, written)) return found;
      return { ...found, broken: { line: found.entries + 1, why: 'what this master wrote is not there' } };
    },
    verified,
    async close() {
      closing.abort();
      await Promise.all([flush(), verified]);
      flushing?.stop();
      await flushToDisk();
      await handle.close();
    },
  };
}

function isSame(one: Verified, other: Verified): boolean {
  return one.entries === other.entries && one.head === other.head;
}

async function tellChange(path: string, log: Logger, until: Until): Promise<void> {
  try {
    const { broken } = await verifyAuditLog(path, until);
    if (broken === undefined) return;
    log.error('the audit log was changed', { file: path, line: broken.line, reason: broken.why });
  } catch (error) {
    if (!until.signal?.aborted) log.error('the audit log could not be verified', { reason: errorLine(error) });
  }
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
