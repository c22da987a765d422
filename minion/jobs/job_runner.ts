import { type Clock, sleep, type Timer } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import { type AckPayload, ReturnLong, type ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { encodeReturn } from './encode_return.ts';
import type { JobTable } from './job_table.ts';
import type { Ledger } from './ledger.ts';
import type { Outbox } from './outbox.ts';
import { createProgress, type Progress } from './progress.ts';

const SIGTERM = 15;
/** How long a job that was cancelled before it came is remembered, so that a late copy of it does not run. */
const CANCELLED_KEPT_SECONDS = 86_400;

/** A job as this minion runs it. */
export interface TakenJob extends JobPayload {
  /** The minion gave it to itself: no master waits for it. */
  readonly own?: OwnJob;
}

export interface OwnJob {
  /** The item of the schedule. */
  readonly schedule: string;
  /** The master hears of it when it has ended, and stores it. */
  readonly isReturned: boolean;
  /** Called once it is over, however it ended. */
  ended(): void;
}

export interface JobRunnerOptions {
  readonly id: string;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly table: JobTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** Jobs at a time; -1 for any number. */
  readonly processCountMax: number;
  /** Largest return as it goes over the wire, bytes. */
  readonly returnBytesMax: number;
  /** Seconds UTC by the master's clock. */
  readonly masterNow: () => number;
  /** How often the master hears that a long job still runs. */
  readonly heartbeatMs: number;
  readonly execute: (job: JobPayload, signal: AbortSignal, progress: Progress) => Promise<ReturnPayload>;
  /** Hands a return to the returners that want it; resolves when that would survive a power cut. */
  readonly keep: (job: JobPayload, result: ReturnPayload) => Promise<void>;
  /** Of this process. */
  readonly pid: number;
  readonly acknowledge: (jid: string, ack: AckPayload) => void;
  /** A job began or ended, for the minion's own bus. */
  readonly notice: (what: 'start' | 'end', job: JobPayload, result?: ReturnPayload) => void;
}

/** How often it is tried to keep a return while the disk is full. */
const KEEP_RETRY_MS = 1000;
/** The longest delay that a timer of Node.js takes; it runs longer ones at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Runs accepted jobs, in the order they came, and hands their returns to the outbox. */
export interface JobRunner {
  run(job: TakenJob): void;
  /** Stops a job that runs or waits; one that is not known here is remembered, so that it never runs. */
  cancel(jid: string): void;
  /** Reports what a former process of this minion began and never finished. */
  reportInterrupted(): Promise<void>;
  waitingCount(): number;
}

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { id, ledger, outbox, table, clock, log } = options;
  const { deliver, hand } = createHandover(options);
  const waiting: TakenJob[] = [];
  const max = options.processCountMax < 0 ? Number.POSITIVE_INFINITY : Math.max(1, options.processCountMax);

  const runNow = async (job: TakenJob): Promise<void> => {
    const { jid } = job;
    // It may have waited here for others to end.
    if (job.exp <= options.masterNow()) return hand(job, expiredReturn(id, jid));
    const signal = table.start(job);
    const acknowledge = (ack: AckPayload): void => {
      if (job.own === undefined) options.acknowledge(jid, ack);
    };
    acknowledge({ st: 'run', pid: options.pid });
    options.notice('start', job);
    const heartbeat = clock.every(options.heartbeatMs, () => acknowledge({ st: 'run' }));
    const limit: Timer | undefined =
      job.timeout_ms === undefined
        ? undefined
        : clock.after(Math.min(job.timeout_ms, TIMER_MAX_MS), () => table.timeOut(jid));
    const progress = createProgress({
      clock,
      send: (n, data) => acknowledge({ st: 'prog', n, data }),
    });
    let result: ReturnPayload;
    try {
      result = await options.execute(job, signal, progress);
      progress.end();
      await options.keep(job, result);
      await hand(job, result);
    } finally {
      limit?.stop();
      heartbeat.stop();
      table.finish(jid);
    }
    options.notice('end', job, result);
  };

  const next = (): void => {
    while (table.size() < max) {
      const job = waiting.shift();
      if (job === undefined) return;
      runNow(job)
        .catch((error: unknown) =>
          log.error('the return of a job could not be kept', { jid: job.jid, error: String(error) }),
        )
        .finally(() => {
          job.own?.ended();
          next();
        });
    }
  };

  return {
    run(job) {
      waiting.push(job);
      next();
    },
    cancel(jid) {
      if (table.signal(jid, SIGTERM)) return;
      const index = waiting.findIndex((job) => job.jid === jid);
      const isWaiting = index !== -1;
      if (isWaiting) waiting.splice(index, 1)[0]?.own?.ended();
      else if (ledger.has(jid)) return;
      const known = isWaiting ? Promise.resolve() : ledger.accept(jid, options.masterNow() + CANCELLED_KEPT_SECONDS);
      known
        .then(() => deliver(jid, cancelledReturn(id, jid)))
        .catch((error: unknown) => log.error('a cancelled job could not be reported', { jid, error: String(error) }));
    },
    async reportInterrupted() {
      const kept = new Set(outbox.topics());
      for (const jid of ledger.interrupted) {
        if (kept.has(formatTopic(ReturnLong.topic, { jid, id }))) ledger.finish(jid);
        else await deliver(jid, interruptedReturn(id, jid));
      }
    },
    waitingCount: () => waiting.length,
  };
}

/** Returns into the outbox, and off the ledger. */
function createHandover(options: JobRunnerOptions) {
  const { id, ledger } = options;
  const deliver = async (jid: string, result: ReturnPayload): Promise<void> => {
    const topic = formatTopic(ReturnLong.topic, { jid, id });
    const { payload, content } = encodeReturn(result, options.returnBytesMax);
    await keepReturn(options, { topic, payload, qos: 1, retain: false }, content);
    ledger.finish(jid);
  };

  const hand = async ({ jid, fun, metadata, own }: TakenJob, result: ReturnPayload): Promise<void> => {
    if (own === undefined) return deliver(jid, result);
    const { schedule, isReturned } = own;
    if (isReturned) await deliver(jid, { ...result, fun, schedule, ...(metadata !== undefined && { metadata }) });
    else ledger.finish(jid);
  };

  return { deliver, hand };
}

/** A full disk must not cost a return: it is tried again until there is room. */
async function keepReturn(
  { outbox, clock, log }: JobRunnerOptions,
  packet: Packet,
  content: Uint8Array | undefined,
): Promise<void> {
  for (;;) {
    try {
      return await outbox.add('return', packet, content);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      log.error('a return cannot be kept yet', { topic: packet.topic, error: code, retry_ms: KEEP_RETRY_MS });
    }
    await sleep(clock, KEEP_RETRY_MS);
  }
}

function expiredReturn(id: string, jid: string): ReturnPayload {
  return {
    id,
    jid,
    return: 'expired while it waited for other jobs to end',
    retcode: 1,
    success: false,
    ended: 'expired',
  };
}

function cancelledReturn(id: string, jid: string): ReturnPayload {
  return { id, jid, return: 'cancelled before it began', retcode: 1, success: false, ended: 'cancelled' };
}

function interruptedReturn(id: string, jid: string): ReturnPayload {
  const message = 'the minion was stopped while the job ran; it is not known how far it came';
  return { id, jid, return: message, retcode: 1, success: false, ended: 'interrupted' };
}
