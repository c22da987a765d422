import { readFile } from 'node:fs/promises';
import { systemErrorCode } from '../../shared/errors.ts';
import { createGroupCommit } from '../lib/group_commit.ts';
import { createLineLog, type LineLog, wholeLines } from '../lib/line_log.ts';

interface Entry {
  readonly exp: number;
  finished: boolean;
}

/**
 * Every job id this minion took, on disk, so that none runs twice: written before the job is acknowledged, kept until
 * no honest copy of it can arrive any more.
 */
export interface Ledger {
  has(jid: string): boolean;
  /** Resolves when the line would survive a power cut; when it rejects, the job was not taken. */
  accept(jid: string, exp: number): Promise<void>;
  /** The job's return is in the outbox. */
  finish(jid: string): void;
  /** Jobs that were taken and never finished: the minion was killed in the middle of them. */
  readonly interrupted: readonly string[];
  close(): Promise<void>;
}

/** A job may reach a minion whose clock is behind for this long after it expired. */
const MARGIN_SECONDS = 3600;
/** Lines that may be out of date before the file is written anew. */
const STALE_LINES_MAX = 4096;

/** Lines are `+ <jid> <exp>` and `- <jid>`. A torn last line, from a power cut, was never acknowledged and is dropped. */
export async function openLedger(path: string, nowSeconds: () => number): Promise<Ledger> {
  const entries = parseLedger(await readOrEmpty(path));
  const interrupted = [...entries].filter(([, entry]) => !entry.finished).map(([jid]) => jid);
  let log = await rewrite(path, entries, nowSeconds());
  let staleLines = 0;
  const commit = createGroupCommit<string>(async (lines) => {
    await log.append(lines.join(''));
    if (staleLines > STALE_LINES_MAX) {
      const before = log;
      log = await rewrite(path, entries, nowSeconds());
      staleLines = 0;
      await before.close();
    }
  });
  return {
    has: (jid) => entries.has(jid),
    async accept(jid, exp) {
      entries.set(jid, { exp, finished: false });
      try {
        await commit.add(`+ ${jid} ${exp}\n`);
      } catch (error) {
        entries.delete(jid);
        throw error;
      }
    },
    finish(jid) {
      const entry = entries.get(jid);
      if (entry === undefined || entry.finished) return;
      entry.finished = true;
      staleLines += 2;
      // Nobody waits for this line: without it the job counts as interrupted only if its return is not in the outbox.
      commit.later(`- ${jid}\n`);
    },
    interrupted,
    async close() {
      await commit.flush();
      await log.close();
    },
  };
}

export function parseLedger(text: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const line of wholeLines(text)) {
    const [sign, jid = '', exp] = line.split(' ');
    if (sign === '+') entries.set(jid, { exp: Number(exp), finished: false });
    const known = entries.get(jid);
    if (sign === '-' && known !== undefined) known.finished = true;
  }
  return entries;
}

/** Forgets what expired. */
function rewrite(path: string, entries: Map<string, Entry>, now: number): Promise<LineLog> {
  for (const [jid, { exp, finished }] of entries) {
    if (finished && exp + MARGIN_SECONDS < now) entries.delete(jid);
  }
  const lines = [...entries].map(([jid, { exp, finished }]) => `+ ${jid} ${exp}\n${finished ? `- ${jid}\n` : ''}`);
  return createLineLog(path, lines.join(''));
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return '';
  }
}
