import { isDict } from '../../../shared/python_text.ts';
import { asAddArguments } from './send_job.ts';

type Dict = Readonly<Record<string, unknown>>;

/** A function of the module `schedule` with its arguments. */
export interface ScheduleCall {
  readonly func: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Dict;
}

/** What Salt's own functions fire: an event names the job and holds it, where ours holds the arguments of a function. */
export interface SaltScheduleEvent {
  readonly func: string;
  readonly name?: string | undefined;
  readonly schedule?: Dict | undefined;
  readonly persist?: boolean | undefined;
}

const OF_ONE_JOB = new Set(['delete', 'enable_job', 'disable_job', 'run_job']);

/** The call that such an event asks for; undefined when it is none of Salt's. */
export function readSaltEvent({ func, name, schedule, persist }: SaltScheduleEvent): ScheduleCall | undefined {
  const kwarg = persist === undefined || func === 'run_job' ? {} : { persist };
  if (func === 'save_schedule') return { func: 'save', arg: [], kwarg: {} };
  if (func === 'enable' || func === 'disable') return { func, arg: [], kwarg };
  if (name === undefined) return undefined;
  if (OF_ONE_JOB.has(func)) return { func, arg: [name], kwarg };
  // `add` holds the job under its name, `modify` the job itself.
  const item = func === 'add' ? schedule?.[name] : schedule;
  if ((func !== 'add' && func !== 'modify') || !isDict(item)) return undefined;
  return { func, arg: [name], kwarg: { ...asAddArguments(item), ...kwarg } };
}
