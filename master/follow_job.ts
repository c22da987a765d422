import type { OperatorResponsePayload } from '../shared/protocol/messages/operator.ts';
import type { MasterContext } from './context.ts';
import type { Answer } from './events/event_streams.ts';
import { isTerminal } from './jobs/job_state.ts';
import type { JobRecord } from './jobs/job_store.ts';
import type { ActiveJob, JobNews, JobUpdate, Row, Tracker } from './jobs/tracker.ts';

/** Returns that wait in memory to be told; beyond it they are read again from the store, where they are by then. */
const RETURNS_HELD_MAX = 64;

type Part = Pick<Row, 'id' | 'state'>;

export interface FollowOptions {
  readonly context: Pick<MasterContext, 'tracker' | 'fleet' | 'jobs'>;
  readonly record: JobRecord;
  /** It was published this moment: a part that expired already did so because its minion is offline. */
  readonly isNew: boolean;
  /** Tells of the job itself. */
  readonly first: OperatorResponsePayload;
  readonly answer: Answer;
  /** Awaited after each step: others have their turn, and an operator that reads slowly is waited for. */
  readonly room: () => Promise<void> | undefined;
}

/**
 * Tells what is known of each part of a job by now, then the rest as it comes. Ends when every part has ended or waits
 * for a minion that is offline: it may come back in a week. What happens while the first is being told is told after it,
 * in its order: each part is looked at when its turn comes, unless there is news of it, which then says all.
 */
export async function followJob({ context, record, isNew, first, answer, room }: FollowOptions): Promise<void> {
  const { tracker, fleet } = context;
  const { jid, batch } = record;
  const job = tracker.get(jid);
  const news = createNewsQueue(tracker, jid);
  // A part of a batch that is offline when its turn comes is over at once.
  const isParked = ({ id, state }: Part): boolean =>
    record.queues_offline === true && batch === undefined && state === 'queued' && !fleet.isOnline(id);
  const isOver = createIsOver(job, isParked);
  const released = batch === undefined ? [] : releasedOf(record, job);
  const tell = (step: OperatorResponsePayload): Promise<void> | undefined => {
    answer(step);
    return room();
  };
  const tellUpdate = (update: JobUpdate, offline = isParked(update) ? fleet.whyOffline(update.id) : undefined) => {
    const step = stepOf(record, update);
    return tell(step.t === 'state' && offline !== undefined ? { ...step, offline } : step);
  };
  try {
    await tell(first);
    for (const id of record.minions) {
      const known = news.isOf(id) ? undefined : standingOf(context, jid, id, isParked);
      if (known !== undefined) await tellUpdate(known, isNew && known.state === 'expired' ? known.reason : undefined);
    }
    if (released.length > 0) await tell({ t: 'batch', jid, minions: released });
    for (let one = news.take(); one !== undefined || !isOver(); one = news.take()) {
      if (one === undefined) await news.more();
      else if (one.kind === 'released') await tell({ t: 'batch', jid, minions: [...one.ids] });
      else if (one.kind === 'progress') await tell({ t: 'prog', id: one.id, jid, data: one.data });
      else await tellUpdate(one.isReturned ? { ...one, result: context.jobs.returnOf(jid, one.id) } : one);
    }
  } finally {
    news.stop();
  }
  answer({ t: 'end' });
}

/** How that part ended, or that it waits for a minion that is offline; undefined: it is under way. */
function standingOf(
  { tracker, jobs }: FollowOptions['context'],
  jid: string,
  id: string,
  isParked: (row: Part) => boolean,
): JobUpdate | undefined {
  const row = tracker.row(jid, id);
  if (row !== undefined) return isParked(row) ? { ...row, reason: undefined, result: undefined } : undefined;
  const ended = jobs.endedRow(jid, id);
  return ended && { ...ended, id, reason: ended.reason, result: jobs.returnOf(jid, id) };
}

/** Those parts of a batch that are open and whose turn has come: from then on they have an expiry of their own. */
function releasedOf({ exp }: JobRecord, job: ActiveJob | undefined): string[] {
  return [...(job?.rows.values() ?? [])].filter((row) => row.exp !== exp).map(({ id }) => id);
}

type Held = JobNews | (JobUpdate & { readonly kind: 'row'; readonly isReturned: boolean });

/** What happens to a job from now on and is not told yet. */
function createNewsQueue(tracker: Tracker, jid: string) {
  const ids = new Set<string>();
  const held: Held[] = [];
  let first = 0;
  let wake: () => void = () => undefined;
  const hold = (news: Held): void => {
    held.push(news);
    wake();
  };
  const stop = tracker.watch(
    jid,
    ({ id, state, since, reason, result }) => {
      // Hops that every job makes within milliseconds are nobody's news.
      if (state === 'sent' || state === 'delivered') return;
      ids.add(id);
      const isReturned = result !== undefined && held.length - first >= RETURNS_HELD_MAX;
      hold({ kind: 'row', id, state, since, reason, result: isReturned ? undefined : result, isReturned });
    },
    hold,
  );
  return {
    stop,
    isOf: (id: string) => ids.has(id),
    take(): Held | undefined {
      if (first < held.length) return held[first++];
      held.length = 0;
      first = 0;
      return undefined;
    },
    /** Resolves when there is something to take. */
    more: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
  };
}

/** Whether no part is awaited; to be asked often. */
function createIsOver(job: ActiveJob | undefined, isParked: (row: Part) => boolean): () => boolean {
  const rows = job?.rows ?? new Map<string, Row>();
  const awaited = new Set(rows.keys());
  return () => {
    for (const id of awaited) {
      const row = rows.get(id);
      if (row !== undefined && !isParked(row)) return false;
      awaited.delete(id);
    }
    // Who was offline may be back.
    for (const row of rows.values()) if (!isParked(row)) awaited.add(row.id);
    return awaited.size === 0;
  };
}

function stepOf({ jid }: JobRecord, { id, state, since, reason, result }: JobUpdate): OperatorResponsePayload {
  if (result !== undefined) {
    const { retcode, out, ms, success = retcode === 0, parts } = result;
    return {
      t: 'ret',
      id,
      jid,
      return: result.return,
      retcode,
      success,
      out,
      ms,
      parts: parts === undefined ? undefined : [{ at: ['return'], jid, id, ...parts }],
    };
  }
  return { t: 'state', id, jid, state, since, reason, final: isTerminal(state) };
}
