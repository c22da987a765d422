import { expect, test } from 'vitest';
import { formatTime, ISO_FORMAT, parseTime } from '../../../../shared/schedule/time_format.ts';

const afternoon = { year: 2027, month: 1, day: 5, hour: 13, minute: 7, second: 9 };
const minute = { ...afternoon, second: 0 };

test.each([
  ['2027-01-05T13:07:09', ISO_FORMAT, afternoon],
  ['05.01.2027 13:07', '%d.%m.%Y %H:%M', minute],
  ['Jan 05 27, 01:07 PM', '%b %d %y, %I:%M %p', minute],
  ['January 100%', '%B 100%%', { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0 }],
])('%s is read and written by %s', (text, format, wall) => {
  expect(parseTime(text, format)).toEqual(wall);
  expect(formatTime(wall, format)).toBe(text);
});

test.each([
  ['12:30 AM', 0],
  ['12:30 PM', 12],
])('%s is hour %i', (text, hour) => {
  expect(parseTime(text, '%I:%M %p')).toMatchObject({ hour });
  expect(formatTime({ ...minute, hour, minute: 30 }, '%I:%M %p')).toBe(text);
});

test.each([
  ['2027-01-05', ISO_FORMAT, 'is not a time of the format'],
  ['2027-02-30T00:00:00', ISO_FORMAT, 'is not a time of the format'],
  ['Foo 05', '%b %d', 'is not a time of the format'],
  ['x', '%Q', '%Q of the format %Q is not known'],
])('%s cannot be read by %s', (text, format, reason) => {
  expect(() => parseTime(text, format)).toThrow(reason);
});
