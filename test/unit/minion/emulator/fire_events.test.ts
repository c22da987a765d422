import { expect, test } from 'vitest';
import { noCounts } from '../../../../minion/emulator/counts.ts';
import { fireEvents } from '../../../../minion/emulator/fire_events.ts';
import { fakeClock } from '../../../support/fake_context.ts';

function rig(minions: number, perSecond: number) {
  const clock = fakeClock(0);
  const counts = noCounts();
  const fired: number[] = [];
  const firers = Array.from({ length: minions }, (_, index) => ({
    fireMaster: async () => void fired.push(index),
  }));
  const timer = fireEvents(firers, perSecond, { counts, clock });
  /** Ten milliseconds at a time, as the timer ticks; the master acknowledges what was fired. */
  const pass = (ms: number, isAcknowledged = true): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      if (isAcknowledged) counts.events = fired.length;
    }
  };
  return { fired, pass, timer };
}

test('minions take turns at the rate that was asked for, until it is stopped', () => {
  const { fired, pass, timer } = rig(2, 50);
  pass(1000);
  expect(fired.length).toBeGreaterThanOrEqual(49);
  expect(fired.length).toBeLessThanOrEqual(50);
  expect(fired.slice(0, 4)).toEqual([0, 1, 0, 1]);
  timer.stop();
  const before = fired.length;
  pass(1000);
  expect(fired).toHaveLength(before);
});

test('a master that acknowledges nothing is sent eight of each minion, and what it missed is not made up for', () => {
  const { fired, pass } = rig(3, 10_000);
  pass(1000, false);
  expect(fired).toHaveLength(24);
  pass(10);
  expect(fired).toHaveLength(24);
  pass(10);
  expect(fired).toHaveLength(48);
});
