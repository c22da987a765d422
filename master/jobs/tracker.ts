import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { createTurns, eachInTurns, inTurn, nextTurn } from '../../shared/pace.ts';
import type { JobStateName } from '../../shared/protocol/messages/operator.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { HeldEvent } from '../events/event_bus.ts';
import { isTerminal, type JobEvent, nextState } from './job_state.ts';
import type { EndedRow, JobRecord, JobStore } from './job_store.ts';

/** One minion's part of a job that is not over. */
export interface Row {
  readonly id: string;
  state: JobStateName;
  /** Seconds UTC of the last change of state. */
  since: number;
  reason: string | undefined;
  /** For how many milliseconds the master has listened in vain since the last sign of life: a state, a progress. */
  silentMs: number;
  /** For how many it has listened since this state was to be over; undefined before. */
  overdueMs: number | undefined;
  /** It was sent, or the master was restarted since: the minion may have it, and what it returns is still awaited. */
  mayHaveIt: boolean;
  /** Seconds UTC; not to be started at or after it. Of a part of a batch, set when its turn comes. */
  exp: number;
  /** An operator wants it stopped; the minion is told until it answers. */
  isCancelled: boolean;
  /** What the minion is running it as. */
  pid: number | undefined;
  /** It is over on the minion, and what it returns is on its way in parts. */
  isReturning: boolean;
  /** Its end is being stored. */
  ending: Promise<void> | undefined;
}

export interface ActiveJob {
  readonly record: JobRecord;
  /** Rows whose end is not stored yet. */
  readonly rows: Map<string, Row>;
}

/** Something an onlooker of a job wants to know: a row changed, or ended with a return. */
export interface JobUpdate {
  readonly id: string;
  readonly state: JobStateName;
  readonly since: number;
  readonly reason: string | undefined;
  readonly result: ReturnPayload | undefined;
}
export type JobWatcher = (update: JobUpdate) => void;

/** What an onlooker may want to see beside: partial output, and whose turn in a batch it is. */
export type JobNews =
  | { readonly kind: 'progress'; readonly id: string; readonly data: unknown }
  | { readonly kind: 'released'; readonly ids: readonly string[] };
export type NewsWatcher = (news: JobNews) => void;

/** The event that tells the bus of an ended row or a return: stored with it, out after the commit. */
export type EventOfEnd = (record: JobRecord, update: JobUpdate) => HeldEvent;
/** What ended rows and returns others hear of, once each and after the commit. */
export type EndedListener = (record: JobRecord, update: JobUpdate) => void;

/** The jobs that are not over, in memory; everything that is over is in the store. */
export interface Tracker {
  /** `hold` makes the event that tells of it: stored with it, and out after the commit. */
  add(record: JobRecord, ended: ReadonlyMap<string, EndedRow>, hold?: () => HeldEvent): Promise<ActiveJob>;
  get(jid: string): ActiveJob | undefined;
  all(): Iterable<ActiveJob>;
  /** Rows that are not over, of all jobs. */
  openCount(): number;
  row(jid: string, id: string): Row | undefined;
  /**
   * Something happened to a row. Resolves when what must survive is stored; an ending is told to watchers only then.
   * False when that row is not open (it is over, or never was); a first return is kept all the same. Rejects when the
   * store cannot commit.
   */
  commit(jid: string, id: string, event: JobEvent, detail?: Detail): Promise<boolean>;
  /**
   * The same for those who cannot do anything about a failed commit: it is logged, and the row stays as it was. No promise
   * when nothing has to be stored.
   */
  advance(jid: string, id: string, event: JobEvent, detail?: Detail): boolean | Promise<boolean>;
  /** The same for many, some at a time: each end is a write, an event and news for onlookers. */
  advanceAll(changes: Iterable<RowChange>): Promise<void>;
  /** Hears of each change of that job until stopped. */
  watch(jid: string, watcher: JobWatcher, news?: NewsWatcher): () => void;
  /** Tells onlookers what changes no row. */
  tellNews(jid: string, news: JobNews): void;
}

/** What happens to one part. */
export interface RowChange {
  readonly jid: string;
  readonly id: string;
  readonly event: JobEvent;
  readonly reason: string | undefined;
}

export interface Detail {
  readonly reason?: string | undefined;
  readonly result?: ReturnPayload;
  readonly pid?: number | undefined;
  /** False: the minion handed it back. */
  readonly mayHaveIt?: false;
}

/** A job that was not over when the master stopped. */
export interface OpenJob {
  readonly record: JobRecord;
  readonly ended: ReadonlyMap<string, EndedRow>;
  /** Parts that are to be stopped and are not over. */
  readonly cancelled: readonly string[];
}

