import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays, openZone, weekdayOf } from '../../../../shared/schedule/zone.ts';

const wall = (text: string) => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/\D/).map(Number);
  return { year, month, day, hour, minute, second };
};

test.each([
  ['Europe/Berlin', '2026-07-01 12:00:00', '2026-07-01T10:00:00.000Z'],
  ['America/New_York', '2026-01-01 00:00:00', '2026-01-01T05:00:00.000Z'],
  ['Asia/Kathmandu', '2026-01-01 00:00:00', '2025-12-31T18:15:00.000Z'],
  // It comes twice: the first.
  ['Europe/Berlin', '2026-10-25 02:30:00', '2026-10-25T00:30:00.000Z'],
  ['Australia/Lord_Howe', '2026-04-05 01:45:00', '2026-04-04T14:45:00.000Z'],
  // It is left out: when the clocks are put forward.
  ['Europe/Berlin', '2026-03-29 02:30:00', '2026-03-29T01:00:00.000Z'],
  ['America/New_York', '2026-03-08 02:00:00', '2026-03-08T07:00:00.000Z'],
  ['Australia/Lord_Howe', '2026-10-04 02:15:00', '2026-10-03T15:30:00.000Z'],
] as const)('in %s, %s is %s', (zone, text, moment) => {
  expect(new Date(openZone(zone).momentOf(wall(text))).toISOString()).toBe(moment);
});

test('every whole second is found again by what the wall shows, or the other of its kind an hour away at most', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Chatham', 'UTC'].map(openZone);
  const second = fc.integer({ min: Date.UTC(2020, 0) / 1000, max: Date.UTC(2032, 0) / 1000 });
  fc.assert(
    fc.property(second, fc.constantFrom(...zones), (seconds, zone) => {
      const found = zone.momentOf(zone.wallOf(seconds * 1000));
      expect(zone.wallOf(found)).toEqual(zone.wallOf(seconds * 1000));
      expect(seconds * 1000 - found).toBeGreaterThanOrEqual(0);
      expect(seconds * 1000 - found).toBeLessThanOrEqual(3_600_000);
    }),
  );
});

test('days are counted over the ends of months, and have names', () => {
  expect(addDays(wall('2028-02-28 00:00:00'), 2)).toEqual({ year: 2028, month: 3, day: 1 });
  expect(addDays(wall('2026-01-01 00:00:00'), -1)).toEqual({ year: 2025, month: 12, day: 31 });
  expect(weekdayOf({ year: 2026, month: 11, day: 25 })).toBe(3);
});

test('a zone that does not exist is refused by name', () => {
  expect(() => openZone('Europe/Berln')).toThrow('there is no time zone "Europe/Berln"');
});
