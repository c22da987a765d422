import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { createPace, eachInTurns } from '../../shared/pace.ts';
import { timeText } from '../../shared/time_text.ts';
import type { Fleet } from '../fleet.ts';
import type { JobEvent } from './job_state.ts';
import type { JobRecord } from './job_store.ts';
import type { Row, RowChange, Tracker } from './tracker.ts';

/** Three clocks for each part of a job, none of them infinite. They count time in which the master listened. */
export interface JobTimers {
  /** How long a job that was sent may stay unconfirmed, after `exp` and after it was last heard of, before it is given up. */
  readonly startGraceSeconds: number;
  /** How long a running job may give no sign of life. */
  readonly stepSeconds: number;
  /** How long a job may run at all. */
  readonly runSeconds: number;
}

/** What is known beside the row when it is looked at. */
export interface Circumstances {
  readonly nowSeconds: number;
  /** For how long the master could do nothing just before. */
  readonly heldUpSeconds: number;
  readonly fleet: Pick<Fleet, 'isOnline' | 'onlineSince' | 'whyOffline'>;
  /** The minion was sent as much as it takes at a time. */
  readonly isFull: (id: string) => boolean;
}

export interface SweeperOptions extends Pick<Circumstances, 'fleet' | 'isFull'> {
  readonly tracker: Tracker;
  readonly timers: JobTimers;
  readonly clock: Clock;
}

/** The most that counts as listening between two looks, milliseconds: beyond it the master was held up. */
const LISTENED_MS_MAX = 2000;

/**
 * Ends what is due, little by little; to be called about once a second, which does nothing while the last call is not
 * over. While the master is held up, by its machine or by work of its own, what minions say waits in its sockets, and that
 * is no silence of theirs.
 */
export function createSweeper({ tracker, timers, clock, fleet, isFull }: SweeperOptions): () => Promise<void> {
  let lastMs = clock.monotonicMs();
  const sweep = async (): Promise<void> => {
    const nowMs = clock.monotonicMs();
    const listenedMs = Math.min(nowMs - lastMs, LISTENED_MS_MAX);
    const heldUpSeconds = Math.floor((nowMs - lastMs - listenedMs) / 1000);
    lastMs = nowMs;
    const circumstances = { nowSeconds: nowSeconds(clock), heldUpSeconds, fleet, isFull };
    const due: (readonly [JobRecord, Row])[] = [];
    const pace = createPace();
    for (const { record, rows } of tracker.all()) {
      const look = (row: Row): void => {
        countListening(record, row, timers, circumstances.nowSeconds, listenedMs);
        if (dueEnding(record, row, timers, circumstances) !== undefined) due.push([record, row]);
      };
      await eachInTurns(rows.values(), look, pace);
    }
    await tracker.advanceAll(endings(due, circumstances));
  };
  // When the turn of one comes it may be over, or have given a sign of life.
  function* endings(due: readonly (readonly [JobRecord, Row])[], circumstances: Circumstances): Generator<RowChange> {
    for (const [record, row] of due) {
      const { jid } = record;
      const ending = dueEnding(record, row, timers, circumstances);
      if (ending !== undefined && tracker.row(jid, row.id) === row) yield { jid, id: row.id, ...ending };
    }
  }
  let sweeping: Promise<void> | undefined;
  return () => {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined;
    });
    return sweeping;
  };
}

function countListening(record: JobRecord, row: Row, timers: JobTimers, now: number, listenedMs: number): void {
  row.silentMs += listenedMs;
  const isOverdue = row.state === 'running' ? now - row.since > runLimit(record, timers) : now >= row.exp;
  if (!isOverdue) row.overdueMs = undefined;
  else row.overdueMs = row.overdueMs === undefined ? 0 : row.overdueMs + listenedMs;
}

/** What is due for a row now, and why; undefined when nothing is. Pure. */
export function dueEnding(
  record: JobRecord,
  row: Row,
  timers: JobTimers,
  circumstances: Circumstances,
): { readonly event: JobEvent; readonly reason: string } | undefined {
  const isGivenUp = row.overdueMs !== undefined && row.overdueMs >= timers.startGraceSeconds * 1000;
  if (row.state === 'running') {
    if (!row.isReturning && isGivenUp) {
      return { event: 'time_out', reason: `ran longer than its time limit (${runLimit(record, timers)} s)` };
    }
    if (row.silentMs >= timers.stepSeconds * 1000) {
      return { event: 'time_out', reason: `no sign of life for job_step_timeout (${timers.stepSeconds} s)` };
    }
    return undefined;
  }
  if (!row.mayHaveIt && row.overdueMs !== undefined) {
    return { event: 'expire', reason: `expired before it could be sent: ${whyUnsent(record, row, circumstances)}` };
  }
  return isGivenUp ? { event: 'time_out', reason: whySilent(row, circumstances) } : undefined;
}

function runLimit({ timeout_ms }: JobRecord, { runSeconds }: JobTimers): number {
  return timeout_ms === undefined ? runSeconds : timeout_ms / 1000;
}

/** Whose delay it was. */
function whyUnsent(record: JobRecord, { id, exp, reason }: Row, circumstances: Circumstances): string {
  const { fleet, heldUpSeconds, isFull } = circumstances;
  // A part of a batch has an expiry of its own from its turn on.
  if (record.batch !== undefined && exp === record.exp) return 'its turn in the batch did not come';
  if (!fleet.isOnline(id)) return `the minion is ${fleet.whyOffline(id)}`;
  if (exp > circumstances.nowSeconds - heldUpSeconds) return `the master itself was held up for ${heldUpSeconds} s`;
  const since = fleet.onlineSince(id);
  if (since >= exp) return `the minion connected at ${timeText(since * 1000)}`;
  if (reason !== undefined) return `the minion handed it back: ${reason}`;
  if (isFull(id)) return 'the minion has not started what it was sent before';
  return 'the master itself did not come to it in time';
}

/** How far it got, as the master knows. */
function whySilent({ id, state }: Row, { fleet }: Circumstances): string {
  if (!fleet.isOnline(id)) return `the minion may have got it, but is ${fleet.whyOffline(id)}`;
  switch (state) {
    case 'sent':
      return 'it was sent, but the minion neither acknowledged it nor said that it started';
    case 'delivered':
      return 'the minion acknowledged it, but never said that it started';
    default:
      return 'the minion may have got it on an earlier connection, but never said that it started';
  }
}
