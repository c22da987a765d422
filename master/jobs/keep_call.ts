import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { errorLine } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { HeldEvent } from '../events/event_bus.ts';
import type { JobStore } from './job_store.ts';

/** In place of the minion where a runner's job is shown: it ran on the master. */
export const MASTER_ID = 'master';

/** A runner or wheel function that nobody waited for, when it is over. */
export interface EndedCall {
  readonly jid: string;
  /** With its kind before it: `runner.manage.up`. */
  readonly fun: string;
  readonly user: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly out: string | undefined;
  readonly retcode: number;
  readonly success: boolean;
}

/**
 * Keeps the outcome among the jobs, so that `jobs.lookup_jid` finds it; `event` tells of it and goes out when it is
 * stored.
 */
export type KeepCall = (call: EndedCall, event: HeldEvent) => Promise<void>;

export function createKeepCall(jobs: Pick<JobStore, 'addEndedJob'>, clock: Clock, log: Logger): KeepCall {
  return async ({ jid, fun, user, arg, kwarg, value, out, retcode, success }, event) => {
    const since = nowSeconds(clock);
    const minions = [MASTER_ID];
    const record = { jid, fun, arg, kwarg, tgt: MASTER_ID, tgt_type: 'glob' as const, user, minions, exp: since };
    const row = { state: success ? ('succeeded' as const) : ('failed' as const), since };
    const result = { id: MASTER_ID, jid, fun, fun_args: [...arg], return: value ?? null, retcode, success };
    try {
      await jobs.addEndedJob(record, MASTER_ID, row, { ...result, ...(out !== undefined && { out }) }, event.change);
    } catch (error) {
      event.drop();
      log.error('the outcome of a runner could not be kept', { jid, fun, reason: errorLine(error) });
      return;
    }
    event.fire();
  };
}

/** True for what `createKeepCall` keeps: such a job cannot be published. */
export function isKeptCall({ fun }: { readonly fun: string }): boolean {
  return /^(?:runner|wheel)\.\w+\.\w+$/.test(fun);
}
