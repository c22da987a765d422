import { type Clock, sleep, type Timer } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import { type AckPayload, ReturnLong, type ReturnPayload } from '../../shared/protocol/messages/return.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { encodeReturn } from './encode_return.ts';
import type { JobStop } from './job_stop.ts';
import type { JobTable } from './job_table.ts';
import type { Ledger, OwnReturn } from './ledger.ts';
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
  /** What the master is told beyond the return, to store it as a job; null: it is told nothing. */
  readonly returned: OwnReturn | null;
  /** Called once it is over, with the return unless it could not be kept. */
  ended(result: ReturnPayload | undefined): void;
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
  /** A return at once is of a function that did not wait for anything. */
  readonly execute: (job: TakenJob, stop: JobStop, progress: Progress) => ReturnPayload | Promise<ReturnPayload>;
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
/** How long a job runs before the master is told that it does. */
const TOLD_AFTER_MS = 10;

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
  const { id, ledger, table, clock, log } = options;
  const { hand, reportInterrupted } = createHandover(options);
  const reports = createReports(options);
  const waiting: TakenJob[] = [];
  const max = options.processCountMax < 0 ? Number.POSITIVE_INFINITY : Math.max(1, options.processCountMax);

  const runNow = async (job: TakenJob): Promise<ReturnPayload> => {
    const { jid } = job;
    // It may have waited here for others to end.
    if (job.exp <= options.masterNow()) return hand(job, expiredReturn(id, jid));
    const stop = table.start(job);
    reports.begin(job);
    options.notice('start', job);
    const progress = createProgress({
      clock,
      send: (n, data) => reports.say(job, { st: 'prog', n, data }),
    });
    let result: ReturnPayload;
    try {
      const returned = options.execute(job, stop, progress);
      result = returned instanceof Promise ? await reports.untilOver(job, returned) : returned;
      progress.end();
      await options.keep(job, result);
      await hand(job, result);
    } finally {
      reports.end(job);
      table.finish(jid);
    }
    options.notice('end', job, result);
    return result;
  };

  const serve = async (job: TakenJob): Promise<void> => {
    let result: ReturnPayload | undefined;
    try {
      result = await runNow(job);
    } catch (error) {
      log.error('the return of a job could not be kept', { jid: job.jid, error: String(error) });
    }
    job.own?.ended(result);
    next();
  };

  const next = (): void => {
    while (table.size() < max) {
      const job = waiting.shift();
      if (job === undefined) return;
      void serve(job);
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
      const [job] = index === -1 ? [] : waiting.splice(index, 1);
      const result = cancelledReturn(id, jid);
      job?.own?.ended(result);
      if (job === undefined && ledger.has(jid)) return;
      const report = async (): Promise<void> => {
        if (job === undefined) await ledger.accept(jid, options.masterNow() + CANCELLED_KEPT_SECONDS);
        await hand(job ?? { jid }, result);
      };
      report().catch((error: unknown) => {
        log.error('a cancelled job could not be reported', { jid, error: String(error) });
      });
    },
    reportInterrupted,
    waitingCount: () => waiting.length,
  };
}

/** What the master hears of jobs that run; of those of the minion itself, nothing. */
function createReports({ clock, table, heartbeatMs, pid, acknowledge }: JobRunnerOptions) {
  const running = new Set<TakenJob>();
  let heartbeat: Timer | undefined;
  const say = (job: TakenJob, ack: AckPayload): void => {
    if (job.own === undefined) acknowledge(job.jid, ack);
  };
  const beat = (): void => {
    for (const job of running) say(job, { st: 'run' });
    if (running.size > 0) return;
    heartbeat?.stop();
    heartbeat = undefined;
  };
  return {
    say,
    begin(job: TakenJob): void {
      running.add(job);
      // One for all: most jobs are over before a timer of their own would be worth it.
      heartbeat ??= clock.every(heartbeatMs, beat);
    },
    end: (job: TakenJob) => void running.delete(job),
    /** Of what is over within moments, the return says enough; and no job has more time than it was given. */
    async untilOver(job: TakenJob, returned: Promise<ReturnPayload>): Promise<ReturnPayload> {
      const { jid, timeout_ms: timeoutMs } = job;
      const begun = clock.after(TOLD_AFTER_MS, () => say(job, { st: 'run', pid }));
      const limit = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => table.timeOut(jid));
      try {
        return await returned;
      } finally {
        begun.stop();
        limit?.stop();
      }
    },
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

  const hand = async ({ jid, own }: Pick<TakenJob, 'jid' | 'own'>, result: ReturnPayload): Promise<ReturnPayload> => {
    if (own === undefined) await deliver(jid, result);
    else if (own.returned === null) ledger.finish(jid);
    else await deliver(jid, { ...result, ...own.returned });
    return result;
  };
  const reportInterrupted = async (): Promise<void> => {
    const kept = new Set(options.outbox.topics());
    for (const { jid, own } of ledger.interrupted) {
      if (own === null) options.log.warning('a job of the minion itself was interrupted', { jid });
      if (own === null || kept.has(formatTopic(ReturnLong.topic, { jid, id }))) ledger.finish(jid);
      else await deliver(jid, { ...interruptedReturn(id, jid), ...own });
    }
  };

  return { hand, reportInterrupted };
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
