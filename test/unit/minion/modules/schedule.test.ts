import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import schedule from '../../../../minion/modules/schedule.ts';
import { openScheduleBook } from '../../../../minion/schedule/schedule_book.ts';
import { createSchedules } from '../../../../minion/schedule/schedules.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { readSchedule } from '../../../../shared/schedule/read_schedule.ts';
import { createScheduler, type Firing } from '../../../../shared/schedule/scheduler.ts';
import { fakeClock, fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-schedule-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ping = { function: 'test.ping' };
const file = (): string => join(directory, 'minion.d/_schedule.conf');
const written = (): Promise<string> => readFile(file(), 'utf8');

/** A minion's schedule with its scheduler and its file, at 2026-01-01T00:00:00 UTC. */
async function setUp(configured: Readonly<Record<string, unknown>> = {}) {
  const clock = fakeClock();
  const fired: Firing[] = [];
  const config = { config_dir: directory, default_include: 'minion.d/*.conf', schedule: configured };
  const book = await openScheduleBook(config);
  const surroundings = () => ({ timezone: 'UTC' });
  const scheduler = createScheduler({
    schedule: readSchedule(book.all(), surroundings()),
    store: { load: async () => ({}), save: async () => undefined },
    run: async (firing) => void fired.push(firing),
    clock,
    random: () => 0,
    log: silentLogger,
  });
  await scheduler.start();
  const schedules = createSchedules({ book, surroundings, scheduler });
  const context = fakeContext({ clock, schedules });
  const call = (fun: string, args: unknown[] = [], kwargs = {}) =>
    runFunction(context, schedule, `schedule.${fun}`, args, kwargs);
  return { call, clock, fired, schedules, context };
}

describe('schedule.add', () => {
  test('adds a job with the defaults of Salt, writes it down and says so on the bus', async () => {
    const { call, context } = await setUp();
    expect(await call('add', ['job1'], { function: 'test.echo', seconds: 3600, job_args: ['x'] })).toEqual({
      comment: 'Added job: job1 to schedule.',
      result: true,
      changes: { job1: 'added' },
    });
    expect(await written()).toBe(
      [
        'schedule:',
        '  job1:',
        '    args:',
        '    - x',
        '    enabled: true',
        '    function: test.echo',
        '    jid_include: true',
        '    maxrunning: 1',
        '    name: job1',
        '    seconds: 3600',
        '',
      ].join('\n'),
    );
    expect(context.fired).toMatchObject([
      {
        tag: 'salt/minion/minion_schedule_add_complete',
        data: { complete: true, schedule: { job1: { seconds: 3600 } } },
      },
    ]);
    expect(await call('show_next_fire_time', ['job1'])).toEqual({
      result: true,
      next_fire_time: '2026-01-01T01:00:00',
    });
  });

  test('with persist=False writes nothing, with test=True does nothing, with offline=True changes the file alone', async () => {
    const { call } = await setUp();
    await call('add', ['memory'], { ...ping, seconds: 5, persist: false });
    await expect(written()).rejects.toThrow('ENOENT');
    expect(await call('add', ['tested'], { ...ping, seconds: 5, test: true })).toEqual({
      comment: 'Job: tested would be added to schedule.',
      result: true,
      changes: {},
    });
    await call('add', ['later'], { ...ping, seconds: 5, offline: true });
    expect(Object.keys((await call('list', [], { return_yaml: false })) as object)).toEqual(['memory']);
    expect(Object.keys((await call('list', [], { return_yaml: false, offline: true })) as object)).toEqual(['later']);
    expect(await call('reload')).toEqual({
      comment: ['Reloaded schedule on minion from schedule.conf.'],
      result: true,
    });
    expect(Object.keys((await call('list', [], { return_yaml: false })) as object)).toEqual(['memory', 'later']);
  });

  test.each([
    [{ ...ping, seconds: 5, when: '5pm' }, 'Error: Unable to use "seconds", "minutes", "hours", or "days" with "when"'],
    [{ ...ping, cron: '* * * * *', when: '5pm' }, 'Unable to use "when" and "cron" options together.  Ignoring.'],
    [{ ...ping, secnds: 5 }, 'did you mean seconds?'],
    [{ seconds: 5 }, 'function'],
    [{ ...ping, when: 'tea time' }, '"tea time" is not a date'],
    [{ function: 'wheel.key.list_all', seconds: 5 }, 'runners and wheel functions are for the master'],
  ])('refuses %j', async (kwargs, reason) => {
    const { call } = await setUp();
    expect(await call('add', ['job1'], kwargs)).toMatchObject({
      result: false,
      changes: {},
      comment: expect.stringContaining(reason),
    });
    expect(await call('list')).toEqual({ schedule: {} });
  });

  test('refuses names that are taken', async () => {
    const { call } = await setUp({ job1: { ...ping, seconds: 5 } });
    expect(await call('add', ['job1'], { ...ping, seconds: 5 })).toMatchObject({
      result: false,
      comment: 'Job job1 already exists in schedule.',
    });
    expect(await call('add', ['enabled'], { ...ping, seconds: 5 })).toMatchObject({ result: false });
  });
});

test('schedule.list shows YAML with what is enabled, and hides what the minion gave itself', async () => {
  const { call } = await setUp({ a: { ...ping, seconds: 5 }, b: { ...ping, seconds: 5, enabled: false }, __own: ping });
  expect(await call('list')).toBe(
    'schedule:\n  a:\n    enabled: true\n    function: test.ping\n    seconds: 5\n' +
      '  b:\n    enabled: false\n    function: test.ping\n    seconds: 5\n',
  );
  expect(await call('list', [], { show_disabled: false, return_yaml: false })).toEqual({
    a: { enabled: true, ...ping, seconds: 5 },
  });
  expect(Object.keys((await call('list', [], { show_all: true, return_yaml: false })) as object)).toContain('__own');
});

test('schedule.modify replaces a job and keeps its function', async () => {
  const { call } = await setUp();
  await call('add', ['job1'], { ...ping, seconds: 5 });
  const changed = (await call('modify', ['job1'], { seconds: 10 })) as { changes: Record<string, unknown> };
  expect(changed).toMatchObject({
    comment: 'Modified job: job1 in schedule.',
    result: true,
    changes: { job1: { old: { seconds: 5 }, new: { seconds: 10, function: 'test.ping' } } },
  });
  expect(await call('modify', ['job1'], { seconds: 10 })).toEqual({
    comment: 'Job job1 in correct state',
    result: true,
    changes: {},
  });
  expect(await call('modify', ['no'], { seconds: 10 })).toMatchObject({
    comment: 'Job no does not exist in schedule.',
    result: false,
  });
});

test('schedule.delete and schedule.purge take jobs out, and leave what is no job', async () => {
  const { call } = await setUp({ timezone: 'UTC', a: { ...ping, seconds: 5 }, b: ping, c: ping });
  expect(await call('delete', ['a'])).toEqual({
    comment: 'Deleted Job a from schedule.',
    result: true,
    changes: { a: 'removed' },
  });
  expect(await call('delete', ['a'])).toEqual({ comment: 'Job a does not exist.', result: false, changes: {} });
  expect(await call('purge')).toEqual({
    comment: ['Deleted job: b from schedule.', 'Deleted job: c from schedule.'],
    result: true,
    changes: { b: 'removed', c: 'removed' },
  });
  expect(await written()).toBe('schedule:\n  timezone: UTC\n');
});

test('jobs, and the whole schedule, can be switched off and on', async () => {
  const { call, clock, fired, schedules } = await setUp({ job1: { ...ping, seconds: 60 } });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await schedules.change((all) => all, { persist: false, offline: false });
  };
  expect(await call('disable_job', ['job1'])).toEqual({
    comment: 'Disabled Job job1 in schedule.',
    result: true,
    changes: { job1: 'disabled' },
  });
  await pass(60_000);
  expect(await call('job_status', ['job1'])).toMatchObject({ _runs: 0, _skip_reason: 'disabled', enabled: false });
  expect(await call('enable_job', ['job1'])).toMatchObject({ comment: 'Enabled Job job1 in schedule.' });
  expect(await call('disable')).toEqual({
    comment: 'Disabled schedule on minion.',
    result: true,
    changes: { schedule: 'disabled' },
  });
  expect(await call('is_enabled')).toBe(false);
  await pass(60_000);
  expect(fired).toEqual([]);
  expect(await call('enable')).toMatchObject({ comment: 'Enabled schedule on minion.' });
  await pass(60_000);
  expect(fired).toMatchObject([{ name: 'job1' }]);
  expect(await call('is_enabled', ['job1'])).toMatchObject({ enabled: true, seconds: 60 });
  expect(await call('is_enabled', ['no'])).toEqual({});
  expect(await call('enable_job', ['no'])).toMatchObject({ comment: 'Job no does not exist.', result: false });
});

