import { FleetError } from '../errors.ts';

/** What a clock on the wall shows. Months and days count from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** A time zone: the two ways between moments (milliseconds UTC) and the clock on the wall. */
export interface Zone {
  readonly name: string;
  wallOf(ms: number): WallTime;
  /**
   * The moment at which the wall shows that time. Of a time that comes twice, when clocks are put back, the first; for
   * one that is left out, when they are put forward, the moment at which that happens.
   */
  momentOf(wall: WallTime): number;
}

/** The zone that this process is in. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const DAY_MS = 86_400_000;

/** Throws ARGS_INVALID when there is no such zone. */
export function openZone(name: string): Zone {
  const format = openFormat(name);
  const wallOf = (ms: number): WallTime => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    return { year, month, day, hour, minute, second };
  };
  /** How far the wall is ahead of UTC, whole seconds. */
  const offsetMs = (ms: number): number => {
    const whole = Math.floor(ms / 1000) * 1000;
    return utcOf(wallOf(whole)) - whole;
  };
  return {
    name,
    wallOf,
    momentOf(wall) {
      const utc = utcOf(wall);
      const [before, after] = [offsetMs(utc - DAY_MS), offsetMs(utc + DAY_MS)];
      const moments = [utc - before, utc - after].filter((ms) => ms + offsetMs(ms) === utc);
      return moments.length > 0 ? Math.min(...moments) : changeOf(offsetMs, utc - DAY_MS, utc + DAY_MS);
    },
  };
}

/** The day that is `days` after another; 24 hours are not always a day. */
export function addDays({ year, month, day }: WallTime, days: number): Pick<WallTime, 'year' | 'month' | 'day'> {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** From 0, Sunday. */
export function weekdayOf({ year, month, day }: Pick<WallTime, 'year' | 'month' | 'day'>): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

function openFormat(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new FleetError('ARGS_INVALID', `there is no time zone ${JSON.stringify(name)}`, {
      cause,
      hint: 'write a name such as Europe/Berlin or UTC',
    });
  }
}

function utcOf({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The first whole second of the new offset, when it changes between the two moments. */
function changeOf(offsetMs: (ms: number) => number, fromMs: number, toMs: number): number {
  const old = offsetMs(fromMs);
  let [last, first] = [fromMs, toMs];
  while (first - last > 1000) {
    const middle = Math.floor((last + first) / 2000) * 1000;
    if (offsetMs(middle) === old) last = middle;
    else first = middle;
  }
  return first;
}
