import type { ReturnPayload } from '../../shared/protocol/messages/return.ts';
import type { JobRunner, TakenJob } from './job_runner.ts';
import type { Ledger, OwnReturn } from './ledger.ts';

/** How long such a job may wait for other jobs to end (process_count_max), and how long it may run. */
const WAIT_MAX_SECONDS = 86_400;
const RUN_MAX_MS = 86_400_000;

/** A job that the minion gives to itself. */
export interface OwnOrder {
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
  /** Where Salt shows a user. */
  readonly user: string;
  /** What the master is told beyond the return, to store it as a job; null: it is told nothing. */
  readonly returned: OwnReturn | null;
  readonly extras?: Pick<TakenJob, 'metadata' | 'ret' | 'ret_config' | 'ret_kwargs'>;
}

/** Resolves when the job is over, to its return unless it could not be kept; rejects when it was not begun. */
export type RunOwnJob = (order: OwnOrder) => Promise<ReturnPayload | undefined>;

/** Runs jobs of the minion itself by the way of all jobs: a jid in the ledger, one at a time where that matters, returners. */
export function createOwnJobs(options: {
  readonly id: string;
  readonly ledger: Pick<Ledger, 'accept'>;
  readonly runner: () => Pick<JobRunner, 'run'>;
  readonly newJid: () => string;
  /** Seconds UTC by the master's clock. */
  readonly masterNow: () => number;
}): RunOwnJob {
  const { id, ledger, runner, newJid, masterNow } = options;
  return async ({ fun, arg, kwarg, user, returned, extras }) => {
    const jid = newJid();
    const exp = masterNow() + WAIT_MAX_SECONDS;
    await ledger.accept(jid, exp, returned);
    return new Promise((resolve) => {
      runner().run({
        jid,
        fun,
        arg: [...arg],
        kwarg: { ...kwarg },
        tgt: id,
        tgt_type: 'glob',
        user,
        exp,
        timeout_ms: RUN_MAX_MS,
        ...extras,
        own: { returned, ended: resolve },
      });
    });
  };
}
