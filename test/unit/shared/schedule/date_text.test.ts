import { describe, expect, test } from 'vitest';
import { isDaily, momentNow, nextMatch, parseDate } from '../../../../shared/schedule/date_text.ts';
import { openZone } from '../../../../shared/schedule/zone.ts';

const berlin = openZone('Europe/Berlin');
/** A Wednesday, 12:00 in Berlin. */
const now = Date.UTC(2026, 10, 25, 11);

describe('a date in the words of Salt users, as it comes next after Wednesday, 25 November 2026, noon in Berlin', () => {
  test.each([
    ['5:00pm', '2026-11-25T16:00:00.000Z'],
    ['5pm', '2026-11-25T16:00:00.000Z'],
    ['5 PM', '2026-11-25T16:00:00.000Z'],
    ['5:00 p.m.', '2026-11-25T16:00:00.000Z'],
    ['17:00', '2026-11-25T16:00:00.000Z'],
    ['17:00:30.250', '2026-11-25T16:00:30.000Z'],
    ['12:00am', '2026-11-25T23:00:00.000Z'],
    ['12:00pm', '2026-11-26T11:00:00.000Z'],
    ['11:00am', '2026-11-26T10:00:00.000Z'],
    ['Monday 5:00pm', '2026-11-30T16:00:00.000Z'],
    ['wed 5:00pm', '2026-11-25T16:00:00.000Z'],
    ['Wed 5:00am', '2026-12-02T04:00:00.000Z'],
    ['Thurs', '2026-11-25T23:00:00.000Z'],
    ['5:00pm on Friday', '2026-11-27T16:00:00.000Z'],
    ['January 1 1:00pm', '2027-01-01T12:00:00.000Z'],
    ['1st of January at 1pm', '2027-01-01T12:00:00.000Z'],
    ['January 1, 2027 1:00pm', '2027-01-01T12:00:00.000Z'],
    ['Friday, January 1, 2027 1:00pm', '2027-01-01T12:00:00.000Z'],
    ['1 Jan 2027 13:00', '2027-01-01T12:00:00.000Z'],
    ['01/15/2027 3pm', '2027-01-15T14:00:00.000Z'],
    ['2027-01-01', '2026-12-31T23:00:00.000Z'],
    ['2027-01-01T13:00:00', '2027-01-01T12:00:00.000Z'],
    ['2027-01-01 13:00', '2027-01-01T12:00:00.000Z'],
    ['2027-01-01T13:00:00Z', '2027-01-01T13:00:00.000Z'],
    ['2027-01-01T13:00:00-05:00', '2027-01-01T18:00:00.000Z'],
    ['5:00pm UTC', '2026-11-25T17:00:00.000Z'],
    ['February 29 noon'.replace('noon', '12:00'), '2028-02-29T11:00:00.000Z'],
    ['January 1, 2026 1:00pm', undefined],
  ])('%s', (text, expected) => {
    const moment = nextMatch(parseDate(text), berlin, now);
    expect(moment === undefined ? undefined : new Date(moment).toISOString()).toBe(expected);
  });
});

test.each([
  ['', 'it names neither a day nor a time'],
  ['2027', 'it names neither a day nor a time'],
  ['tea time', '"tea" is neither a month nor a day'],
  ['25:00', 'there is no such day or time'],
  ['13:00pm', 'there is no hour 13pm'],
  ['June 31 5pm', 'there is no such day or time'],
  ['January', 'a month needs a day'],
  ['15 5pm', 'a month needs a day, and a day a month'],
  ['Monday 2027 5pm', 'a year needs a month and a day'],
  ['5pm 6pm', 'it has more than one hour'],
  ['5pm!', '"!" has no meaning there'],
])('%j is no date: %s', (text, reason) => {
  expect(() => parseDate(text)).toThrow(reason);
});

test.each([
  ['8:00am', '2026-11-25T07:00:00.000Z'],
  ['Wednesday 8:00am', '2026-11-25T07:00:00.000Z'],
  ['Tuesday 8:00am', '2026-12-01T07:00:00.000Z'],
  ['January 1 8:00am', '2026-01-01T07:00:00.000Z'],
  ['2027-01-01T08:00:00', '2027-01-01T07:00:00.000Z'],
])('%s means now what dateutil makes of it: %s', (text, expected) => {
  expect(new Date(momentNow(parseDate(text), berlin, now)).toISOString()).toBe(expected);
});

test('a time of day is of every day, with a weekday or a date it is not', () => {
  expect(['5pm', 'Monday 5pm', 'January 1 5pm'].map((text) => isDaily(parseDate(text)))).toEqual([true, false, false]);
});
