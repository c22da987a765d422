import type { Firing } from '../../shared/schedule/scheduler.ts';
import type { JobRunner, TakenJob } from '../jobs/job_runner.ts';
import type { Ledger } from '../jobs/ledger.ts';

/** How long an item that is due may wait for other jobs to end (process_count_max), and how long it may run. */
const WAIT_MAX_SECONDS = 86_400;
const RUN_MAX_MS = 86_400_000;
/** Who gives the jobs of a schedule, where Salt shows a user. */
const USER = 'Schedule';

/** Runs items of the schedule by the way of all jobs: a jid in the ledger, one at a time where that matters, returners. */
export function createItemRunner(options: {
  readonly id: string;
  readonly ledger: Ledger;
  readonly runner: Pick<JobRunner, 'run'>;
  readonly newJid: () => string;
  /** Seconds UTC by the master's clock. */
  readonly masterNow: () => number;
  /** Of all items, besides their own (`schedule_returner`). */
  readonly returners: readonly string[];
}): (firing: Firing) => Promise<void> {
  const { id, ledger, runner, newJid, masterNow, returners } = options;
  return async ({ name, item, fun }) => {
    const jid = newJid();
    const exp = masterNow() + WAIT_MAX_SECONDS;
    const ret = [...[item.returner ?? []].flat(), ...returners].join(',');
    const job: Omit<TakenJob, 'own'> = {
      jid,
      fun,
      arg: [...(item.args ?? [])],
      kwarg: { ...item.kwargs },
      tgt: id,
      tgt_type: 'glob',
      user: USER,
      exp,
      timeout_ms: RUN_MAX_MS,
      ...(item.metadata !== undefined && { metadata: item.metadata }),
      ...(ret !== '' && { ret }),
      ...(item.return_config !== undefined && { ret_config: item.return_config }),
      ...(item.return_kwargs !== undefined && { ret_kwargs: item.return_kwargs }),
    };
    await ledger.accept(jid, exp);
    await new Promise<void>((resolve) => {
      runner.run({ ...job, own: { schedule: name, isReturned: item.return_job !== false, ended: resolve } });
    });
  };
}
