import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../shared/clock.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { systemReason } from '../../shared/system_reason.ts';
import { appendWhole } from './append_whole.ts';
import { type End, findEnd, hashOf, type Until, type Verified, verifyAuditLog } from './verify_audit_log.ts';

/**
 * Who asked for what, and whether he was allowed: a line of JSON each, numbered, with the SHA-256 of itself and of the
 * line before. Whoever changes or removes a line must write all that follow anew.
 */
export interface AuditLog {
  /**
   * Written within a hundredth of a second. What cannot be written is told in the log, waits, and is tried again; what
   * is too much to wait is counted, and an entry tells how much it was.
   */
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

/** Between two tries on a full disk. */
const RETRY_MS = 1000;
/** So much waits for a full disk, characters. */
const WAITING_MAX = 4 * 1024 ** 2;

/** Goes on where the file ends; what is before that is verified meanwhile. Throws FILE_UNREADABLE. */
export async function openAuditLog(path: string, clock: Clock, log: Logger): Promise<AuditLog> {
  const end = await findEnd(path);
  const closing = new AbortController();
  const verified = tellChange(path, log, { bytes: end.bytes, signal: closing.signal });
  const next = createChain(end, clock);
  /** What the file ends with. */
  let stored: Verified = end;
  let waiting: Line[] = [];
  let waitingLength = 0;
  /** Entries that could not even wait. */
  let lost = 0;
  let isFailing = false;
  let writing: Promise<void> | undefined;
  let gathering: Timer | undefined;
  const failed = (error: unknown): void => {
    log.error('the audit log cannot be written', { file: path, reason: systemReason(error) });
  };
  const file = appendWhole(await openToAppend(path), end, clock, failed);
  const add = (entry: Readonly<Record<string, unknown>>): void => {
    const line = next(entry);
    waiting.push(line);
    waitingLength += line.text.length;
  };
  const written = (lines: readonly Line[]): void => {
    for (const { text } of lines) waitingLength -= text.length;
    stored = lines.at(-1) as Line;
    if (isFailing) log.warning('the audit log is written again', { file: path, lost });
    isFailing = false;
    if (lost > 0) add({ op: 'audit', lost });
    lost = 0;
  };
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      try {
        await file.append(lines.map(({ text }) => text).join(''));
        written(lines);
      } catch (error) {
        waiting = [...lines, ...waiting];
        if (!isFailing) failed(error);
        isFailing = true;
        gathering ??= clock.after(RETRY_MS, begin);
        break;
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
      if (waitingLength > WAITING_MAX) lost++;
      else add(entry);
      gathering ??= clock.after(isFailing ? RETRY_MS : GATHER_MS, begin);
    },
    async verify() {
      await flush();
      const written = stored;
      const found = await verifyAuditLog(path);
      if (found.broken !== undefined || found.entries > written.entries || isSame(found, written)) return found;
      return { ...found, broken: { line: found.entries + 1, why: 'what this master wrote is not there' } };
    },
    verified,
    async close() {
      closing.abort();
      await Promise.all([flush(), verified]);
      gathering?.stop();
      await file.close();
    },
  };
}

interface Line {
  readonly text: string;
  /** Of the file that ends with it. */
  readonly entries: number;
  readonly head: string;
}

/** Makes the lines of entries, each of which tells the hash of the one before. */
function createChain({ entries, head }: End, clock: Clock): (entry: Readonly<Record<string, unknown>>) => Line {
  let last: Pick<Line, 'entries' | 'head'> = { entries, head };
  return (entry) => {
    const n = last.entries + 1;
    const body = JSON.stringify({ n, at: new Date(clock.nowMs()).toISOString(), ...entry, prev: last.head });
    const hash = hashOf(body);
    last = { entries: n, head: hash };
    return { ...last, text: `${body.slice(0, -1)},"hash":"${hash}"}\n` };
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