test('schedule.run_job runs a job at once, a disabled one only by force, a wrong one never', async () => {
  const { call, fired } = await setUp({ on: ping, off: { ...ping, enabled: false }, wrong: { ...ping, secnds: 5 } });
  expect(await call('run_job', ['on'])).toEqual({ comment: 'Scheduling Job on on minion.', result: true });
  expect(await call('run_job', ['off'])).toEqual({ comment: 'Job off is disabled.', result: false });
  expect(await call('run_job', ['off'], { force: true })).toMatchObject({ result: true });
  expect(await call('run_job', ['no'])).toEqual({ comment: 'Job no does not exist.', result: false });
  expect(await call('run_job', ['wrong'])).toMatchObject({ result: false, comment: expect.stringContaining('secnds') });
  expect(fired.map(({ name }) => name)).toEqual(['on', 'off']);
});

test('a job can be postponed and skipped, and what is past is forgotten', async () => {
  const { call, clock, schedules } = await setUp({ job1: { ...ping, when: '5:00pm' } });
  expect(await call('postpone_job', ['job1', '2026-01-01T17:00:00', '2026-01-01T19:00:00'])).toMatchObject({
    comment: 'Postponed Job job1 in schedule.',
    result: true,
  });
  expect(await call('skip_job', ['job1', '02.01.2026 17:00'], { time_fmt: '%d.%m.%Y %H:%M' })).toMatchObject({
    comment: 'Added Skip Job job1 in schedule.',
  });
  expect(schedules.all().job1).toMatchObject({
    skip_explicit: [{ time: '2026-01-01T17:00:00' }, { time: '02.01.2026 17:00', time_fmt: '%d.%m.%Y %H:%M' }],
    run_explicit: [{ time: '2026-01-01T19:00:00' }],
  });
  expect(await call('skip_job', ['job1', 'tomorrow'])).toMatchObject({
    result: false,
    comment: expect.stringContaining('"tomorrow" is not a time of the format'),
  });
  clock.advance(10 * 86_400_000);
  await call('skip_job', ['job1', '2026-01-12T17:00:00']);
  expect(schedules.all().job1).toMatchObject({ skip_explicit: [{ time: '2026-01-12T17:00:00' }] });
  expect(schedules.all().job1).not.toHaveProperty('run_explicit');
});

