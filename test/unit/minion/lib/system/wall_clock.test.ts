import { expect, test } from 'vitest';
import {
  dateArgument,
  dateText,
  dateTimeText,
  inGreenwich,
  parseDate,
  parseTime,
  requireReal,
  timeText,
  wallTime,
} from '../../../../../minion/lib/system/wall_clock.ts';

const noon = Date.UTC(2026, 10, 26, 12, 5, 9);

test('an offset moves the hands, also over midnight', () => {
  expect(dateTimeText(wallTime(noon, 0))).toBe('2026-11-26 12:05:09');
  expect(dateTimeText(wallTime(noon, 13 * 60 + 45))).toBe('2026-11-27 01:50:09');
  expect(dateText(wallTime(noon, -13 * 60))).toBe('Wed 11/25/2026');
  expect([timeText(wallTime(noon, 0)), timeText(wallTime(noon, 720))]).toEqual(['12:05:09 PM', '12:05:09 AM']);
});

test('a time is given to date in its own form, and in that of Greenwich', () => {
  const time = wallTime(noon, 330);
  expect(dateArgument(time, true)).toBe('112617352026.09');
  expect(dateArgument(inGreenwich(time, 330), false)).toBe('112612052026');
});

test('times are read in the forms of Salt', () => {
  expect(parseTime('11:20:07')).toEqual({ hours: 11, minutes: 20, seconds: 7 });
  expect(parseTime('12:00 AM')).toEqual({ hours: 0, minutes: 0, seconds: 0 });
  expect(parseTime('1:05:09 pm')).toEqual({ hours: 13, minutes: 5, seconds: 9 });
  expect(['24:00', '13:00 PM', '1:60', 'noon', '680'].map(parseTime)).toEqual(Array(5).fill(undefined));
});

test('dates are read in the forms of Salt', () => {
  const date = { years: 2013, months: 3, days: 28 };
  expect(['2013-03-28', '2013/3/28', '03-28-2013', '03/28/13'].map(parseDate)).toEqual(Array(4).fill(date));
  expect(parseDate('03-28-69')?.years).toBe(1969);
  expect(['2013-03/28', '28-03-2013', '03-28-013', 'now'].map(parseDate)).toEqual(Array(4).fill(undefined));
});

test('a day that no calendar has is refused', () => {
  const time = wallTime(noon, 0);
  expect(() => requireReal({ ...time, days: 31 })).toThrow('there is no such time: 2026-11-31 12:05:09');
  expect(() => requireReal({ ...time, hours: 24 })).toThrow('there is no such time');
  requireReal({ ...time, years: 2028, months: 2, days: 29 });
});
