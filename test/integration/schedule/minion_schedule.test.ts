import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLocalBus } from '../../../cli/local_bus.ts';
import { encodeLines } from '../../../minion/lib/line_log.ts';
import {
  MANAGE_SCHEDULE,
  MANAGE_SCHEDULE_ANSWER,
  readScheduleAnswer,
} from '../../../minion/lib/schedule/schedule_requests.ts';
import { systemClock } from '../../../shared/clock.ts';
import { type BusEvent, startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const HOUR_MS = 3_600_000;

/** The real clock, ahead by as much as a test wants. */
function movableClock() {
  let aheadMs = 0;
  return {
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs },
    advance(ms: number): void {
      aheadMs += ms;
    },
  };
}

const isReturnOf =
  (schedule: string) =>
  ({ tag, data }: BusEvent): boolean =>
    /^salt\/job\/\d{20}\/ret\//.test(tag) && data.schedule === schedule;
const returnOf = (schedule: string) => fleet.events.waitFor(isReturnOf(schedule));

/** What a function of the schedule returns. */
const call = async (fun: string, arg: unknown[] = [], kwarg = {}) =>
  (await fleet.run('m1', `schedule.${fun}`, arg, kwarg)).find(({ t }) => t === 'ret')?.return;

test('an item of the configuration runs, and its return is a job of the master', async () => {
  fleet = await startFleet();
  const schedule = {
    echo: { function: 'test.echo', seconds: 1, job_args: ['hello'], metadata: { team: 'ops' }, maxrunning: 1 },
  };
  await fleet.startMinion('m1', { config: { schedule } });
  const { tag, data } = await returnOf('echo');
  expect(data).toMatchObject({
    cmd: '_return',
    id: 'm1',
    fun: 'test.echo',
    fun_args: ['hello'],
    return: 'hello',
    retcode: 0,
    success: true,
    schedule: 'echo',
    metadata: { team: 'ops' },
  });
  const jid = tag.split('/')[2] as string;
  expect(await fleet.call('runner', 'jobs.lookup_jid', [jid])).toEqual({ m1: 'hello' });
  expect(await fleet.call('runner', 'jobs.list_jobs', [], { search_function: 'test.echo' })).toMatchObject({
    [jid]: { Function: 'test.echo', Arguments: ['hello'], Target: 'm1', User: 'Schedule' },
  });
});

test('a large return of an item is kept whole', async () => {
  fleet = await startFleet();
  const text = 'x'.repeat(600_000);
  const schedule = { large: { function: 'test.echo', seconds: 3600, run_on_start: true, job_args: [text] } };
  await fleet.startMinion('m1', { config: { schedule } });
  const { tag, data } = await returnOf('large');
  expect(data).toMatchObject({ success: true, return: expect.stringMatching(/^a value of 600002 bytes/) });
  const looked = (await fleet.call('runner', 'jobs.lookup_jid', [tag.split('/')[2]])) as Record<string, unknown>;
  expect(looked.m1).toBe(text);
});

test('an item that is added runs, outlives the minion, and is gone when it is deleted', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  expect(await call('add', ['ping'], { function: 'test.ping', seconds: 1 })).toEqual({
    comment: 'Added job: ping to schedule.',
    result: true,
    changes: { ping: 'added' },
  });
  await returnOf('ping');
  await fleet.stopMinion('m1');
  const from = fleet.events.all.length;
  await fleet.startMinion('m1', { config: { schedule: {} } });
  await fleet.events.waitFor((event) => isReturnOf('ping')(event) && fleet.events.all.indexOf(event) >= from);
  expect(await call('delete', ['ping'])).toMatchObject({ comment: 'Deleted Job ping from schedule.', result: true });
  expect(await call('list')).toEqual({ schedule: {} });
  expect(await readFile(join(fleet.directory, 'etc/minion.d/_schedule.conf'), 'utf8')).toBe('schedule: {}\n');
});

test('what was missed while the minion was away runs once when it is back, if the item says so', async () => {
  fleet = await startFleet();
  const { clock, advance } = movableClock();
  const schedule = {
    once: { function: 'test.echo', args: ['once'], hours: 1, missed: 'once' },
    skip: { function: 'test.echo', args: ['skip'], hours: 1 },
  };
  await fleet.startMinion('m1', { config: { schedule } });
  await fleet.stopMinion('m1');
  advance(5 * HOUR_MS);
  await fleet.startMinion('m1', { config: { schedule }, clock });
  expect((await returnOf('once')).data).toMatchObject({ return: 'once' });
  expect(await call('job_status', ['skip'])).toMatchObject({ _runs: 0, _skip_reason: 'missed' });
  expect(fleet.events.all.filter(isReturnOf('once'))).toHaveLength(1);
  expect(fleet.events.all.filter(isReturnOf('skip'))).toEqual([]);
});

