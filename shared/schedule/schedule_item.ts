import * as v from 'valibot';
import { Count, Dict, Flag, Integer, Text } from '../plugin/args.ts';
import { FunctionName } from '../protocol/fields.ts';

/** Salt's format of one item of `schedule:` (SCH-2, SCH-3); `timezone` and `missed` are our own. */

const Amount = v.pipe(Integer, v.minValue(0, 'must not be negative'));
const Dates = v.union(
  [v.pipe(v.string(), v.minLength(1, 'must not be empty')), v.array(v.string('must be a date in quotes'))],
  "must be a date in quotes such as '5:00pm', or a list of them",
);
/** Unquoted, YAML makes a number of 17:00. */
const DateText = v.string("must be a date in quotes, such as '5:00pm'");
const Texts = v.union([v.string(), v.array(v.string())], 'must be a name or a list of names');

const missedPolicies = ['skip', 'once', 'all'] as const;
export const Missed = v.picklist(missedPolicies, `must be one of ${missedPolicies.join(', ')}`);
export type Missed = v.InferOutput<typeof Missed>;

export const DateRange = v.strictObject({ start: DateText, end: DateText, invert: v.optional(Flag, false) });
export type DateRange = v.InferOutput<typeof DateRange>;

const Splay = v.union(
  [Count, v.strictObject({ start: Count, end: Count })],
  'must be seconds, or {start: seconds, end: seconds}',
);

/** One time in the format of `once_fmt`, as `schedule.skip_job` and `schedule.postpone_job` write it. */
const ExplicitTime = v.strictObject({ time: v.string(), time_fmt: v.optional(v.string()) });

const LIST_MAX = 1000;
const explicitTimes = v.pipe(v.array(ExplicitTime), v.maxLength(LIST_MAX, `must be at most ${LIST_MAX} times`));

/** On the master, `runner.` or `wheel.` may stand before it. */
const AnyFunctionName = v.union(
  [FunctionName, v.pipe(v.string(), v.regex(/^(runner|wheel)\.[A-Za-z_][\w-]{0,62}\.[A-Za-z_]\w{0,62}$/))],
  'must be module.function, such as test.ping',
);

export const ScheduleItem = v.strictObject({
  function: AnyFunctionName,
  name: v.optional(Text),
  args: v.optional(v.array(v.unknown())),
  kwargs: v.optional(Dict),
  seconds: v.optional(Amount),
  minutes: v.optional(Amount),
  hours: v.optional(Amount),
  days: v.optional(Amount),
  when: v.optional(Dates),
  cron: v.optional(v.string('must be a cron expression in quotes')),
  once: v.optional(DateText),
  once_fmt: v.optional(v.string()),
  splay: v.optional(Splay),
  range: v.optional(DateRange),
  skip_during_range: v.optional(DateRange),
  run_after_skip_range: v.optional(Flag),
  skip_explicit: v.optional(explicitTimes),
  run_explicit: v.optional(explicitTimes),
  until: v.optional(DateText),
  after: v.optional(DateText),
  run_on_start: v.optional(Flag),
  maxrunning: v.optional(v.pipe(Integer, v.minValue(1, 'must be at least 1'))),
  enabled: v.optional(Flag),
  dry_run: v.optional(Flag),
  jid_include: v.optional(Flag),
  return_job: v.optional(Flag),
  returner: v.optional(Texts),
  return_config: v.optional(v.string()),
  return_kwargs: v.optional(Dict),
  metadata: v.optional(Dict),
  timezone: v.optional(v.string()),
  missed: v.optional(Missed),
});
export type ScheduleItem = v.InferOutput<typeof ScheduleItem>;

/** What stands beside the items, under names that no item can have. */
export const ScheduleSettings = v.strictObject({
  enabled: v.optional(Flag, true),
  skip_function: v.optional(AnyFunctionName),
  skip_during_range: v.optional(DateRange),
  timezone: v.optional(v.string()),
  missed: v.optional(Missed, 'skip'),
});
export type ScheduleSettings = v.InferOutput<typeof ScheduleSettings>;

/** Salt's other names of the same members. */
export const otherNames: Readonly<Record<string, keyof ScheduleItem>> = {
  func: 'function',
  fun: 'function',
  job_args: 'args',
  job_kwargs: 'kwargs',
};
