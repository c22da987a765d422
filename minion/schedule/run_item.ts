import type { Firing } from '../../shared/schedule/scheduler.ts';
import type { RunOwnJob } from '../jobs/own_jobs.ts';

/** Who gives the jobs of a schedule, where Salt shows a user. */
const USER = 'Schedule';

/** Runs items of the schedule as jobs of the minion itself. */
export function createItemRunner(options: {
  readonly runOwnJob: RunOwnJob;
  /** Of all items, besides their own (`schedule_returner`). */
  readonly returners: readonly string[];
}): (firing: Firing) => Promise<void> {
  return async ({ name, item, fun }) => {
    const arg = item.args ?? [];
    const metadata = item.metadata !== undefined && { metadata: item.metadata };
    const ret = [...[item.returner ?? []].flat(), ...options.returners].join(',');
    await options.runOwnJob({
      fun,
      arg,
      kwarg: item.kwargs ?? {},
      user: USER,
      returned: item.return_job === false ? null : { fun, fun_args: [...arg], schedule: name, ...metadata },
      extras: {
        ...metadata,
        ...(ret !== '' && { ret }),
        ...(item.return_config !== undefined && { ret_config: item.return_config }),
        ...(item.return_kwargs !== undefined && { ret_kwargs: item.return_kwargs }),
      },
    });
  };
}