test('an item without return_job tells the bus of the minion alone', async () => {
  fleet = await startFleet();
  const schedule = {
    quiet: { function: 'test.echo', args: ['quiet'], seconds: 1, return_job: false },
    loud: { function: 'test.echo', args: ['loud'], seconds: 2 },
  };
  await fleet.startMinion('m1', { config: { schedule } });
  await returnOf('loud');
  expect(await call('job_status', ['quiet'])).toMatchObject({ _last_run: expect.any(String) });
  expect(fleet.events.all.filter(isReturnOf('quiet'))).toEqual([]);
});

test('what an item returned while the master was away comes when it is back', async () => {
  fleet = await startFleet();
  const schedule = { echo: { function: 'test.echo', args: ['later'], seconds: 1 } };
  await fleet.startMinion('m1', { config: { schedule } });
  await returnOf('echo');
  await fleet.stopMaster();
  const from = fleet.events.all.length;
  await fleet.startMaster();
  const event = await fleet.events.waitFor(
    (candidate) => isReturnOf('echo')(candidate) && fleet.events.all.indexOf(candidate) >= from,
  );
  expect(event.data).toMatchObject({ id: 'm1', return: 'later' });
  const jids = fleet.events.all.filter(isReturnOf('echo')).map(({ tag }) => tag);
  expect(new Set(jids).size).toBe(jids.length);
});

test('an item that is wrong is told in the log and hurts no other', async () => {
  fleet = await startFleet();
  const schedule = {
    wrong: { function: 'test.ping', secnds: 1 },
    right: { function: 'test.ping', seconds: 1 },
  };
  await fleet.startMinion('m1', { config: { schedule } });
  await returnOf('right');
  const line = await fleet.minionLog.waitFor((text) => text.includes('a scheduled item cannot be used'));
  expect(line).toContain('there is no option secnds');
  expect(line).toContain('did you mean seconds?');
});

test('a state of the schedule that cannot be read is told and begun anew', async () => {
  fleet = await startFleet();
  const schedule = { ping: { function: 'test.ping', seconds: 1 } };
  await fleet.startMinion('m1', { config: { schedule } });
  await returnOf('ping');
  await fleet.stopMinion('m1');
  await writeFile(join(fleet.directory, 'm1/var/cache/salt/minion/schedule.json'), '{"ping": 5}');
  const from = fleet.events.all.length;
  await fleet.startMinion('m1', { config: { schedule } });
  await fleet.minionLog.waitFor((text) => text.includes('the state of the schedule cannot be read'));
  await fleet.events.waitFor((event) => isReturnOf('ping')(event) && fleet.events.all.indexOf(event) >= from);
});

test('an item that was under way when the minion was killed is a job of the master, and interrupted', async () => {
  fleet = await startFleet();
  const cache = join(fleet.directory, 'm1/var/cache/salt/minion');
  await mkdir(cache, { recursive: true });
  const own = { fun: 'test.sleep', fun_args: [60], schedule: 'nap' };
  const jid = '20260101000000000123';
  // What a killed minion leaves.
  await writeFile(join(cache, 'ledger'), encodeLines([`+ ${jid} 4000000000 ${JSON.stringify(own)}`]));
  await fleet.startMinion('m1');
  expect((await returnOf('nap')).data).toMatchObject({ jid, id: 'm1', ...own, ended: 'interrupted', success: false });
  expect(await fleet.call('runner', 'jobs.lookup_jid', [jid])).toEqual({
    m1: 'the minion was stopped while the job ran; it is not known how far it came',
  });
  expect(await fleet.call('runner', 'jobs.list_jobs')).toMatchObject({
    [jid]: { Function: 'test.sleep', Arguments: [60], User: 'Schedule' },
  });
});

test('a local process asks the running minion about its schedule; what is not understood is told', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  const bus = createLocalBus({ sock_dir: join(fleet.directory, 'm1/var/run/salt/minion') }, process.pid);
  const ask = async (func: string, arg: unknown[], kwarg = {}) =>
    bus.ask(MANAGE_SCHEDULE, { func, arg, kwarg }, MANAGE_SCHEDULE_ANSWER, 20);
  expect(await bus.isThere()).toBe(true);
  expect(await ask('add', ['ping'], { function: 'test.ping', hours: 1 })).toMatchObject({ value: { result: true } });
  expect(await call('is_enabled', ['ping'])).toMatchObject({ function: 'test.ping', hours: 1 });
  expect(readError(await ask('explode', []))).toThrow("'schedule.explode' is not available.");
  await bus.fire(MANAGE_SCHEDULE, { func: '../x' });
  await fleet.minionLog.waitFor((line) => line.includes('an event manage_schedule is not understood'));
  await fleet.stopMinion('m1');
  expect(await bus.isThere()).toBe(false);
});

const readError = (answer: unknown) => () => readScheduleAnswer(answer);
