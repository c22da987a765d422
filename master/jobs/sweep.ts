import { type Clock, nowSeconds } from '../../shared/clock.ts';
import type { JobEvent } from './job_state.ts';
import type { JobRecord } from './job_store.ts';
import type { Row, Tracker } from './tracker.ts';

/** Three clocks for each part of a job, none of them infinite. */
export interface JobTimers {
  /** How long a job that was sent may stay unconfirmed, after `exp` and after it was last heard of, before it is given up. */
  readonly startGraceSeconds: number;
  /** How long a running job may give no sign of life. */
  readonly stepSeconds: number;
  /** How long a job may run at all. */
  readonly runSeconds: number;
}

/** What is due for a row now, and why; undefined when nothing is. Pure. */
export function dueEnding(
  record: JobRecord,
  row: Row,
  timers: JobTimers,
  now: { readonly seconds: number; readonly monotonicMs: number },
): { readonly event: JobEvent; readonly reason: string } | undefined {
  if (row.state === 'running') {
    const runSeconds = record.timeout_ms === undefined ? timers.runSeconds : record.timeout_ms / 1000;
    if (!row.isReturning && now.seconds - row.since > runSeconds + timers.startGraceSeconds) {
      return { event: 'time_out', reason: `ran longer than its time limit (${runSeconds} s)` };
    }
    if (now.monotonicMs - row.aliveMs >= timers.stepSeconds * 1000) {
      return { event: 'time_out', reason: `no sign of life for job_step_timeout (${timers.stepSeconds} s)` };
    }
    return undefined;
  }
  if (now.seconds < row.exp) return undefined;
  if (!row.mayHaveIt) return { event: 'expire', reason: 'expired before it could be sent' };
  if (now.seconds < Math.max(row.exp, row.since) + timers.startGraceSeconds) return undefined;
  return { event: 'time_out', reason: 'the minion may have got it, but never said that it started' };
}

/** Ends what is due. Called about once a second. */
export function sweepJobs(tracker: Tracker, timers: JobTimers, clock: Clock): Promise<unknown> {
  const now = { seconds: nowSeconds(clock), monotonicMs: clock.monotonicMs() };
  const endings: Promise<boolean>[] = [];
  for (const { record, rows } of tracker.all()) {
    for (const row of rows.values()) {
      const due = dueEnding(record, row, timers, now);
      if (due !== undefined) endings.push(tracker.advance(record.jid, row.id, due.event, { reason: due.reason }));
    }
  }
  return Promise.all(endings);
}
