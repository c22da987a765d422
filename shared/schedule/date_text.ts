import { FleetError } from '../errors.ts';
import { isWallTime, monthOf } from './time_format.ts';
import { addDays, type WallTime, weekdayOf, type Zone } from './zone.ts';

/**
 * A date as Salt's users write it, by the rules of Python's dateutil: `5:00pm` is any day at five, `Monday 5:00pm` any
 * Monday, `January 1 1:00pm` any year, `January 1, 2027 1:00pm` and `2027-01-01T13:00` one moment. Without a time: midnight.
 */
export interface DatePattern {
  readonly year?: number | undefined;
  readonly month?: number | undefined;
  readonly day?: number | undefined;
  /** From 0, Sunday. */
  readonly weekday?: number | undefined;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** The text says how far its time is ahead of UTC: `Z`, `+01:00`. */
  readonly offsetMs?: number | undefined;
}

type Fields = { -readonly [K in keyof DatePattern]?: DatePattern[K] };
type Token = readonly [pattern: RegExp, read: (match: readonly string[], fields: Fields) => void];

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** What a date is made of, each where it is first looked for. Every pattern stands at the place where the last ended. */
const tokens: readonly Token[] = [
  [/[\s,]+|t(?=\d)|(?:at|on|of|and)\b/y, () => undefined],
  [
    /(\d{4})-(\d{1,2})-(\d{1,2})/y,
    ([, year, month, day], fields) => set(fields, { year: Number(year), month: Number(month), day: Number(day) }),
  ],
  // Month first, as dateutil takes it.
  [
    /(\d{1,2})\/(\d{1,2})(?:\/(\d{4}))?/y,
    ([, month, day, year], fields) =>
      set(fields, { month: Number(month), day: Number(day), ...(year !== undefined && { year: Number(year) }) }),
  ],
  [
    /(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap])?(?:\.?m\b\.?)?/y,
    ([, hour, minute, second = '0', half], fields) =>
      setTime(fields, Number(hour), Number(minute), Number(second), half),
  ],
  [/(\d{1,2})\s*([ap])\.?m\b\.?/y, ([, hour, half], fields) => setTime(fields, Number(hour), 0, 0, half)],
  [/(?:z|utc|gmt)\b/y, (_match, fields) => set(fields, { offsetMs: 0 })],
  [
    /([+-])(\d{2}):?(\d{2})\b/y,
    ([, sign, hours, minutes], fields) =>
      set(fields, { offsetMs: (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000 }),
  ],
  [/(\d{4})\b/y, ([, year], fields) => set(fields, { year: Number(year) })],
  [/(\d{1,2})(?:st|nd|rd|th)?\b/y, ([, day], fields) => set(fields, { day: Number(day) })],
  [/([a-z]+)\.?/y, ([, word = ''], fields) => setName(fields, word)],
];

/** Throws ARGS_INVALID, which names the text. */
export function parseDate(text: string): DatePattern {
  const fields: Fields = {};
  const lower = text.trim().toLowerCase();
  try {
    for (let at = 0; at < lower.length; ) at = readToken(lower, at, fields);
    checkFields(fields);
  } catch (cause) {
    throw new FleetError('ARGS_INVALID', `${JSON.stringify(text)} is not a date: ${(cause as Error).message}`, {
      hint: "write '5:00pm', 'Monday 5:00pm', 'January 1, 2027 1:00pm' or '2027-01-01T13:00:00', in quotes",
    });
  }
  return { hour: 0, minute: 0, second: 0, ...fields };
}

/** The first moment after another at which the pattern holds; undefined when it is past for ever. */
export function nextMatch(pattern: DatePattern, zone: Zone, afterMs: number): number | undefined {
  const { year, month, day } = pattern;
  if (year !== undefined && month !== undefined && day !== undefined) {
    const moment = momentOf(pattern, { year, month, day }, zone);
    return moment > afterMs ? moment : undefined;
  }
  const today = zone.wallOf(afterMs);
  // The 29th of February is at most eight years away. From yesterday: the text may count by another zone.
  for (let days = -1; days <= 8 * 366; days++) {
    const date = addDays(today, days);
    if (month !== undefined && (date.month !== month || date.day !== day)) continue;
    if (pattern.weekday !== undefined && pattern.weekday !== weekdayOf(date)) continue;
    const moment = momentOf(pattern, date, zone);
    if (moment > afterMs) return moment;
  }
  return undefined;
}

/** What the text means now: dateutil takes what is not said from today, and of a weekday the next one, which may be today. */
export function momentNow(pattern: DatePattern, zone: Zone, nowMs: number): number {
  const today = zone.wallOf(nowMs);
  const { year = today.year, month = today.month, day = today.day, weekday } = pattern;
  const date = { ...today, year, month, day };
  const wait = weekday === undefined || pattern.day !== undefined ? 0 : (weekday - weekdayOf(date) + 7) % 7;
  return momentOf(pattern, addDays(date, wait), zone);
}

/** True when the text says a time of day and no date. */
export function isDaily({ month, weekday }: DatePattern): boolean {
  return month === undefined && weekday === undefined;
}

type Day = Pick<WallTime, 'year' | 'month' | 'day'>;

function momentOf({ hour, minute, second, offsetMs }: DatePattern, { year, month, day }: Day, zone: Zone): number {
  if (offsetMs !== undefined) return Date.UTC(year, month - 1, day, hour, minute, second) - offsetMs;
  return zone.momentOf({ year, month, day, hour, minute, second });
}

/** Where the next token begins. */
function readToken(text: string, at: number, fields: Fields): number {
  for (const [pattern, read] of tokens) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) continue;
    read(match, fields);
    return pattern.lastIndex;
  }
  throw new Error(`${JSON.stringify(text.slice(at))} has no meaning there`);
}

function set(fields: Fields, values: Fields): void {
  for (const key of Object.keys(values) as (keyof Fields)[]) {
    if (fields[key] !== undefined) throw new Error(`it has more than one ${key}`);
  }
  Object.assign(fields, values);
}

function setTime(fields: Fields, hour: number, minute: number, second: number, half: string | undefined): void {
  if (half !== undefined && (hour < 1 || hour > 12)) throw new Error(`there is no hour ${hour}${half}m`);
  set(fields, { hour: half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0), minute, second });
}

function setName(fields: Fields, word: string): void {
  const month = monthOf(word);
  const weekday = WEEKDAYS.findIndex((name) => word.length >= 3 && name.startsWith(word));
  if (month !== undefined) set(fields, { month });
  else if (weekday !== -1) set(fields, { weekday });
  else throw new Error(`${JSON.stringify(word)} is neither a month nor a day`);
}

function checkFields({ year, month, day, weekday, hour, minute = 0, second = 0 }: Fields): void {
  if (hour === undefined && month === undefined && day === undefined && weekday === undefined) {
    throw new Error('it names neither a day nor a time');
  }
  if ((month === undefined) !== (day === undefined)) throw new Error('a month needs a day, and a day a month');
  if (year !== undefined && month === undefined) throw new Error('a year needs a month and a day');
  // A leap year, for a day of any year.
  const wall = { year: year ?? 2028, month: month ?? 1, day: day ?? 1, hour: hour ?? 0, minute, second };
  if (!isWallTime(wall)) throw new Error('there is no such day or time');
}
