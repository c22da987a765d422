import type { Clock, Timer } from '../../shared/clock.ts';

/** How a job is handed out little by little; stored with the job, so that a restarted master goes on with it. */
export interface BatchPlan {
  /** Minions at a time. */
  readonly size: number;
  /** Pause before the place of a minion that ended is filled again, milliseconds. */
  readonly wait_ms: number;
  /** Failures at which nothing more is handed out: 1 for Salt's `--failhard`; left out, none is. */
  readonly failures_max?: number | undefined;
  /** Minions a second; left out, as many as there is room for. */
  readonly per_second?: number | undefined;
}

/** Where a batch stands. */
export interface BatchState {
  readonly waiting: readonly string[];
  /** Handed out and not over. */
  readonly runningCount: number;
  /** When each pause after an ending is over, milliseconds of the monotonic clock. */
  readonly pausesUntilMs: readonly number[];
  readonly failedCount: number;
  /** When the last minion was handed out, and how many ever were. */
  readonly lastReleaseMs: number;
}

export interface BatchStep {
  readonly release: readonly string[];
  /** Nothing more will be handed out, and why. */
  readonly stop?: string;
  /** When to look again though nothing ended, milliseconds of the monotonic clock. */
  readonly wakeAtMs?: number;
}

/** What to do now. Pure: a sliding window, as Salt's (JOB-12), with a pace and a brake. */
export function nextBatchStep(plan: BatchPlan, state: BatchState, nowMs: number): BatchStep {
  const { failures_max: failuresMax, per_second: perSecond } = plan;
  if (failuresMax !== undefined && state.failedCount >= failuresMax && state.waiting.length > 0) {
    return { release: [], stop: `${state.failedCount} failed, which is the limit of this batch` };
  }
  const pauses = state.pausesUntilMs.filter((untilMs) => untilMs > nowMs);
  const room = Math.max(0, plan.size - state.runningCount - pauses.length);
  const due = perSecond === undefined ? room : Math.floor(((nowMs - state.lastReleaseMs) * perSecond) / 1000);
  const release = state.waiting.slice(0, Math.min(room, due));
  const isMoreWaiting = state.waiting.length > release.length;
  if (!isMoreWaiting) return { release };
  const wakes = [
    ...(room === 0 ? pauses : []),
    ...(perSecond !== undefined && room > release.length ? [wakeForPace(perSecond, state, release.length, nowMs)] : []),
  ];
  return wakes.length === 0 ? { release } : { release, wakeAtMs: Math.min(...wakes) };
}

function wakeForPace(perSecond: number, state: BatchState, releasedCount: number, nowMs: number): number {
  return (releasedCount > 0 ? nowMs : state.lastReleaseMs) + 1000 / perSecond;
}

export interface Batcher {
  /** Begins, or goes on after a restart: `running` were handed out before. */
  start(jid: string, plan: BatchPlan, waiting: readonly string[], running: readonly string[]): void;
  /** A minion's part ended. */
  ended(jid: string, id: string, failed: boolean): void;
}

interface Batch {
  readonly plan: BatchPlan;
  waiting: readonly string[];
  readonly running: Set<string>;
  pausesUntilMs: number[];
  failedCount: number;
  lastReleaseMs: number;
  timer: Timer | undefined;
}

/** Hands out the parts of batches as their windows allow. */
export function createBatcher(options: {
  readonly clock: Clock;
  /** Sends these parts now. */
  readonly release: (jid: string, ids: readonly string[]) => void;
  /** Ends parts that will never be sent. */
  readonly stop: (jid: string, ids: readonly string[], reason: string) => void;
}): Batcher {
  const { clock } = options;
  const batches = new Map<string, Batch>();

  const advance = (jid: string, batch: Batch): void => {
    batch.timer?.stop();
    const nowMs = clock.monotonicMs();
    const { release, stop, wakeAtMs } = nextBatchStep(
      batch.plan,
      { ...batch, runningCount: batch.running.size },
      nowMs,
    );
    batch.pausesUntilMs = batch.pausesUntilMs.filter((untilMs) => untilMs > nowMs);
    if (stop !== undefined) {
      const rest = batch.waiting;
      batch.waiting = [];
      options.stop(jid, rest, stop);
    }
    if (release.length > 0) {
      batch.lastReleaseMs = nowMs;
      batch.waiting = batch.waiting.slice(release.length);
      for (const id of release) batch.running.add(id);
      options.release(jid, release);
    }
    if (wakeAtMs !== undefined) batch.timer = clock.after(wakeAtMs - nowMs, () => advance(jid, batch));
    if (batch.waiting.length === 0) batches.delete(jid);
  };

  return {
    start(jid, plan, waiting, running) {
      const batch: Batch = {
        plan,
        waiting,
        running: new Set(running),
        pausesUntilMs: [],
        failedCount: 0,
        // The first one is due at once, not a burst of all.
        lastReleaseMs: clock.monotonicMs() - 1000 / (plan.per_second ?? Number.POSITIVE_INFINITY),
        timer: undefined,
      };
      if (waiting.length === 0) return;
      batches.set(jid, batch);
      advance(jid, batch);
    },
    ended(jid, id, failed) {
      const batch = batches.get(jid);
      if (batch === undefined || !batch.running.delete(id)) return;
      if (failed) batch.failedCount++;
      if (batch.plan.wait_ms > 0) batch.pausesUntilMs.push(clock.monotonicMs() + batch.plan.wait_ms);
      advance(jid, batch);
    },
  };
}