/** Parts that end in one commit, when many are to: some 5 ms of the event loop before it, and as much after it. */
const ENDED_AT_A_TIME = 128;

/** Job by job, with other work in between: for the start of a master. */
export async function readOpenJobs(jobs: JobStore): Promise<readonly OpenJob[]> {
  const open: OpenJob[] = [];
  for await (const record of jobs.activeJobs()) {
    const { jid } = record;
    open.push({ record, ended: jobs.endedRows(jid), cancelled: jobs.cancelledIds(jid) });
  }
  return open;
}

export interface TrackerOptions {
  readonly jobs: JobStore;
  /** As the store has them at the start. */
  readonly open: readonly OpenJob[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly eventOf: EventOfEnd;
  readonly ended: EndedListener;
}

export function createTracker({ jobs, open, clock, log, eventOf, ended }: TrackerOptions): Tracker {
  const active = openActiveJobs(open, clock, createCloser(jobs, log));
  const { watch, tell, tellNews } = createWatchers();
  const keepLate = createLateReturns(jobs, eventOf, ended);
  // One commit is of many ends: to tell of them all at once would take too long.
  const takeTurn = createTurns();

  /** The row is open until its end is stored: whoever asks for open rows must still find those that nobody was told of. */
  const end = async (job: ActiveJob, row: Row, state: JobStateName, { reason, result }: Detail): Promise<true> => {
    const { jid } = job.record;
    const since = nowSeconds(clock);
    // Others may be ending too, but one of them may fail: only what is stored counts.
    const isLast = job.rows.size === 1;
    const update = { id: row.id, state, since, reason, result };
    const event = eventOf(job.record, update);
    row.ending = jobs.endRow(jid, row.id, { state, since, reason }, result, isLast, event.change);
    try {
      await row.ending;
    } catch (error) {
      event.drop();
      row.ending = undefined;
      throw error;
    }
    return inTurn(takeTurn, () => {
      active.remove(job, row);
      if (job.rows.size === 0 && !isLast) active.close(jid);
      event.fire();
      // Onlookers hear of this end before they hear of whose turn it is next.
      tell(jid, update);
      ended(job.record, update);
      return true;
    });
  };

  /** A promise only where there is something to wait for: of the changes of a part, its end alone is stored. */
  const change = (jid: string, id: string, event: JobEvent, detail: Detail = {}): boolean | Promise<boolean> => {
    const job = active.get(jid);
    const row = job?.rows.get(id);
    if (job === undefined || row === undefined) {
      return detail.result === undefined ? false : keepLate(jid, id, detail.result).then(() => false);
    }
    // A second return must not be acknowledged before the first is stored.
    if (row.ending !== undefined) return row.ending.then(() => false);
    const state = nextState(row.state, event);
    if (state === undefined) {
      log.error('impossible change of a job, ignored', { jid, minion: id, state: row.state, event });
      return false;
    }
    row.silentMs = 0;
    if (detail.pid !== undefined) row.pid = detail.pid;
    row.mayHaveIt = event === 'send' || state === 'running' || (detail.mayHaveIt ?? row.mayHaveIt);
    if (isTerminal(state)) return end(job, row, state, detail);
    if (state !== row.state) tell(jid, move(row, state, detail.reason, nowSeconds(clock)));
    return true;
  };

  const advance = createAdvance(change, log);
  return {
    async add(record, endedRows, hold) {
      const rows = await openRows(record, endedRows, clock);
      const event = hold?.();
      await orDrop(event, jobs.addJob(record, endedRows, event?.change));
      const job = active.add(record, rows);
      event?.fire();
      return job;
    },
    get: active.get,
    all: active.all,
    openCount: active.openCount,
    row: (jid, id) => active.get(jid)?.rows.get(id),
    commit: async (jid, id, event, detail) => change(jid, id, event, detail),
    advance,
    advanceAll: (changes) => advanceSome(advance, changes),
    watch,
    tellNews,
  };
}

function createAdvance(change: Tracker['advance'], log: Logger): Tracker['advance'] {
  return (jid, id, event, detail) => {
    const failed = (error: unknown): false => {
      log.error('a change of a job could not be stored', { jid, minion: id, event, error: String(error) });
      return false;
    };
    try {
      const changed = change(jid, id, event, detail);
      return typeof changed === 'boolean' ? changed : changed.catch(failed);
    } catch (error) {
      return failed(error);
    }
  };
}

function createCloser(jobs: JobStore, log: Logger): (jid: string) => void {
  return (jid) => {
    jobs.closeJob(jid).catch((error: unknown) => {
      log.warning('a job that is over is kept as an open one until the next start', { jid, error: String(error) });
    });
  };
}

async function advanceSome(advance: Tracker['advance'], changes: Iterable<RowChange>): Promise<void> {
  let some: (boolean | Promise<boolean>)[] = [];
  for (const { jid, id, event, reason } of changes) {
    some.push(advance(jid, id, event, { reason }));
    if (some.length < ENDED_AT_A_TIME) continue;
    await Promise.all(some);
    some = [];
    await nextTurn();
  }
  await Promise.all(some);
}

function move(row: Row, state: JobStateName, reason: string | undefined, now: number): JobUpdate {
  row.state = state;
  row.since = now;
  row.reason = reason;
  row.overdueMs = undefined;
  return { id: row.id, state, since: now, reason, result: undefined };
}

/** An event whose change could not be stored goes nowhere. */
async function orDrop(event: HeldEvent | undefined, stored: Promise<void>): Promise<void> {
  try {
    await stored;
  } catch (error) {
    event?.drop();
    throw error;
  }
}

function openActiveJobs(open: readonly OpenJob[], clock: Clock, close: (jid: string) => void) {
  const active = new Map<string, ActiveJob>();
  let openCount = 0;
  const add = (record: JobRecord, rows: Map<string, Row>): ActiveJob => {
    const job: ActiveJob = { record, rows };
    if (rows.size > 0) active.set(record.jid, job);
    openCount += rows.size;
    return job;
  };
  for (const { record, ended, cancelled } of open) {
    const ids = record.minions.filter((id) => !ended.has(id));
    const rows = new Map(ids.map((id) => [id, openRow(id, record, clock, true)]));
    add(record, rows);
    if (rows.size === 0) close(record.jid);
    for (const id of cancelled) (rows.get(id) as Row).isCancelled = true;
  }
  return {
    add,
    get: (jid: string) => active.get(jid),
    all: () => active.values(),
    openCount: () => openCount,
    close,
    remove(job: ActiveJob, row: Row): void {
      job.rows.delete(row.id);
      openCount--;
      if (job.rows.size === 0) active.delete(job.record.jid);
    },
  };
}

/**
 * A return that comes when the master has given its part up, or was told of another end, is not lost: it is stored with
 * the job and told as returns are. How the part ended stays as it was.
 */
function createLateReturns(jobs: JobStore, eventOf: EventOfEnd, ended: EndedListener) {
  const writes = new Map<string, Promise<void>>();
  const write = async (record: JobRecord, id: string, result: ReturnPayload): Promise<void> => {
    const row = jobs.endedRow(record.jid, id);
    if (row === undefined) return jobs.addReturn(record.jid, id, result);
    const update = { ...row, id, reason: row.reason, result };
    const event = eventOf(record, update);
    await orDrop(event, jobs.addReturn(record.jid, id, result, event.change));
    event.fire();
    ended(record, update);
  };
  return async (jid: string, id: string, result: ReturnPayload): Promise<void> => {
    const key = `${jid}/${id}`;
    const record = jobs.job(jid);
    if (record === undefined || !record.minions.includes(id) || jobs.hasReturn(jid, id)) return;
    const writing = writes.get(key) ?? write(record, id, result).finally(() => writes.delete(key));
    writes.set(key, writing);
    await writing;
  };
}

/** Who looks on at which job. */
function createWatchers() {
  const watchers = new Map<string, Set<{ readonly row: JobWatcher; readonly news: NewsWatcher | undefined }>>();
  return {
    tell(jid: string, update: JobUpdate): void {
      for (const { row } of watchers.get(jid) ?? []) row(update);
    },
    tellNews(jid: string, news: JobNews): void {
      for (const watcher of watchers.get(jid) ?? []) watcher.news?.(news);
    },
    watch(jid: string, row: JobWatcher, news?: NewsWatcher): () => void {
      const watcher = { row, news };
      const all = watchers.get(jid) ?? new Set();
      watchers.set(jid, all.add(watcher));
      return () => {
        all.delete(watcher);
        if (all.size === 0) watchers.delete(jid);
      };
    },
  };
}

/** Of all that is not over, with other work in between. */
async function openRows(
  record: JobRecord,
  ended: ReadonlyMap<string, EndedRow>,
  clock: Clock,
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  await eachInTurns(record.minions, (id) => {
    if (!ended.has(id)) rows.set(id, openRow(id, record, clock, false));
  });
  return rows;
}

function openRow(id: string, record: JobRecord, clock: Clock, mayHaveIt: boolean): Row {
  return {
    id,
    state: 'queued',
    since: nowSeconds(clock),
    reason: undefined,
    silentMs: 0,
    overdueMs: undefined,
    mayHaveIt,
    exp: record.exp,
    isCancelled: false,
    pid: undefined,
    isReturning: false,
    ending: undefined,
  };
}
