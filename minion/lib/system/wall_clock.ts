import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Text } from '../../../shared/plugin/args.ts';

/** What a clock on the wall shows. Months count from 1. */
export interface WallTime {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

/** East of Greenwich: `+0530`, `-0300`, `0800`; as minutes. */
export const UtcOffset = v.pipe(
  Text,
  v.regex(/^[+-]?\d{4}$/, 'must be an offset such as +0530'),
  v.transform((text) => {
    const digits = text.replace(/^[+-]/, '');
    const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
    return text.startsWith('-') ? -minutes : minutes;
  }),
);

/** Without an offset in the time zone of this machine. */
export function wallTime(nowMs: number, offsetMinutes: number | undefined): WallTime {
  const date = new Date(nowMs);
  const shownMinutes = offsetMinutes ?? -date.getTimezoneOffset();
  const shown = new Date(nowMs + shownMinutes * 60_000);
  return {
    ...{ years: shown.getUTCFullYear(), months: shown.getUTCMonth() + 1, days: shown.getUTCDate() },
    ...{ hours: shown.getUTCHours(), minutes: shown.getUTCMinutes(), seconds: shown.getUTCSeconds() },
  };
}

/** `01:05:09 PM`. */
export function timeText({ hours, minutes, seconds }: WallTime): string {
  return `${pad(hours % 12 || 12)}:${pad(minutes)}:${pad(seconds)} ${hours < 12 ? 'AM' : 'PM'}`;
}

/** `2026-11-26 13:05:09`. */
export function dateTimeText(time: WallTime): string {
  const { years, months, days, hours, minutes, seconds } = time;
  return `${pad(years, 4)}-${pad(months)}-${pad(days)} ${pad(hours)}:${pad(minutes)}:${pad(seconds)}`;
}

/** `Thu 11/26/2026`. */
export function dateText(time: WallTime): string {
  const weekday = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')[new Date(utcMs(time)).getUTCDay()];
  return `${weekday} ${pad(time.months)}/${pad(time.days)}/${pad(time.years, 4)}`;
}

/** As date(1) takes it: MMDDhhmmCCYY, and .ss. */
export function dateArgument(time: WallTime, withSeconds: boolean): string {
  const { years, months, days, hours, minutes, seconds } = time;
  const fields = [months, days, hours, minutes].map((field) => pad(field)).join('');
  return `${fields}${pad(years, 4)}${withSeconds ? `.${pad(seconds)}` : ''}`;
}

/** The same moment as a clock in Greenwich shows it. */
export function inGreenwich(time: WallTime, offsetMinutes: number): WallTime {
  return wallTime(utcMs(time) - offsetMinutes * 60_000, 0);
}

/** Throws ARGS_INVALID for what no calendar and no clock has. */
export function requireReal(time: WallTime): void {
  if (dateTimeText(wallTime(utcMs(time), 0)) === dateTimeText(time)) return;
  throw new FleetError('ARGS_INVALID', `there is no such time: ${dateTimeText(time)}`);
}

/** `13:05:09`, `13:05`, `1:05 PM`; undefined for anything else. */
export function parseTime(text: string): Pick<WallTime, 'hours' | 'minutes' | 'seconds'> | undefined {
  const match = /^\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:\s*([ap])m)?\s*$/i.exec(text);
  if (match === null) return undefined;
  const [, hour = '', minute = '', second = '0', half] = match;
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  if (half === undefined) return { hours, minutes, seconds };
  if (hours < 1 || hours > 12) return undefined;
  return { hours: (hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0), minutes, seconds };
}

/** `2026-11-26`, `2026/11/26`, `11-26-2026`, `11/26/26`; undefined for anything else. */
export function parseDate(text: string): Pick<WallTime, 'years' | 'months' | 'days'> | undefined {
  const match = /^\s*(?:(\d{4})([-/])(\d{1,2})\2(\d{1,2})|(\d{1,2})([-/])(\d{1,2})\6(\d{4}|\d{2}))\s*$/.exec(text);
  if (match === null) return undefined;
  const [, year = match[8] ?? '', , month = match[5] ?? '', day = match[7] ?? ''] = match;
  const [years, months, days] = [wholeYear(year), Number(month), Number(day)];
  return months < 1 || months > 12 || days < 1 || days > 31 ? undefined : { years, months, days };
}

/** Python's rule: two digits are 1969 to 2068. */
function wholeYear(digits: string): number {
  if (digits.length > 2) return Number(digits);
  return Number(digits) + (Number(digits) < 69 ? 2000 : 1900);
}

function utcMs({ years, months, days, hours, minutes, seconds }: WallTime): number {
  return Date.UTC(years, months - 1, days, hours, minutes, seconds);
}

function pad(number: number, length = 2): string {
  return String(number).padStart(length, '0');
}
