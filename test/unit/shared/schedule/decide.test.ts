import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DecideView, decide, type ItemState, LATE_MS, MADE_UP_MAX } from '../../../../shared/schedule/decide.ts';
import { type PlannedItem, readSchedule } from '../../../../shared/schedule/read_schedule.ts';
import { openZone } from '../../../../shared/schedule/zone.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Wednesday. */
const start = Date.UTC(2026, 10, 25, 12);

function plan(item: Readonly<Record<string, unknown>>, timezone = 'UTC', settings = {}): PlannedItem {
  const schedule = readSchedule({ ...settings, item: { function: 'test.ping', ...item } }, { timezone });
  const found = schedule.items.get('item');
  if (found === undefined) throw new Error(schedule.problems.get('item'));
  return found;
}

const view = (nowMs: number, members: Partial<DecideView> = {}): DecideView => ({
  nowMs,
  random: 0,
  running: 0,
  isStart: false,
  enabled: true,
  ...members,
});

/** The state of an item that was first seen at `start`. */
const planned = (item: PlannedItem): ItemState => decide(item, undefined, view(start)).state;

/** Looks whenever something is due, until the end; what ran, as due times, and what was skipped. */
function live(item: PlannedItem, untilMs: number, lagMs: (dueMs: number) => number = () => 0) {
  const runs: number[] = [];
  const skips: string[] = [];
  let state = planned(item);
  while (state.due !== undefined && state.due.fire <= untilMs) {
    const decision = decide(item, state, view(state.due.fire + lagMs(state.due.fire)));
    if (decision.run !== undefined) runs.push(decision.run);
    if (decision.skip !== undefined) skips.push(`${iso(decision.skip.at)} ${decision.skip.reason}`);
    // As it comes back from the disk.
    state = JSON.parse(JSON.stringify(decision.state)) as ItemState;
  }
  return { runs, skips, state };
}

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', '');

describe('what comes next', () => {
  test.each([
    [{ seconds: 30, minutes: 1, hours: 1, days: 1 }, '2026-11-26T13:01:30'],
    [{ when: '5:00pm' }, '2026-11-25T17:00:00'],
    [{ when: ['Monday 5:00pm', 'Thursday 3:00pm'] }, '2026-11-26T15:00:00'],
    [{ when: '5:00pm', timezone: 'America/New_York' }, '2026-11-25T22:00:00'],
    [{ when: 'January 1, 2020 1:00pm' }, undefined],
    [{ cron: '*/15 9-17 * * 1-5' }, '2026-11-25T12:15:00'],
    [{ cron: '0 4 1 * *' }, '2026-12-01T04:00:00'],
    // croniter takes either of the two days when both are given, and 7 for Sunday.
    [{ cron: '0 4 1 * 7' }, '2026-11-29T04:00:00'],
    [{ cron: '* * * * * 20' }, '2026-11-25T12:00:20'],
    [{ cron: '0 0 1 1 * 0 2030' }, '2030-01-01T00:00:00'],
    [{ cron: '@daily' }, '2026-11-26T00:00:00'],
    [{ once: '2026-12-24T18:00:00' }, '2026-12-24T18:00:00'],
    [{ once: '24.12.2026 18h', once_fmt: '%d.%m.%Y %Hh' }, '2026-12-24T18:00:00'],
    [{ once: '2026-11-01T00:00:00' }, undefined],
    [{ run_on_start: false }, undefined],
    [{ seconds: 3600, splay: 10 }, '2026-11-25T13:00:00'],
    [{ seconds: 3600, run_explicit: [{ time: '2026-11-25T12:30:00' }] }, '2026-11-25T12:30:00'],
  ])('of %j is %s', (item, expected) => {
    expect(iso(planned(plan(item)).due?.at)).toBe(expected);
  });

  test('is put off by the splay, from its start to its end', () => {
    const fire = (splay: unknown, random: number) =>
      (decide(plan({ seconds: 60, splay }), undefined, view(start, { random })).state.due?.fire ?? 0) - start - MINUTE;
    expect([
      fire(15, 0),
      fire(15, 0.999),
      fire({ start: 10, end: 15 }, 0),
      fire({ start: 10, end: 15 }, 0.999),
    ]).toEqual([0, 15_000, 10_000, 15_000]);
  });

  test('is a name of the whens that stand for dates', () => {
    const schedule = readSchedule(
      { tea: { function: 'test.ping', when: 'tea time' } },
      { timezone: 'UTC', whens: { 'tea time': '4:00pm' } },
    );
    expect(iso(planned(schedule.items.get('tea') as PlannedItem).due?.at)).toBe('2026-11-25T16:00:00');
  });

  test('stays what it is until it is due', () => {
    const item = plan({ hours: 1 });
    const before = planned(item);
    expect(decide(item, before, view(start + HOUR - 1)).state).toBe(before);
    expect(decide(item, before, view(start + HOUR)).run).toBe(start + HOUR);
  });

  test('is at once for an item that runs on start, and then as it would be anyway', () => {
    const item = plan({ hours: 1, run_on_start: true });
    const first = decide(item, planned(item), view(start + 10 * MINUTE, { isStart: true }));
    expect(first.run).toBe(start + 10 * MINUTE);
    expect(first.state.due?.at).toBe(start + 70 * MINUTE);
  });

  test('is planned anew when the item comes round at other times, and only then', () => {
    const before = planned(plan({ hours: 1 }));
    const later = view(start + MINUTE);
    expect(decide(plan({ hours: 1, function: 'test.echo', args: [1] }), before, later).state).toBe(before);
    expect(decide(plan({ hours: 2 }), before, later).state.due?.at).toBe(start + MINUTE + 2 * HOUR);
  });
});

