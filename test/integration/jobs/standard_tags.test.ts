import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { type BusEvent, startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
/** What the master does once a minute, to be done at once. */
const everyMinute: (() => void)[] = [];
const clock: Clock = {
  ...systemClock,
  every(periodMs, run) {
    if (periodMs === 60_000) everyMinute.push(run);
    return systemClock.every(periodMs, run);
  },
};
beforeAll(async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'], clock, minion: { start_event_grains: ['os'] } });
  await fleet.run('m1', 'cmd.run', ['echo hello'], { stream: true });
  await fleet.run('m1', 'event.fire_master', [{ used: 91 }, 'salt/beacon/m1/diskusage/var']);
  await fleet.run('m1', 'event.fire_master', [{ build: 42 }, 'myapp/deployed']);
  await fleet.call('runner', 'event.send', ['myapp/asked', { why: 'test' }]);
  await fleet.stopMinion('m2');
  await fleet.run('m2', 'test.ping', [], {}, { queue_for: 600 });
  await fleet.call('wheel', 'key.delete', ['m2']);
  for (const tick of everyMinute) tick();
  await fleet.events.waitFor(({ tag }) => tag === 'salt/presence/present');
});
afterAll(() => fleet.stop());

const stamp = { _stamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/) };
const ofMinion = { id: 'm1', cmd: '_minion_event', pretag: null };
const jid = expect.stringMatching(/^\d{20}$/);
const call = { jid, user: expect.any(String) };

/** Each tag of EVT-20 and on that this fleet fires, with all of its members. */
test.each([
  // Both minions enrol at once, either of them first.
  [
    /^salt\/auth$/,
    {
      id: expect.stringMatching(/^m[12]$/),
      act: 'accept',
      result: true,
      pub: expect.stringContaining('BEGIN PUBLIC KEY'),
    },
  ],
  [/^salt\/key$/, { id: 'm2', act: 'delete', result: true }],
  [
    /^salt\/minion\/m1\/start$/,
    {
      ...ofMinion,
      tag: 'salt/minion/m1/start',
      data: expect.stringMatching(/^Minion m1 started at /),
      grains: { os: 'TestOS' },
    },
  ],
  [/^salt\/presence\/change$/, { new: [expect.stringMatching(/^m[12]$/)], lost: [] }],
  [/^salt\/presence\/present$/, { present: ['m1'] }],
  [
    /^salt\/job\/\d{20}\/new$/,
    {
      ...call,
      fun: 'cmd.run',
      arg: ['echo hello', { __kwarg__: true, stream: true }],
      tgt: 'm1',
      tgt_type: 'glob',
      minions: ['m1'],
      missing: [],
    },
  ],
  [/^salt\/job\/\d{20}\/prog\/m1\/\d+$/, { jid, id: 'm1', data: { stdout: 'hello\n' } }],
  [
    /^salt\/job\/\d{20}\/ret\/m1$/,
    {
      jid,
      id: 'm1',
      cmd: '_return',
      fun: 'cmd.run',
      fun_args: ['echo hello'],
      return: 'hello',
      retcode: 0,
      success: true,
      ms: expect.any(Number),
    },
  ],
  [
    /^salt\/job\/\d{20}\/end\/m2$/,
    { jid, id: 'm2', fun: 'test.ping', state: 'cancelled', reason: 'its key is deleted' },
  ],
  [/^salt\/run\/\d{20}\/new$/, { ...call, fun: 'runner.event.send', fun_args: ['myapp/asked', { why: 'test' }] }],
  [
    /^salt\/run\/\d{20}\/ret$/,
    { ...call, fun: 'runner.event.send', fun_args: ['myapp/asked', { why: 'test' }], return: true, success: true },
  ],
  [/^salt\/wheel\/\d{20}\/new$/, { ...call, fun: 'wheel.key.delete', fun_args: ['m2'] }],
  [
    /^salt\/wheel\/\d{20}\/ret$/,
    { ...call, fun: 'wheel.key.delete', fun_args: ['m2'], return: expect.anything(), success: true },
  ],
  [/^salt\/beacon\/m1\/diskusage\/var$/, { ...ofMinion, tag: 'salt/beacon/m1/diskusage/var', used: 91 }],
  [/^myapp\/deployed$/, { ...ofMinion, tag: 'myapp/deployed', data: { build: 42 } }],
  [/^myapp\/asked$/, { user: expect.any(String), data: { why: 'test' } }],
])('%s has its members', async (tag, members) => {
  const { data } = await fleet.events.waitFor((event: BusEvent) => tag.test(event.tag));
  expect(data).toEqual({ ...stamp, ...members });
});

test('every event of the bus is in the log', async () => {
  const { eventLog } = fleet.context();
  await fleet.call('runner', 'event.send', ['the/end']);
  await eventLog.flush();
  const logged = eventLog.read(0, 1000).map(({ tag, data }) => JSON.stringify([tag, data]));
  for (const { tag, data } of fleet.events.all) expect(logged).toContain(JSON.stringify([tag, data]));
});