test('schedule.job_status tells of a job that cannot be used why', async () => {
  const { call } = await setUp({ wrong: { ...ping, secnds: 5 }, never: ping });
  expect(await call('job_status', ['wrong'])).toMatchObject({ _error: expect.stringContaining('secnds') });
  expect(await call('job_status', ['no'])).toEqual({});
  expect(await call('show_next_fire_time', ['wrong'])).toMatchObject({ result: false });
  expect(await call('show_next_fire_time', ['never'])).toEqual({
    result: true,
    comment: 'Job never is not due at any time.',
  });
});

test('schedule.save writes what is in force, and schedule.reload refuses a file without a schedule', async () => {
  const { call } = await setUp({ job1: { ...ping, seconds: 5 } });
  expect(await call('reload')).toMatchObject({ result: false });
  expect(await call('save')).toEqual({ comment: 'Schedule (non-pillar items) saved.', result: true });
  expect(await written()).toContain('job1:');
  await writeFile(file(), 'schedule: [');
  await expect(call('reload')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test.each(['', '# nothing yet\n', 'schedule:\n'])('a schedule file that says %j schedules nothing', async (text) => {
  await mkdir(join(directory, 'minion.d'));
  await writeFile(file(), text);
  const { call } = await setUp();
  expect(await call('list')).toEqual({ schedule: {} });
  expect(await call('add', ['job1'], { ...ping, hours: 1 })).toMatchObject({ result: true });
  expect(await written()).toContain('job1:');
});

test('schedule.build_schedule_item builds what add would add', async () => {
  const { call } = await setUp();
  expect(await call('build_schedule_item', ['job1'], { ...ping, hours: 1, job_kwargs: { a: 1 } })).toEqual({
    function: 'test.ping',
    hours: 1,
    kwargs: { a: 1 },
    maxrunning: 1,
    name: 'job1',
    enabled: true,
    jid_include: true,
  });
  expect(await call('build_schedule_item', ['job1'], { ...ping, hours: 1, cron: '* * * * *' })).toMatchObject({
    result: false,
  });
});
