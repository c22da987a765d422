import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { type BusEvent, startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { until } from '../../support/until.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const isReturnOf =
  (fun: string) =>
  ({ tag, data }: BusEvent): boolean =>
    /^salt\/(run|wheel)\/\d{20}\/ret$/.test(tag) && data.fun === fun && data.user === 'Schedule';

test('the master runs runners and wheel functions by its schedule, as the user Schedule', async () => {
  const schedule = {
    up: { function: 'manage.up', seconds: 1 },
    keys: { function: 'wheel.key.list_all', seconds: 1 },
    wrong: { function: 'no.such', seconds: 1 },
  };
  fleet = await startFleet({ minions: ['m1'], master: { schedule } });
  const up = await fleet.events.waitFor(
    (event) => isReturnOf('runner.manage.up')(event) && event.data.success === true,
  );
  expect(up.data).toMatchObject({ fun_args: [], user: 'Schedule' });
  const keys = await fleet.events.waitFor(isReturnOf('wheel.key.list_all'));
  expect(keys.tag).toMatch(/^salt\/wheel\//);
  const line = await fleet.masterLog.waitFor((text) => text.includes('a scheduled item could not run'));
  expect(line).toContain("runner function 'no.such' is not available");
});

test('what the master missed while it was away runs once when it is back, if the item says so', async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const schedule = {
    up: { function: 'manage.up', hours: 1, missed: 'once' },
    down: { function: 'manage.down', hours: 1 },
    soon: { function: 'manage.status', seconds: 1 },
  };
  fleet = await startFleet({ master: { schedule }, clock });
  await fleet.events.waitFor(isReturnOf('runner.manage.status'));
  await fleet.stopMaster();
  aheadMs = 5 * 3_600_000;
  await fleet.startMaster();
  // The log has also what was fired before anybody listened.
  const logged = () => fleet.context().eventLog.read(0, 10_000);
  await until('it ran', () => logged().some(isReturnOf('runner.manage.up')));
  expect(logged().filter(isReturnOf('runner.manage.up'))).toHaveLength(1);
  expect(logged().filter(isReturnOf('runner.manage.down'))).toEqual([]);
});
