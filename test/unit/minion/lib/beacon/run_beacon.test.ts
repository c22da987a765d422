import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { type BeaconContext, defineBeacon } from '../../../../../minion/beacon.ts';
import { watchBeacon, watchFromFirstLook } from '../../../../support/watch_beacon.ts';

const common = { summary: 'Counts.', config: v.strictObject({}), example: [], data: {} };

/** Tells its number at each tick, and does what a test wants at one. */
const counting = (at: (count: number, context: BeaconContext) => void = () => undefined) => {
  let count = 0;
  return defineBeacon({
    ...common,
    async *watch(context) {
      for await (const _ of context.ticks()) {
        at(++count, context);
        yield { data: { count } };
      }
    },
  });
};
const counts = (events: readonly { data: Readonly<Record<string, unknown>> }[]) => events.map(({ data }) => data.count);

describe('a beacon', () => {
  test('looks at once and then every second', async () => {
    const beacon = await watchFromFirstLook(counting(), []);
    expect(counts(beacon.first)).toEqual([1]);
    expect(counts(await beacon.tick(1))).toEqual([2]);
  });

  test('looks at its interval, without drift and without piling up what it missed', async () => {
    const slow = counting((count, { clock }) => {
      if (count === 2) (clock as unknown as { advance(ms: number): void }).advance(12_000);
    });
    const beacon = await watchFromFirstLook(slow, [{ interval: 5 }]);
    beacon.advance(4);
    expect(counts(beacon.events.all)).toEqual([1]);
    expect(counts(await beacon.tick(1))).toEqual([2]);
    // It is second 17 now: the looks of seconds 10 and 15 are left out.
    expect(counts(await beacon.tick(3))).toEqual([3]);
  });

  test('does not look during a state run when it is told so', async () => {
    let isStateRunning = true;
    const options = { isStateRunning: () => isStateRunning };
    const beacon = await watchBeacon(counting(), [{ disable_during_state_run: true }], options);
    const other = await watchFromFirstLook(counting(), [], options);
    expect(other.first).toHaveLength(1);
    expect(beacon.events.all).toEqual([]);
    isStateRunning = false;
    expect(counts(await beacon.tick())).toEqual([1]);
  });

  test('looks once with run_once', async () => {
    const beacon = await watchFromFirstLook(counting(), [{ run_once: true }]);
    await beacon.stop();
    expect(counts(beacon.events.all)).toEqual([1]);
  });

  test('that throws is reported and started again, later and later', async () => {
    let tries = 0;
    const failing = counting(() => {
      tries++;
      throw new Error(`no ${tries}`);
    });
    const beacon = await watchFromFirstLook(failing, []);
    for (const seconds of [1, 2, 4]) await beacon.tick(seconds);
    expect(beacon.reports.all.map(({ problem }) => problem)).toEqual([
      'failed: Error: no 1; tried again after 1 s',
      'failed: Error: no 2; tried again after 2 s',
      'failed: Error: no 3; tried again after 4 s',
      'failed: Error: no 4; tried again after 8 s',
    ]);
    expect(beacon.context.logged.filter(({ level }) => level === 'error')).toHaveLength(4);
  });

  test('is well again after a look that went well', async () => {
    const beacon = await watchFromFirstLook(
      counting((count) => {
        if (count === 1) throw new Error('once');
      }),
      [],
    );
    expect(counts(await beacon.tick())).toEqual([2]);
    expect(beacon.reports.all.at(-1)).toEqual({ problem: undefined });
  });

  test('that is stopped ends what it waits for', async () => {
    const beacon = await watchFromFirstLook(counting(), []);
    await beacon.stop();
    beacon.advance(10);
    expect(counts(beacon.events.all)).toEqual([1]);
  });
});
