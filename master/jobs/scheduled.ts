import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { jidMs, nextJid } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log.ts';
import type { JobStateName } from '../../shared/protocol/messages/operator.ts';
import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { JobRecord, JobStore } from './job_store.ts';
import type { EventOfEnd } from './tracker.ts';

/** Who gives the jobs of a schedule, where Salt shows a user. */
export const SCHEDULE_USER = 'Schedule';
/** How far the clock of a minion may be ahead of the master's: an id of the future would stand before all that come. */
const AHEAD_MAX_MS = 60_000;
/** Taken ids that one return walks past: minions spread theirs, so that only one who means it takes so many in a row. */
const WALK_MAX = 1000;

/**
 * Takes returns of jobs that minions gave themselves by their schedules (SCH-6). Each becomes a job of its own, complete
 * with its return, under the id that the minion gave it or, when another job has that id, the next free one: it never
 * touches the job of anybody else, and the same return that comes again is found again. An id that no clock can have made
 * by now, or that very many taken ones follow, is replaced by one of the master; only such a return can be stored twice,
 * when its PUBACK was lost. Resolves when it is stored; false when the master published that job to that minion, and it is
 * no such return.
 */
export type TakeScheduled = (id: string, jid: string, state: JobStateName, result: ReturnPayload) => Promise<boolean>;

export function createScheduledReturns(options: {
  readonly jobs: JobStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newJid: () => string;
  readonly eventOf: EventOfEnd;
  /** Hands the job and its return to the returners of `ext_job_cache`, when there are any. */
  readonly keep: ((record: JobRecord, result: ReturnPayload) => Promise<void>) | undefined;
}): TakeScheduled {
  const { jobs, clock, log, newJid, eventOf, keep } = options;
  /** What is being stored, by the id that it takes. */
  const writes = new Map<string, { readonly own: string; readonly done: Promise<void> }>();

  const write = async (
    record: JobRecord,
    id: string,
    state: JobStateName,
    result: ReturnPayload,
    own: string,
  ): Promise<void> => {
    if (result.parts !== undefined && record.jid !== own) await copyParts(jobs, own, record.jid, id);
    const row = { state, since: nowSeconds(clock) };
    await keep?.(record, result);
    const event = eventOf(record, { ...row, id, reason: undefined, result });
    try {
      await jobs.addEndedJob(record, id, row, result, event.change);
    } catch (error) {
      event.drop();
      throw error;
    }
    event.fire();
  };

  return async (id, jid, state, result) => {
    if (jobs.job(jid)?.own_jid === undefined && jobs.job(jid)?.minions.includes(id) === true) return false;
    const { schedule = '', fun } = result;
    if (fun === undefined) {
      log.warning('the return of a scheduled job does not name its function and was dropped', { minion: id, schedule });
      return true;
    }
    const own = `${id}/${jid}`;
    let free = jidMs(jid) <= clock.nowMs() + AHEAD_MAX_MS ? jid : newJid();
    for (let walked = 1; ; walked++) {
      const writing = writes.get(free);
      const record = jobs.job(free);
      if (writing?.own === own) return writing.done.then(() => true);
      if (record?.own_jid === jid && record.minions.includes(id)) return true;
      if (writing === undefined && record === undefined) break;
      free = walked % WALK_MAX === 0 ? newJid() : nextJid(free);
    }
    const record = recordOf(free, id, jid, fun, result, clock);
    const done = write(record, id, state, { ...result, jid: free }, jid).finally(() => writes.delete(free));
    writes.set(free, { own, done });
    await done;
    return true;
  };
}

/** A large value is kept under the id that its job has here. */
async function copyParts(jobs: JobStore, from: string, to: string, id: string): Promise<void> {
  for (const n of jobs.partNumbers(from, id)) {
    const piece = jobs.part(from, id, n);
    if (piece !== undefined) await jobs.addPart(to, id, n, piece);
  }
}

function recordOf(
  free: string,
  id: string,
  jid: string,
  fun: string,
  { fun_args = [], schedule, metadata }: ReturnPayload,
  clock: Clock,
): JobRecord {
  return {
    jid: free,
    fun,
    arg: fun_args,
    kwarg: {},
    tgt: id,
    tgt_type: 'glob',
    user: SCHEDULE_USER,
    minions: [id],
    exp: nowSeconds(clock),
    own_jid: jid,
    schedule,
    metadata,
  };
}
