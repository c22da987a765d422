import type { Clock } from '../../shared/clock.ts';
import { eventStamp } from '../../shared/event_stamp.ts';
import type { Logger } from '../../shared/log.ts';
import { destinationsOf } from '../../shared/plugin/open_returner.ts';
import { toStoredReturn } from '../../shared/plugin/returner.ts';
import type { ReturnerQueue } from '../../shared/plugin/returner_queue.ts';
import type { Packet } from '../../shared/protocol/message.ts';
import type { JobPayload } from '../../shared/protocol/messages/job.ts';
import { Ack, type AckPayload, ReturnLong } from '../../shared/protocol/messages/return.ts';
import { formatTopic } from '../../shared/protocol/topic.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import type { MinionConfig } from '../config.ts';
import type { Events } from '../context.ts';
import { checkBlackout, readHold } from '../guards.ts';
import type { MasterLink } from '../link/master_link.ts';
import { type MinionServices, makeContext } from '../make_context.ts';
import { createExclusive } from './exclusive.ts';
import { type ExecuteOptions, executeJob } from './execute.ts';
import { createJobRunner } from './job_runner.ts';
import type { JobTable } from './job_table.ts';
import type { Ledger } from './ledger.ts';
import type { openSigned } from './open_signed.ts';
import type { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import { createReceiver } from './receive.ts';

const HEARTBEAT_MS = 30_000;

export interface JobPathOptions {
  readonly config: MinionConfig;
  /** What outlives the process. */
  readonly disk: { readonly ledger: Ledger; readonly outbox: Outbox; readonly returners: ReturnerQueue };
  readonly services: MinionServices;
  readonly table: JobTable;
  /** The connection to the master, which is made after this. */
  readonly link: () => MasterLink;
  readonly pid: number;
  /** Why somebody at the machine wants no jobs on it, or undefined. Left out: what the hold file says. */
  readonly held?: () => string | undefined;
  /** In place of `openSigned`. */
  readonly open?: typeof openSigned;
  readonly clock: Clock;
  readonly log: Logger;
}

/** From a packet of the master to a return in the outbox: hops five and six. */
export function createJobPath(options: JobPathOptions) {
  const { config, services, table, link, pid, clock, log } = options;
  const { ledger, outbox, returners } = options.disk;
  const { id, catalogue, events } = services;
  let publish: ((packet: Packet) => Promise<void>) | undefined;
  // Acknowledgements are worth nothing later: what they would say, a return or a repeat of the job will.
  const acknowledge = (jid: string, ack: AckPayload): void => {
    publish?.(Ack.encode({ jid, id }, ack)).catch((error: unknown) => {
      log.debug('an acknowledgement was not delivered', { jid, error: String(error) });
    });
  };
  const contextOf =
    (progress: Progress): ExecuteOptions['contextOf'] =>
    ({ jid, user }, stop, outcome) =>
      makeContext(user === REACTOR_USER ? { ...services, events: ofReactor(events) } : services, {
        jid,
        stop,
        outcome,
        onChild: (child, ended) => table.child(jid, child, ended),
        progress: progress.add,
      });
  const exclusive = createExclusive(pid, () => eventStamp(clock.nowMs()));
  // Spread behind the other members: ahead of them, V8 gives each such object a shape of its own, and reading it is slow.
  const shared = { id, ledger, table, clock, log, masterNow: () => link().masterNow(), acknowledge };
  const runner = createJobRunner({
    outbox,
    processCountMax: config.process_count_max,
    returnBytesMax: config.max_return_size,
    heartbeatMs: HEARTBEAT_MS,
    pid,
    async keep(job, result) {
      const to = [...destinationsOf(config.return), ...destinationsOf(job.ret, job)];
      if (to.length === 0) return;
      const value = toStoredReturn(result, job, eventStamp(clock.nowMs()));
      await returners.add(to, { kind: 'return', value });
    },
    execute(job, stop, progress) {
      // The schedule, beacons and reactions of the minion itself go on (JOB-15).
      const permit = job.own === undefined ? checkBlackout(config, services.grains) : undefined;
      const how = { id, catalogue, clock, log, exclusive, contextOf: contextOf(progress), ...(permit && { permit }) };
      return executeJob(how, job, stop);
    },
    notice: (what, job, result) => void events.fire(`salt/job/${job.jid}/${what}`, noticeOf(job, result)),
    ...shared,
  });
  const receive = createReceiver({
    grains: () => services.grains.all(),
    signingKey: (kid) => link().signingKey(kid),
    knowsMasterTime: () => link().knowsMasterTime(),
    isMasterTimeSure: () => link().isMasterTimeSure(),
    open: options.open,
    held: options.held ?? (() => readHold(config.config_dir)),
    busy: () => (outbox.isFull() ? 'the outbox is full: the master must take returns first' : undefined),
    run: (job) => runner.run(job),
    cancel: (jid) => runner.cancel(jid),
    resend: (jid) => outbox.sendAgain(formatTopic(ReturnLong.topic, { jid, id })),
    askAgain: () => link().askAgain(),
    other: (topic, payload) => link().answer(topic, payload),
    ...shared,
  });
  return {
    runner,
    receive,
    attach(send: (packet: Packet) => Promise<void>): void {
      publish = send;
      // The master may have been restarted, or may have given up what it did not hear of.
      for (const { jid } of table.running()) acknowledge(jid, { st: 'run' });
    },
    detach(): void {
      publish = undefined;
    },
  };
}

/** What a reaction fires on the minion's own bus says so: it is not reacted to (RCT-6). */
function ofReactor(events: Events): Events {
  return { ...events, fire: (tag, data) => events.fire(tag, { ...data, user: REACTOR_USER }) };
}

function noticeOf(
  job: Pick<JobPayload, 'jid' | 'fun' | 'arg' | 'user'>,
  result?: { retcode: number; success?: boolean | undefined },
) {
  const { jid, fun, arg = [], user } = job;
  return {
    jid,
    fun,
    arg,
    ...(user === REACTOR_USER && { user }),
    ...(result !== undefined && { retcode: result.retcode, success: result.success }),
  };
}