describe('what is due is skipped', () => {
  const at5 = { when: '5:00pm' };
  const five = Date.UTC(2026, 10, 25, 17);
  test.each([
    ['when the item is disabled', { ...at5, enabled: false }, {}, 'disabled'],
    ['when the schedule is disabled', at5, { enabled: false }, 'disabled'],
    ['from until on', { ...at5, until: 'November 25, 2026 5:00pm' }, {}, 'until_passed'],
    ['to after', { ...at5, after: 'November 25, 2026 5:00pm' }, {}, 'after_not_passed'],
    ['outside its range', { ...at5, range: { start: '8:00am', end: '4:59pm' } }, {}, 'not_in_range'],
    ['inside an inverted range', { ...at5, range: { start: '8am', end: '5pm', invert: true } }, {}, 'not_in_range'],
    ['outside a range over midnight', { ...at5, range: { start: '10pm', end: '6am' } }, {}, 'not_in_range'],
    ['inside the range to skip', { ...at5, skip_during_range: { start: '5pm', end: '6pm' } }, {}, 'in_skip_range'],
    ['at an explicit time', { ...at5, skip_explicit: [{ time: '2026-11-25T17:00:00' }] }, {}, 'skip_explicit'],
    ['on a dry run', { ...at5, dry_run: true }, {}, 'dry_run'],
    ['while it runs already', at5, { running: 1 }, 'maxrunning'],
    ['while it runs as often as it may', { ...at5, maxrunning: 2 }, { running: 2 }, 'maxrunning'],
  ])('%s', (_what, members, seen, reason) => {
    const item = plan(members);
    const decision = decide(item, planned(item), view(five, seen));
    expect(decision).toMatchObject({ skip: { at: five, reason }, state: { skipped: { at: five, reason }, runs: 0 } });
    expect(decision.run).toBeUndefined();
    expect(decision.state.due?.at).toBe(five + DAY);
  });

  test.each([
    ['before until', { ...at5, until: 'November 25, 2026 5:01pm' }, {}],
    ['after after', { ...at5, after: 'November 25, 2026 4:59pm' }, {}],
    ['at the ends of its range', { ...at5, range: { start: '8:00am', end: '5:00pm' } }, {}],
    ['outside an inverted range', { ...at5, range: { start: '8am', end: '4pm', invert: true } }, {}],
    ['inside a range over midnight', { ...at5, range: { start: '4pm', end: '6am' } }, {}],
    ['outside the range to skip', { ...at5, skip_during_range: { start: '6pm', end: '7pm' } }, {}],
    ['when it runs less often than it may', { ...at5, maxrunning: 2 }, { running: 1 }],
    ['when what runs is not counted', { ...at5, jid_include: false }, { running: 5 }],
  ])('not %s', (_what, members, seen) => {
    const item = plan(members);
    expect(decide(item, planned(item), view(five, seen)).run).toBe(five);
  });

  test('and made up for when the range to skip ends, if the item says so', () => {
    const skip_during_range = { start: '10pm', end: '6am' };
    const night = plan({ hours: 12, skip_during_range, run_after_skip_range: true });
    const { runs, skips } = live(night, start + DAY);
    expect(skips).toEqual(['2026-11-26T00:00:00 in_skip_range']);
    expect(runs.map(iso)).toEqual(['2026-11-26T06:00:01', '2026-11-26T12:00:00']);
  });

  test('once and run at another time when it was postponed', () => {
    const skip_explicit = [{ time: '2026-11-25T17:00:00' }];
    const run_explicit = [{ time: '2026-11-25T19:00:00' }];
    const { runs, skips } = live(plan({ ...at5, skip_explicit, run_explicit }), start + 2 * DAY);
    expect(skips).toEqual(['2026-11-25T17:00:00 skip_explicit']);
    expect(runs.map(iso)).toEqual(['2026-11-25T19:00:00', '2026-11-26T17:00:00']);
  });

  test('also when the time to run was given after the next one was planned', () => {
    const before = planned(plan({ hours: 6 }));
    const later = plan({ hours: 6, run_explicit: [{ time: '2026-11-25T14:00:00' }] });
    expect(iso(decide(later, before, view(start + HOUR)).state.due?.at)).toBe('2026-11-25T14:00:00');
  });
});

