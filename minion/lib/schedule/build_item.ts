import { errorLine, FleetError } from '../../../shared/errors.ts';
import type { Schedules } from '../../context.ts';
import { type Changed, refused } from './change_schedule.ts';

type Dict = Readonly<Record<string, unknown>>;

const AMOUNTS = ['seconds', 'minutes', 'hours', 'days'];

/** A schedule item of the keyword arguments of `schedule.add`, with Salt's defaults; or why it cannot be one. */
export function buildItem(
  schedules: Pick<Schedules, 'check'>,
  name: string,
  kwargs: Dict,
): { readonly item: Dict } | { readonly refusal: Changed } {
  const { job_args: args, job_kwargs, maxrunning = 1, name: shown = name, enabled = true, ...rest } = kwargs;
  const { jid_include = true, function: fun, ...others } = rest;
  const item = {
    ...(fun !== undefined && { function: fun }),
    ...others,
    ...(args !== undefined && { args: [args].flat() }),
    ...(job_kwargs !== undefined && { kwargs: job_kwargs }),
    maxrunning,
    name: shown,
    enabled,
    jid_include,
  };
  try {
    schedules.check(name, item);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { refusal: refused(errorLine(error)) };
  }
  return { item };
}

/** Salt's words for ways to say when that exclude each other; `prefix` is what `add` and `modify` put before them. */
export function timeConflict(kwargs: Dict, prefix: string): string | undefined {
  const has = (key: string): boolean => kwargs[key] !== undefined;
  if (AMOUNTS.some(has) && (has('when') || has('cron'))) {
    return `${prefix}Unable to use "seconds", "minutes", "hours", or "days" with "when" or "cron" options.`;
  }
  return has('when') && has('cron') ? 'Unable to use "when" and "cron" options together.  Ignoring.' : undefined;
}
