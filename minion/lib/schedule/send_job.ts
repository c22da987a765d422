import { isDict } from '../../../shared/python_text.ts';
import type { MinionContext } from '../../context.ts';

type Dict = Readonly<Record<string, unknown>>;

/** What `schedule.move` and `schedule.copy` return. */
export interface Sent {
  readonly comment: string;
  readonly result: boolean;
  readonly minions?: readonly string[];
}

/** `schedule.add` has names of its own for the arguments of the function. */
const ADDED_AS: Readonly<Record<string, string>> = { args: 'job_args', kwargs: 'job_kwargs' };

/** The keyword arguments by which `schedule.add` makes such a job; its name is an argument before them. */
export function asAddArguments({ name: _name, ...item }: Dict): Dict {
  return Object.fromEntries(Object.entries(item).map(([key, value]) => [ADDED_AS[key] ?? key, value]));
}

/** Adds a job of this minion's schedule to those of other minions, as far as the master's `peer` allows it. */
export async function sendJob(context: MinionContext, name: string, item: Dict, target: string): Promise<Sent> {
  const options = Object.entries(asAddArguments(item)).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const answers = (await context.call('publish.publish', [target, 'schedule.add', [name, ...options]])) as Dict;
  const minions = Object.keys(answers);
  if (minions.length === 0) {
    return { comment: 'no servers answered the published schedule.add command', result: false };
  }
  const failed = minions.filter((id) => !isDict(answers[id]) || answers[id].result !== true);
  if (failed.length > 0) return { comment: 'the following minions return False', result: false, minions: failed };
  return { comment: `Copied Job ${name} from schedule to minion(s).`, result: true, minions };
}
