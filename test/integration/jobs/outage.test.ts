import { afterEach, expect, test } from 'vitest';
import { defineModule, fn } from '../../../minion/context.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

test('all events of a long outage arrive, though the master takes fewer a second than wait for it', async () => {
  const count = 64;
  let outage = (): void => undefined;
  const began = new Promise<void>((resolve) => {
    outage = resolve;
  });
  let kept = (): void => undefined;
  const areKept = new Promise<void>((resolve) => {
    kept = resolve;
  });
  const storm = defineModule({
    summary: 'Fires many events at a time.',
    functions: {
      fire: fn({
        summary: 'Fire them when the outage began.',
        args: {},
        examples: ["salt '*' storm.fire"],
        async run({ events }) {
          await began;
          const all = Array.from({ length: count }, (_, n) => events.fireMaster(`storm/${n}`, { n }));
          await Promise.all(all);
          kept();
        },
      }),
    },
  });
  // With bursts of five seconds' worth: 50 at once.
  const master = { max_publishes_per_second: 10 };
  fleet = await startFleet({ minions: ['m1'], modules: { storm }, master });
  await fleet.run('m1', 'storm.fire', [], {}, { async: true });
  await fleet.minionLog.waitFor((line) => line.includes('connected to the master'));
  await fleet.events.waitFor(({ tag }) => tag.endsWith('/new'));
  await fleet.stopMaster();
  outage();
  await areKept;
  await fleet.startMaster();
  const arrived = () => new Set(fleet.events.all.filter(({ tag }) => tag.startsWith('storm/')).map(({ tag }) => tag));
  await fleet.events.waitFor(() => arrived().size === count);
  expect(fleet.context().counters().publishes_refused_rate).toBeGreaterThan(0);
});
