import { expect, test } from 'vitest';
import { readSchedule } from '../../../../shared/schedule/read_schedule.ts';

const read = (given: Readonly<Record<string, unknown>>) => readSchedule(given, { timezone: 'UTC' });

test('a schedule is read in the format of Salt, under all of its names', () => {
  const { items, problems, enabled } = read({
    highstate: { func: 'state.apply', seconds: 3600, splay: { start: 10, end: 15 }, job_kwargs: { test: true } },
    uptime: { fun: 'status.uptime', when: ['Monday 5:00pm', 'Tuesday 3:00pm'], job_args: [1], _seconds: 5 },
  });
  expect([...problems]).toEqual([]);
  expect(enabled).toBe(true);
  expect(items.get('highstate')?.item).toMatchObject({ function: 'state.apply', kwargs: { test: true } });
  expect(items.get('uptime')?.item).toMatchObject({ function: 'status.uptime', args: [1] });
});

test('what stands beside the items holds for all that say nothing else', () => {
  const { items, enabled, skipFunction } = read({
    enabled: false,
    skip_function: 'test.ping',
    skip_during_range: { start: '8am', end: '9am' },
    timezone: 'Europe/Berlin',
    missed: 'once',
    a: { function: 'test.ping', seconds: 5 },
    b: { function: 'test.ping', seconds: 5, missed: 'all', timezone: 'UTC' },
  });
  expect([enabled, skipFunction]).toEqual([false, 'test.ping']);
  expect(items.get('a')).toMatchObject({
    missed: 'once',
    zone: { name: 'Europe/Berlin' },
    skipDuring: { invert: false },
  });
  expect(items.get('b')).toMatchObject({ missed: 'all', zone: { name: 'UTC' } });
});

test.each([
  ['no mapping', 5, 'must be a mapping with a function'],
  ['no function', { seconds: 5 }, 'function'],
  ['a function that cannot be one', { function: 'ping' }, 'must be module.function'],
  ['an option that is mistyped', { function: 'test.ping', secnds: 5 }, 'there is no option secnds'],
  ['an amount that is no number', { function: 'test.ping', seconds: 'x' }, 'seconds must be a number'],
  ['amounts of nothing', { function: 'test.ping', seconds: 0 }, 'less than a second'],
  ['two ways to say when', { function: 'test.ping', seconds: 5, when: '5pm' }, 'Unable to use "seconds"'],
  ['two calendars', { function: 'test.ping', cron: '* * * * *', when: '5pm' }, 'Unable to use "when" and "cron"'],
  // What YAML makes of 17:00 without quotes.
  ['a date that is a number', { function: 'test.ping', when: 1020 }, 'must be a date in quotes'],
  ['a date that is none', { function: 'test.ping', when: 'tea time' }, '"tea time" is not a date'],
  ['a cron expression that is none', { function: 'test.ping', cron: '61 * * * *' }, 'is not a cron expression'],
  ['a zone that does not exist', { function: 'test.ping', seconds: 5, timezone: 'X/Y' }, 'there is no time zone'],
  ['a range without an end', { function: 'test.ping', seconds: 5, range: { start: '5pm' } }, 'range.end'],
  ['a time of another format', { function: 'test.ping', once: '24.12.2026' }, 'is not a time of the format'],
  ['another policy', { function: 'test.ping', seconds: 5, missed: 'twice' }, 'must be one of skip, once, all'],
  ['none that may run', { function: 'test.ping', seconds: 5, maxrunning: 0 }, 'must be at least 1'],
])('an item with %s is left out, named, and hurts no other', (_what, item, reason) => {
  const { items, problems } = read({ bad: item, good: { function: 'test.ping', seconds: 5 } });
  expect([...items.keys()]).toEqual(['good']);
  expect([...problems.keys()]).toEqual(['bad']);
  expect(problems.get('bad')).toContain(reason);
});

test('a setting of the schedule that is wrong is an error', () => {
  expect(() => read({ missed: 'twice' })).toThrow('schedule: missed must be one of skip, once, all');
});

test('a returner on the master, which runners do not have, is refused and not ignored', () => {
  const given = {
    who: { function: 'manage.up', hours: 1, returner: 'jsonl' },
    ok: { function: 'manage.up', hours: 1 },
  };
  const { items, problems } = readSchedule(given, { timezone: 'UTC', callsRunners: true });
  expect([...items.keys()]).toEqual(['ok']);
  expect(problems.get('who')).toBe(
    'schedule item who: returner is for items of minions; what a runner returned is the event salt/run/<jid>/ret: event_return stores it',
  );
  expect([...read(given).items.keys()]).toEqual(['who', 'ok']);
});