describe('what was missed while nobody looked', () => {
  const late = start + 5 * HOUR + 30 * MINUTE;
  const catchUp = (missed: string, running = 0) => {
    const item = plan({ hours: 1, missed });
    const runs: (number | undefined)[] = [];
    let decision = decide(item, planned(item), view(late, { running }));
    while (decision.run !== undefined) {
      runs.push(decision.run);
      decision = decide(item, decision.state, view(late, { running }));
    }
    return { runs: runs.map(iso), last: decision };
  };

  test('is skipped, as in Salt, when nothing else is said', () => {
    const { runs, last } = catchUp('skip');
    expect(runs).toEqual([]);
    expect(last).toMatchObject({
      skip: { reason: 'missed', at: start + HOUR },
      state: { due: { at: start + 6 * HOUR } },
    });
  });

  test('runs once', () => {
    const { runs, last } = catchUp('once');
    expect(runs).toEqual(['2026-11-25T13:00:00']);
    expect(last.state.due?.at).toBe(start + 6 * HOUR);
  });

  test('runs as often as it was missed', () => {
    const { runs, last } = catchUp('all');
    expect(runs).toHaveLength(5);
    expect(runs.at(-1)).toBe('2026-11-25T17:00:00');
    expect(last.state.due?.at).toBe(start + 6 * HOUR);
  });

  test('waits for its turn when it is to run as often as it was missed', () => {
    expect(catchUp('all', 1).last).toMatchObject({ isHeld: true, state: { due: { at: start + HOUR } } });
  });

  test('runs a hundred times at most, whatever was missed', () => {
    const item = plan({ seconds: 1, missed: 'all' });
    let state = planned(item);
    let runs = 0;
    while ((state.due?.fire ?? 0) <= late) {
      const decision = decide(item, state, view(late));
      if (decision.run !== undefined) runs++;
      state = decision.state;
    }
    expect(runs).toBe(MADE_UP_MAX);
    expect(state.skipped?.reason).toBe('missed');
    expect(state.due?.at).toBe(late + 1000);
  });

  test('is not missed when the look comes late by less than a minute', () => {
    const item = plan({ hours: 1 });
    expect(decide(item, planned(item), view(start + HOUR + LATE_MS)).run).toBe(start + HOUR);
    expect(decide(item, planned(item), view(start + HOUR + LATE_MS + 1)).run).toBeUndefined();
  });
});

