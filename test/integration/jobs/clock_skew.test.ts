import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const offBy = (ms: number) => ({ ...systemClock, nowMs: () => systemClock.nowMs() + ms });
const HOUR_MS = 3_600_000;

test.each([
  ['ahead of', HOUR_MS],
  ['behind', -HOUR_MS],
])("a minion whose clock is an hour %s the master's warns of it, and jobs run", async (where, ms) => {
  fleet = await startFleet();
  await fleet.startMinion('m1', { clock: offBy(ms) });
  await fleet.minionLog.waitFor((line) => new RegExp(`is 3\\d{3} s ${where} the master's`).test(line));
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
});

test('a job that waits for a minion is not refused because the minion does not know the time yet', async () => {
  fleet = await startFleet({ minions: ['m1'] });
  await fleet.stopMinion('m1');
  const [job] = await fleet.run('m1', 'test.echo', ['later'], {}, { queue_for: 600 });
  await fleet.startMinion('m1', { clock: offBy(HOUR_MS) });
  const told = await fleet.events.waitFor(({ tag }) => tag.startsWith(`salt/job/${String(job?.jid)}/ret/`));
  expect(told.data).toMatchObject({ return: 'later', success: true });
});

/** The real clock until it is set. */
function clockToSet() {
  let setMs = 0;
  const set = (ms: number): void => {
    setMs = ms;
  };
  return { ...systemClock, nowMs: () => systemClock.nowMs() + setMs, set };
}

test('jobs run on when the clock of a connected minion is put forward', async () => {
  const clock = clockToSet();
  fleet = await startFleet();
  await fleet.startMinion('m1', { clock });
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
  clock.set(HOUR_MS);
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
});

test.each([
  ['put forward', HOUR_MS, 'behind'],
  ['put back', -HOUR_MS, 'ahead of'],
])("connected minions learn it when the master's clock is %s", async (what, ms, where) => {
  const clock = clockToSet();
  fleet = await startFleet({ clock });
  await fleet.startMinion('m1');
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
  clock.set(ms);
  await fleet.minionLog.waitFor((line) => new RegExp(`is 3\\d{3} s ${where} the master's`).test(line));
  expect(fleet.masterLog.all).toContainEqual(expect.stringContaining(`the clock of this machine was ${what}`));
  expect(await fleet.run('m1', 'test.ping')).toContainEqual(expect.objectContaining({ t: 'ret', return: true }));
});

test('a new minion that starts in 1970 waits for its clock to be set', async () => {
  const clock = clockToSet();
  clock.set(-systemClock.nowMs());
  fleet = await startFleet();
  await fleet.launchMinion('m1', { clock });
  await fleet.minionLog.waitFor((line) => line.includes('is not valid now'));
  clock.set(0);
  await fleet.events.waitFor(({ tag }) => tag === 'salt/minion/m1/start');
});
