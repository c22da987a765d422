import { expect, test } from 'vitest';
import { silentLogger } from '../../../../shared/log.ts';
import { readSchedule } from '../../../../shared/schedule/read_schedule.ts';
import { createScheduler, type Firing, type ItemStates } from '../../../../shared/schedule/scheduler.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { until } from '../../../support/until.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Of the fake clock. */
const start = Date.UTC(2026, 0, 1);

const read = (given: Readonly<Record<string, unknown>>) => readSchedule(given, { timezone: 'UTC' });

/** A scheduler whose disk and whose jobs a test holds in its hands. */
function setUp(
  given: Readonly<Record<string, unknown>>,
  kept: { states: ItemStates } = { states: {} },
  clock = fakeClock(),
) {
  const fired: Firing[] = [];
  const ends: (() => void)[] = [];
  const disk = { isFull: false, saves: 0 };
  const scheduler = createScheduler({
    schedule: read(given),
    store: {
      load: async () => kept.states,
      async save(states) {
        if (disk.isFull) throw new Error('ENOSPC');
        disk.saves++;
        kept.states = JSON.parse(JSON.stringify(states)) as ItemStates;
      },
    },
    run(firing) {
      fired.push(firing);
      return new Promise((resolve) => void ends.push(resolve));
    },
    clock,
    random: () => 0,
    log: silentLogger,
  });
  /** Moves time on, a minute at a time, and lets each look come to its end. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= MINUTE) {
      clock.advance(Math.min(left, MINUTE));
      await scheduler.replace(scheduler.schedule());
    }
  };
  return { scheduler, fired, ends, disk, kept, clock, pass };
}

const ping = { function: 'test.ping' };

test('an item runs when it is due, with what it says and when it was due', async () => {
  const { scheduler, fired, pass } = setUp({ hourly: { ...ping, hours: 1, args: [1] } });
  await scheduler.start();
  await pass(59 * MINUTE);
  expect(fired).toEqual([]);
  await pass(MINUTE);
  expect(fired).toMatchObject([{ name: 'hourly', fun: 'test.ping', item: { args: [1] }, dueMs: start + HOUR }]);
});

test('a timer wakes it for what comes next, without a look at each second', async () => {
  const { scheduler, fired, clock, disk } = setUp({ soon: { ...ping, seconds: 45 } });
  await scheduler.start();
  clock.advance(45_000);
  await until('it ran', () => fired.length === 1);
  // What was planned at the start, and what ran.
  expect(disk.saves).toBe(2);
});

test('what is decided is on disk before it runs, and nothing runs that cannot be written down', async () => {
  const { scheduler, fired, disk, kept, pass } = setUp({ hourly: { ...ping, hours: 1 } });
  await scheduler.start();
  disk.isFull = true;
  await pass(HOUR);
  expect(fired).toEqual([]);
  expect(kept.states.hourly?.runs).toBe(0);
  disk.isFull = false;
  await pass(10_000);
  expect(fired).toHaveLength(1);
  expect(kept.states.hourly).toMatchObject({ runs: 1, due: { at: start + 2 * HOUR } });
});

test('an item that runs as often as it may is skipped, and runs again when it has ended', async () => {
  const { scheduler, fired, ends, pass } = setUp({ hourly: { ...ping, hours: 1 } });
  await scheduler.start();
  await pass(2 * HOUR);
  expect(fired).toHaveLength(1);
  expect(scheduler.state('hourly')?.skipped).toEqual({ at: start + 2 * HOUR, reason: 'maxrunning' });
  ends[0]?.();
  await pass(HOUR);
  expect(fired).toHaveLength(2);
});

test('what is planned survives a restart: an interval goes on, and is not begun anew', async () => {
  const first = setUp({ hourly: { ...ping, hours: 1 } });
  await first.scheduler.start();
  await first.pass(50 * MINUTE);
  await first.scheduler.stop();
  const second = setUp({ hourly: { ...ping, hours: 1 } }, first.kept, first.clock);
  await second.scheduler.start();
  await second.pass(10 * MINUTE);
  expect(second.fired).toMatchObject([{ dueMs: start + HOUR }]);
  await first.pass(HOUR);
  expect(first.fired).toEqual([]);
});

test('what was missed while the process was away runs by its policy, all of it one after another', async () => {
  const schedule = {
    once: { ...ping, hours: 1, missed: 'once' },
    all: { ...ping, hours: 1, missed: 'all' },
    skip: { ...ping, hours: 1 },
  };
  const first = setUp(schedule);
  await first.scheduler.start();
  await first.scheduler.stop();
  first.clock.advance(3 * HOUR + 30 * MINUTE);
  const { scheduler, fired, ends } = setUp(schedule, first.kept, first.clock);
  await scheduler.start();
  expect(fired.map(({ name }) => name)).toEqual(['once', 'all']);
  for (const count of [3, 4]) {
    ends.at(-1)?.();
    await until('the next one ran', () => fired.length === count);
  }
  expect(fired.filter(({ name }) => name === 'all').map(({ dueMs }) => dueMs)).toEqual([
    start + HOUR,
    start + 2 * HOUR,
    start + 3 * HOUR,
  ]);
});

test('an item that runs on start runs at each start', async () => {
  const schedule = { first: { ...ping, hours: 1, run_on_start: true } };
  const first = setUp(schedule);
  await first.scheduler.start();
  expect(first.fired).toHaveLength(1);
  await first.scheduler.stop();
  const second = setUp(schedule, first.kept, first.clock);
  await second.scheduler.start();
  expect(second.fired).toHaveLength(1);
});

test('a schedule can be replaced while it runs: new items come, old ones go, and the rest keeps its place', async () => {
  const { scheduler, fired, kept, pass } = setUp({ old: { ...ping, minutes: 90 }, stays: { ...ping, hours: 1 } });
  await scheduler.start();
  await pass(30 * MINUTE);
  await scheduler.replace(read({ stays: { function: 'test.echo', hours: 1 }, new: { ...ping, minutes: 45 } }));
  expect(Object.keys(kept.states)).toEqual(['stays', 'new']);
  await pass(HOUR);
  expect(fired.map(({ fun, dueMs }) => [fun, dueMs - start])).toEqual([
    ['test.echo', HOUR],
    ['test.ping', 75 * MINUTE],
  ]);
});

test('a function stands in for one that is skipped for a range', async () => {
  const skip_during_range = { start: '12:00am', end: '2:00am' };
  const { scheduler, fired, pass } = setUp({
    skip_function: 'test.version',
    skip_during_range,
    hourly: { ...ping, hours: 1 },
  });
  await scheduler.start();
  await pass(HOUR);
  expect(fired).toMatchObject([{ name: 'hourly', fun: 'test.version' }]);
});

test('an item can be run at once, whatever it says about when', async () => {
  const { scheduler, fired } = setUp({ never: ping });
  await scheduler.start();
  expect([scheduler.runNow('never'), scheduler.runNow('unknown')]).toEqual([true, false]);
  expect(fired).toMatchObject([{ name: 'never', dueMs: start }]);
});