describe('a clock that is put back', () => {
  test('does not stop an interval for as long', () => {
    const item = plan({ minutes: 10 });
    const { state } = decide(item, planned(item), view(start + 10 * MINUTE));
    expect(decide(item, state, view(start - 5 * HOUR)).state.due?.at).toBe(start - 5 * HOUR + 10 * MINUTE);
  });

  test('runs nothing of the calendar twice', () => {
    const item = plan({ when: '1:00pm' });
    const { state } = decide(item, planned(item), view(start + HOUR));
    expect(decide(item, state, view(start)).state.due?.at).toBe(start + HOUR + DAY);
  });

  test('makes nothing wait for years when it had been ahead by years', () => {
    const item = plan({ when: '1:00pm' });
    const { state } = decide(item, planned(item), view(start + 3650 * DAY));
    expect(decide(item, state, view(start)).state.due?.at).toBe(start + HOUR);
  });
});

describe('over the days on which clocks change', () => {
  const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe');
  /** Weeks around all changes of 2026 in these zones. */
  const begin = fc.constantFrom(
    ...['2026-03-05', '2026-03-26', '2026-04-02', '2026-10-01', '2026-10-22', '2026-10-29'].map((day) =>
      Date.parse(day),
    ),
  );
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  /** Each look comes late by up to 50 seconds. */
  const lags = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 20 });

  /** As `live`, from a moment of its own. */
  function liveFrom(item: PlannedItem, fromMs: number, lag: readonly number[]): number[] {
    const runs: number[] = [];
    let { state } = decide(item, undefined, view(fromMs));
    for (let turn = 0; state.due !== undefined && state.due.at < fromMs + 6 * DAY; turn++) {
      const decision = decide(item, state, view(state.due.fire + (lag[turn % lag.length] ?? 0)));
      if (decision.run !== undefined) runs.push(decision.run);
      state = JSON.parse(JSON.stringify(decision.state)) as ItemState;
    }
    return runs;
  }

  test.each(['when', 'cron'] as const)('a time of day given by %s comes once on each day', (kind) => {
    fc.assert(
      fc.property(zone, begin, time, lags, (name, from, [hour, minute], lag) => {
        const said = kind === 'when' ? `${hour}:${String(minute).padStart(2, '0')}` : `${minute} ${hour} * * *`;
        const runs = liveFrom(plan({ [kind]: said }, name), from, lag);
        const days = runs.map((ms) => {
          const { year, month, day } = openZone(name).wallOf(ms);
          return Date.UTC(year, month - 1, day) / DAY;
        });
        expect(days).toEqual(days.map((_day, index) => (days[0] as number) + index));
        // The longest day has 25 hours.
        expect((runs[0] as number) - from).toBeLessThanOrEqual(25 * HOUR);
        expect(from + 6 * DAY - (runs.at(-1) as number)).toBeLessThanOrEqual(25 * HOUR);
      }),
      { numRuns: 60 },
    );
  });

  test('every few minutes is every few minutes of real time', () => {
    fc.assert(
      fc.property(zone, begin, fc.constantFrom(10, 15, 30), lags, (name, from, minutes, lag) => {
        const runs = liveFrom(plan({ cron: `*/${minutes} * * * *` }, name), from, lag);
        const steps = new Set(runs.slice(1).map((ms, index) => ms - (runs[index] as number)));
        expect([...steps]).toEqual([minutes * MINUTE]);
      }),
      { numRuns: 12 },
    );
  });

  test('an interval neither drifts nor stumbles', () => {
    fc.assert(
      fc.property(zone, begin, fc.integer({ min: 15, max: 600 }), lags, (name, from, minutes, lag) => {
        const runs = liveFrom(plan({ minutes }, name), from, lag);
        expect(runs).toEqual(runs.map((_run, index) => from + (index + 1) * minutes * MINUTE));
        expect(runs.length).toBe(Math.ceil((6 * DAY) / (minutes * MINUTE)) - 1);
      }),
      { numRuns: 60 },
    );
  });
});
