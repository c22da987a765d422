import type { KeyObject } from 'node:crypto';
import { errorLine, FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { decodeBody, openPayload, type Payload } from '../../shared/protocol/codec.ts';
import { Job, type JobPayload } from '../../shared/protocol/messages/job.ts';
import type { AckPayload } from '../../shared/protocol/messages/return.ts';
import { matcherOf } from '../../shared/target/target.ts';
import { createControl } from './control.ts';
import type { JobTable } from './job_table.ts';
import { createKeyQuestions } from './key_questions.ts';
import type { Ledger } from './ledger.ts';
import { openSigned } from './open_signed.ts';

export interface ReceiverOptions {
  readonly id: string;
  readonly grains: () => Readonly<Record<string, unknown>>;
  readonly ledger: Ledger;
  readonly table: JobTable;
  readonly log: Logger;
  /** The master's keys that sign jobs, by key id. */
  readonly signingKey: (kid: string) => KeyObject | undefined;
  /** In place of `openSigned`. */
  readonly open?: typeof openSigned | undefined;
  /** Seconds UTC by the master's clock, as well as it is known. */
  readonly masterNow: () => number;
  /** The master told its time. Until then the clock of this machine is all there is, and it may be wrong by years. */
  readonly knowsMasterTime: () => boolean;
  /** It told it lately, and no clock was put forward since. */
  readonly isMasterTimeSure: () => boolean;
  readonly acknowledge: (jid: string, ack: AckPayload) => void;
  /** Why somebody at the machine wants no jobs on it, or undefined. */
  readonly held: () => string | undefined;
  /** Why no job can be taken now, or undefined. */
  readonly busy: () => string | undefined;
  /** Begins to run it; not awaited. */
  readonly run: (job: JobPayload) => void;
  /** Stops a job that runs or waits; one that never came is refused from now on. */
  readonly cancel: (jid: string) => void;
  /** The master wants a return once more that it has not acknowledged. */
  readonly resend: (jid: string) => void;
  /** Asks the master for its signing keys and its time again; resolves when it answered, or could not. */
  readonly askAgain: () => Promise<void>;
  /** Any other message below the job topic: answers to requests. */
  readonly other: (topic: string, payload: Uint8Array) => void;
}

/** Takes what the master sends. Resolves when PUBACK may go out: the job is in the ledger, or refused. */
export function createReceiver(options: ReceiverOptions) {
  const { id, ledger, table, log } = options;
  const jobTopic = `salt/job/${id}`;
  const keyOnItsWay = createKeyQuestions(options.askAgain);
  const control = createControl(options, keyOnItsWay);

  /** A key made since we last heard of keys: the job is handed back, and we ask. */
  const isKeyOnItsWay = (payload: Payload): boolean => {
    const kid = payload.signature?.kid;
    if (kid === undefined || options.signingKey(kid) !== undefined || keyOnItsWay(kid) === undefined) return false;
    const { jid } = Job.check(decodeBody(payload));
    options.acknowledge(jid, { st: 'busy', reason: `signing key ${kid} is not known yet` });
    return true;
  };

  const receiveJob = async (bytes: Uint8Array): Promise<void> => {
    const payload = openPayload(bytes);
    if (isKeyOnItsWay(payload)) return;
    const job = await openJob(options, payload);
    if (job === undefined) return;
    const { jid } = job;
    if (ledger.has(jid)) {
      // A repeat: it runs, or its return is on the way. It is never run again.
      if (table.has(jid)) options.acknowledge(jid, { st: 'run' });
      return;
    }
    const refusal = await refuse(options, job);
    if (refusal !== undefined) {
      log.warning('a job was refused', { jid, fun: job.fun, reason: refusal.reason });
      return options.acknowledge(jid, refusal);
    }
    const failure = await noteDown(ledger, job);
    if (failure === undefined) return options.run(job);
    log.error('a job cannot be taken', { jid, reason: failure });
    options.acknowledge(jid, { st: 'busy', reason: failure });
  };

  return async (topic: string, payload: Uint8Array, retain: boolean): Promise<void> => {
    try {
      // A retained job would run at every reconnect, for ever (DESIGN.md §3).
      if (retain) log.warning('a retained message was ignored', { topic });
      else if (topic === jobTopic) await receiveJob(payload);
      else if (topic === `${jobTopic}/ctl`) await control(payload);
      else options.other(topic, payload);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      log.warning('a message was refused', { topic, reason: errorLine(error) });
    }
  };
}

/** Why the job cannot be taken: the disk is full, or broken. What would not be remembered must not run. */
async function noteDown(ledger: Ledger, { jid, exp }: JobPayload): Promise<string | undefined> {
  try {
    await ledger.accept(jid, exp);
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return `the ledger of jobs cannot be written: ${code}`;
  }
}

/** Verifies and decodes. A job whose signature is wrong is answered, so that the operator learns why. */
async function openJob(
  { id, signingKey, open = openSigned, acknowledge }: ReceiverOptions,
  payload: Payload,
): Promise<JobPayload | undefined> {
  try {
    return Job.check(await open(payload, id, signingKey, 'job'));
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'SIGNATURE_INVALID') throw error;
    const { jid } = Job.check(decodeBody(payload));
    acknowledge(jid, { st: 'rej', reason: `signature: ${error.message}` });
    return undefined;
  }
}

async function refuse(options: ReceiverOptions, job: JobPayload): Promise<AckPayload | undefined> {
  const now = options.masterNow();
  if (job.exp <= now) {
    if (!options.isMasterTimeSure()) {
      // Not awaited by the connection, on which the answer comes.
      void options.askAgain();
      return { st: 'busy', reason: 'it seems expired, and the time of the master is asked for first' };
    }
    return { st: 'rej', expired: true, reason: `expired ${now - job.exp} s before it reached the minion` };
  }
  if (job.tgt !== undefined) {
    const matches = await matcherOf(job.tgt, job.tgt_type ?? 'glob');
    if (!matches({ id: options.id, grains: options.grains() }))
      return { st: 'rej', reason: 'the target does not match this minion' };
  }
  const held = options.held();
  if (held !== undefined) return { st: 'rej', reason: held };
  const busy = options.busy();
  return busy === undefined ? undefined : { st: 'busy', reason: busy };
}
