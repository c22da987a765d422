import * as v from 'valibot';
import { errorLine, FleetError } from '../errors.ts';
import { isDict } from '../python_text.ts';
import { nearest } from '../suggest.ts';
import { type DatePattern, parseDate } from './date_text.ts';
import { type DateRange, type Missed, otherNames, ScheduleItem, ScheduleSettings } from './schedule_item.ts';
import { ISO_FORMAT, parseTime } from './time_format.ts';
import { openTiming, type Timing } from './timing.ts';
import { openZone, type Zone } from './zone.ts';

export interface Range {
  readonly start: DatePattern;
  readonly end: DatePattern;
  readonly invert: boolean;
}

/** An item that was read: what is to be run, and all that decides when. */
export interface PlannedItem {
  readonly name: string;
  readonly item: ScheduleItem;
  readonly timing: Timing;
  /** Changes when the item comes round at other times: what was planned for it is void then. */
  readonly signature: string;
  readonly zone: Zone;
  readonly missed: Missed;
  readonly range: Range | undefined;
  readonly skipDuring: Range | undefined;
  readonly until: DatePattern | undefined;
  readonly after: DatePattern | undefined;
  /** Moments, in order. */
  readonly skipExplicit: readonly number[];
  readonly runExplicit: readonly number[];
}

export interface Schedule {
  readonly enabled: boolean;
  /** Runs in place of a function that is skipped for a range. */
  readonly skipFunction: string | undefined;
  readonly items: ReadonlyMap<string, PlannedItem>;
  /** Items that cannot be used, and why. */
  readonly problems: ReadonlyMap<string, string>;
}

export interface ScheduleSurroundings {
  /** Of items and schedules that name none. */
  readonly timezone: string;
  /** Names that stand for dates in `when`. */
  readonly whens?: unknown;
  /** It is the master's, whose functions are runners. */
  readonly callsRunners?: boolean;
}

/** True for names of a `schedule:` that are no items. */
export function isScheduleSetting(name: string): boolean {
  return Object.hasOwn(ScheduleSettings.entries, name);
}

/** Salt's `schedule:` mapping, read. An item that is wrong is listed under `problems` and hurts no other. Throws CONFIG_INVALID. */
export function readSchedule(given: Readonly<Record<string, unknown>>, surroundings: ScheduleSurroundings): Schedule {
  const entries = Object.entries(given);
  const settings = readSettings(Object.fromEntries(entries.filter(([name]) => isScheduleSetting(name))));
  const items = new Map<string, PlannedItem>();
  const problems = new Map<string, string>();
  for (const [name, value] of entries) {
    if (isScheduleSetting(name)) continue;
    try {
      items.set(name, planItem(name, value, settings, surroundings));
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      problems.set(name, errorLine(error));
    }
  }
  return { enabled: settings.enabled, skipFunction: settings.skip_function, items, problems };
}

/** Reads one item; `settings` are those of the schedule that it stands in. Throws ARGS_INVALID. */
export function planItem(
  name: string,
  value: unknown,
  settings: Pick<ScheduleSettings, 'missed' | 'skip_during_range' | 'timezone'>,
  { timezone, whens, callsRunners = false }: ScheduleSurroundings,
): PlannedItem {
  const item = readItem(name, value);
  if (!callsRunners && item.function.split('.').length > 2) {
    throw new FleetError('ARGS_INVALID', `schedule item ${name}: runners and wheel functions are for the master`);
  }
  const minionOnly = (['returner', 'return_config', 'return_kwargs'] as const).find((key) => item[key] !== undefined);
  if (callsRunners && minionOnly !== undefined) {
    throw new FleetError('ARGS_INVALID', `schedule item ${name}: ${minionOnly} is for items of minions`, {
      hint: 'what a runner returned is the event salt/run/<jid>/ret: event_return stores it',
    });
  }
  const zone = openZone(item.timezone ?? settings.timezone ?? timezone);
  const { function: _function, args: _args, kwargs: _kwargs, skip_explicit: _skip, run_explicit: _run, ...rest } = item;
  const { seconds, minutes, hours, days, when, cron, once, once_fmt } = rest;
  const timing = openTiming(item, zone, whens);
  return {
    name,
    item,
    timing,
    signature: JSON.stringify([seconds, minutes, hours, days, when, cron, once, once_fmt, zone.name, whens]),
    zone,
    missed: item.missed ?? settings.missed,
    range: readRange(item.range),
    skipDuring: readRange(item.skip_during_range ?? settings.skip_during_range),
    until: item.until === undefined ? undefined : parseDate(item.until),
    after: item.after === undefined ? undefined : parseDate(item.after),
    skipExplicit: explicitMoments(item.skip_explicit, zone),
    runExplicit: explicitMoments(item.run_explicit, zone),
  };
}

function readItem(name: string, value: unknown): ScheduleItem {
  if (!isDict(value)) throw new FleetError('ARGS_INVALID', `schedule item ${name}: must be a mapping with a function`);
  // What begins with _ is Salt's own note in a file that it wrote.
  const members = Object.entries(value).filter(([key]) => !key.startsWith('_'));
  const renamed = Object.fromEntries(members.map(([key, member]) => [otherNames[key] ?? key, member]));
  const unknown = Object.keys(renamed).find((key) => !Object.hasOwn(ScheduleItem.entries, key));
  if (unknown !== undefined) {
    const near = nearest(unknown, Object.keys(ScheduleItem.entries));
    throw new FleetError('ARGS_INVALID', `schedule item ${name}: there is no option ${unknown}`, {
      ...(near !== undefined && { hint: `did you mean ${near}?` }),
    });
  }
  const result = v.safeParse(ScheduleItem, renamed);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FleetError('ARGS_INVALID', `schedule item ${name}: ${v.getDotPath(issue) ?? 'it'} ${issue.message}`);
}

function readSettings(given: Readonly<Record<string, unknown>>): ScheduleSettings {
  const result = v.safeParse(ScheduleSettings, given);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FleetError('CONFIG_INVALID', `schedule: ${v.getDotPath(issue)} ${issue.message}`);
}

function readRange(range: DateRange | undefined): Range | undefined {
  if (range === undefined) return undefined;
  return { start: parseDate(range.start), end: parseDate(range.end), invert: range.invert };
}

function explicitMoments(times: ScheduleItem['skip_explicit'], zone: Zone): readonly number[] {
  return (times ?? [])
    .map(({ time, time_fmt }) => zone.momentOf(parseTime(time, time_fmt ?? ISO_FORMAT)))
    .sort((a, b) => a - b);
}
