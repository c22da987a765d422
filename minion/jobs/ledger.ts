import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { createGroupCommit } from '../../shared/disk/group_commit.ts';
import { fileErrors } from '../../shared/file_errors.ts';
import { ifThere } from '../../shared/if_there.ts';
import type { Logger } from '../../shared/log.ts';
import { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { createLineLog, decodeLines, type LineLog } from '../lib/line_log.ts';

/** What a return needs besides its jid when no master knows the job, because the minion gave it to itself. */
const OwnReturn = v.pick(ReturnPayload, ['fun', 'fun_args', 'schedule', 'metadata']);
export type OwnReturn = v.InferOutput<typeof OwnReturn>;
const OwnText = v.pipe(v.string(), v.parseJson(), v.nullable(OwnReturn));

interface Entry {
  readonly exp: number;
  /** Of a job that the minion gave to itself; null when nobody is told how it ended. */
  readonly own?: OwnReturn | null | undefined;
  readonly finished: boolean;
}

/** A job that was taken and never finished: the minion was killed in the middle of it. */
export interface InterruptedJob {
  readonly jid: string;
  readonly own?: OwnReturn | null | undefined;
}

/**
 * Every job id this minion took, on disk, so that none runs twice: written before the job is acknowledged, kept until
 * no honest copy of it can arrive any more.
 */
export interface Ledger {
  has(jid: string): boolean;
  /** Resolves when the line would survive a power cut; when it rejects, the job was not taken. */
  accept(jid: string, exp: number, own?: OwnReturn | null): Promise<void>;
  /** The job's return is in the outbox. */
  finish(jid: string): void;
  readonly interrupted: readonly InterruptedJob[];
  close(): Promise<void>;
}

/** A job may reach a minion whose clock is behind for this long after it expired. */
const MARGIN_SECONDS = 3600;
/** Lines that may be out of date before the file is written anew. */
const STALE_LINES_MAX = 4096;

/**
 * Lines are `+ <jid> <exp>`, with JSON behind it when the job is the minion's own, and `- <jid>`, each behind its checksum.
 * A torn last line, from a power cut, was never acknowledged and is dropped.
 */
export async function openLedger(path: string, nowSeconds: () => number, logger: Logger): Promise<Ledger> {
  const { lines, mended, lostBytes } = decodeLines(
    (await fileErrors(path, 'read', () => ifThere(readFile(path)))) ?? Buffer.alloc(0),
  );
  if (mended > 0) logger.warning('the ledger of jobs was damaged and is set right', { path, places: mended });
  if (lostBytes > 0)
    logger.error('a part of the ledger of jobs is damaged, and what it held may run again', { path, bytes: lostBytes });
  const entries = parseLedger(lines);
  const interrupted = [...entries].filter(([, { finished }]) => !finished).map(([jid, { own }]) => ({ jid, own }));
  let log = await rewrite(path, entries, nowSeconds());
  let staleLines = 0;
  const beginAnew = async (): Promise<void> => {
    // When that fails, what is in the file is as good as before, and the next try comes after as many lines.
    staleLines = 0;
    const before = log;
    try {
      log = await rewrite(path, entries, nowSeconds());
      await before.close();
    } catch (error) {
      logger.warning('the ledger of jobs cannot be written anew', { path, error: String(error) });
    }
  };
  const commit = createGroupCommit<string>(async (lines) => {
    try {
      await log.append(lines);
    } catch (error) {
      for (const line of lines.filter(isFinishedLine)) commit.later(line);
      throw error;
    }
    if (staleLines > STALE_LINES_MAX) await beginAnew();
  });
  return {
    has: (jid) => entries.has(jid),
    async accept(jid, exp, own) {
      const entry = { exp, own, finished: false };
      entries.set(jid, entry);
      try {
        await commit.add(takenLine(jid, entry));
      } catch (error) {
        entries.delete(jid);
        throw error;
      }
    },
    finish(jid) {
      const entry = entries.get(jid);
      if (entry === undefined || entry.finished) return;
      entries.set(jid, finished(entry));
      staleLines += 2;
      // Nobody waits for this line: without it the job counts as interrupted only if its return is not in the outbox.
      commit.later(finishedLine(jid));
    },
    interrupted,
    async close() {
      await commit.flush();
      await log.close();
    },
  };
}

export function parseLedger(lines: readonly string[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const line of lines) {
    const [sign, jid = '', exp, ...own] = line.split(' ');
    if (sign === '+') entries.set(jid, { exp: Number(exp), own: parseOwn(own.join(' ')), finished: false });
    const known = entries.get(jid);
    if (sign === '-' && known !== undefined) entries.set(jid, finished(known));
  }
  return entries;
}

const finishedLine = (jid: string): string => `- ${jid}`;
const isFinishedLine = (line: string): boolean => line.startsWith('-');

function takenLine(jid: string, { exp, own }: Entry): string {
  return `+ ${jid} ${exp}${own === undefined ? '' : ` ${JSON.stringify(own)}`}`;
}

function parseOwn(text: string): OwnReturn | null | undefined {
  const own = v.safeParse(OwnText, text);
  return own.success ? own.output : undefined;
}

/** Only what never finished is reported, and only that needs to know more. */
function finished({ exp }: Entry): Entry {
  return { exp, finished: true };
}

/** Forgets what expired. */
function rewrite(path: string, entries: Map<string, Entry>, now: number): Promise<LineLog> {
  for (const [jid, { exp, finished }] of entries) {
    if (finished && exp + MARGIN_SECONDS < now) entries.delete(jid);
  }
  const lines = [...entries].flatMap(([jid, entry]) =>
    entry.finished ? [takenLine(jid, entry), finishedLine(jid)] : [takenLine(jid, entry)],
  );
  return createLineLog(path, lines);
}
