import type { Clock } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { JobControlPayload, JobPayload } from '../../shared/protocol/messages/job.ts';
import { Ack, Return } from '../../shared/protocol/messages/return.ts';
import type { Ledger } from '../jobs/ledger.ts';
import type { Outbox } from '../jobs/outbox.ts';
import type { MasterClock } from '../link/master_clock.ts';
import { type ConstrainedFunctionsOptions, createConstrainedFunctions, type Outcome } from './constrained_functions.ts';
import type { Send } from './faulty_send.ts';

/** Returns that are kept for a job that comes once more. */
const RETURNS_KEPT = 16;
/** A job that takes longer is told to be running. */
const TOLD_AFTER_MS = 100;

export interface ConstrainedJobsOptions extends ConstrainedFunctionsOptions {
  readonly id: string;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly publish: Send;
  readonly masterClock: MasterClock;
  /** Before that, whether a job expired is not known. */
  readonly whenTimeTold: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** From a job that was verified to a return in the outbox. */
export function createConstrainedJobs(options: ConstrainedJobsOptions) {
  const { id, ledger, masterClock, whenTimeTold, clock, log } = options;
  const functions = createConstrainedFunctions(options);
  const returns = keepReturns(options.outbox);
  const running = new Map<string, AbortController>();

  const tellRunning = (jid: string): void => {
    options.publish(Ack.encode({ jid, id }, { st: 'run' }, 'json')).catch((error: unknown) => {
      log.debug('an acknowledgement was not delivered', { jid, error: String(error) });
    });
  };
  const execute = async (job: JobPayload, signal: AbortSignal): Promise<Outcome> => {
    await whenTimeTold();
    if (job.exp <= masterClock.now()) return { return: null, retcode: 124, ended: 'expired' };
    const told = clock.after(TOLD_AFTER_MS, () => tellRunning(job.jid));
    const outcome = await functions.call(job, signal);
    told.stop();
    return signal.aborted ? { return: null, retcode: 130, ended: 'cancelled' } : outcome;
  };
  const run = async (job: JobPayload): Promise<void> => {
    const { jid } = job;
    const stop = new AbortController();
    running.set(jid, stop);
    const outcome = await execute(job, stop.signal);
    running.delete(jid);
    await returns.add(jid, Return.encode({ jid }, { id, ...outcome }, 'json'));
  };
  return {
    /** Resolves when PUBACK may go out. */
    async take(job: JobPayload): Promise<void> {
      const { jid, exp } = job;
      if (running.has(jid)) return tellRunning(jid);
      if (ledger.has(jid)) return returns.again(jid);
      await ledger.accept(jid, exp);
      run(job).catch((error: unknown) => log.error('a job has no return', { jid, reason: errorLine(error) }));
    },
    obey({ op, jid, exp }: JobControlPayload): void {
      if (exp <= masterClock.now() && masterClock.isKnown()) log.warning('an expired order was ignored', { jid, op });
      else if (op === 'cancel') running.get(jid)?.abort();
      else if (op === 'resend') void returns.again(jid);
      else if (op === 'probe' && running.has(jid)) tellRunning(jid);
    },
    stop(): void {
      for (const stop of running.values()) stop.abort();
    },
  };
}

/** Returns on their way, and the last ones once more when they are asked for. */
function keepReturns(outbox: Outbox) {
  const kept = new Map<string, Packet>();
  return {
    async add(jid: string, packet: Packet): Promise<void> {
      const [oldest] = kept.keys();
      if (oldest !== undefined && kept.size >= RETURNS_KEPT) kept.delete(oldest);
      kept.set(jid, packet);
      await outbox.add('return', packet);
    },
    async again(jid: string): Promise<void> {
      const packet = kept.get(jid);
      if (packet !== undefined && !outbox.topics().includes(packet.topic)) await outbox.add('return', packet);
    },
  };
}
