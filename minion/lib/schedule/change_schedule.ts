import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Flag } from '../../../shared/plugin/args.ts';
import type { MinionContext } from '../../context.ts';
import type { ScheduleChange, ScheduleData } from '../../schedule/schedule_book.ts';
import { keywordOptions } from '../keyword_options.ts';

/** What functions that change the schedule return, in Salt's form. */
export interface Changed {
  readonly comment: string | readonly string[];
  readonly result: boolean;
  readonly changes: Readonly<Record<string, unknown>>;
}

const how = {
  test: v.optional(Flag, false),
  persist: v.optional(Flag, true),
  offline: v.optional(Flag, false),
};
export type How = v.InferOutput<v.ObjectSchema<typeof how, undefined>>;

/** Parts what every changing function takes from what is its own. */
export function readHow(kwargs: Readonly<Record<string, unknown>>): {
  readonly how: How;
  readonly rest: Readonly<Record<string, unknown>>;
} {
  const isHow = ([key]: [string, unknown]): boolean => Object.hasOwn(how, key);
  const entries = Object.entries(kwargs);
  return {
    how: keywordOptions(Object.fromEntries(entries.filter(isHow)), how),
    rest: Object.fromEntries(entries.filter((entry) => !isHow(entry))),
  };
}

/** The same for a function that takes nothing else. */
export function onlyHow(kwargs: Readonly<Record<string, unknown>>): How {
  return keywordOptions(kwargs, how);
}

export function refused(comment: string): Changed {
  return { comment, result: false, changes: {} };
}

/** Changes the schedule and says so on the minion's bus by Salt's tag; with test=True it only says what would be done. */
export async function changeSchedule(
  context: MinionContext,
  { test, persist, offline }: How,
  change: ScheduleChange,
  said: { readonly would: string; readonly done: string; readonly changes: Changed['changes']; readonly event: string },
): Promise<Changed> {
  if (test) return { comment: said.would, result: true, changes: {} };
  await context.schedules.change(change, { persist, offline });
  await announce(context, said.event);
  return { comment: said.done, result: true, changes: said.changes };
}

/** Salt's tag has a slash before it, which no tag of ours may have. */
export async function announce(context: MinionContext, what: string): Promise<void> {
  try {
    const data = { complete: true, schedule: context.schedules.all() };
    await context.events.fire(`salt/minion/minion_schedule_${what}`, data);
  } catch (error) {
    // salt-call beside no minion.
    if (!(error instanceof FleetError)) throw error;
    context.log.debug('nobody was told that the schedule changed', { reason: error.message });
  }
}

/** The schedule with an item in place of the one of its name, or without it. */
export function withItem(schedule: ScheduleData, name: string, item: unknown): ScheduleData {
  const others = Object.entries(schedule).filter(([other]) => other !== name);
  return Object.fromEntries(item === undefined ? others : [...others, [name, item]]);
}
