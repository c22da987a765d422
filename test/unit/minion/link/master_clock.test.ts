import { expect, test } from 'vitest';
import { createMasterClock } from '../../../../minion/link/master_clock.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const HOUR = 3600;

/** A minion and a master whose clock is so many seconds ahead of the minion's. */
function setUp(aheadSeconds: number) {
  const clock = fakeClock();
  const master = createMasterClock(clock);
  const truth = (): number => Math.floor(clock.nowMs() / 1000) + aheadSeconds;
  /** Asks; the answer is on its way for so long, and is made so long after the question. */
  const ask = (answeredAfterMs: number, heardAfterMs: number): void => {
    const askedMs = clock.nowMs();
    clock.advance(answeredAfterMs);
    const time = truth();
    clock.advance(heardAfterMs);
    master.told(time, askedMs);
  };
  return { clock, master, truth, ask };
}

test('until the master tells its time, the clock of this machine is all there is', () => {
  const { master, clock } = setUp(HOUR);
  expect([master.isKnown(), master.now()]).toEqual([false, clock.nowMs() / 1000]);
});

test.each([0, HOUR, -HOUR])(
  'a master that is %s seconds ahead is known within a second after a quick answer',
  (ahead) => {
    const { master, truth, ask } = setUp(ahead);
    ask(10, 10);
    expect(master.isKnown()).toBe(true);
    expect(master.now() - truth()).toBeGreaterThanOrEqual(0);
    expect(master.now() - truth()).toBeLessThanOrEqual(1);
  },
);

test.each([0, HOUR, -HOUR])(
  'an answer that was held up for long makes no job of a master %s seconds ahead look younger',
  (ahead) => {
    const { master, truth, ask } = setUp(ahead);
    ask(10, 8000);
    expect(master.now()).toBeGreaterThanOrEqual(truth());
  },
);

test('what is known well is not given up for an answer that was held up', () => {
  const { master, truth, ask } = setUp(HOUR);
  ask(10, 10);
  ask(5000, 5000);
  expect(master.now() - truth()).toBeLessThanOrEqual(1);
});

test('a clock that was set is noticed with the next answer', () => {
  const { clock, master } = setUp(0);
  const now = clock.nowMs() / 1000;
  master.told(now, clock.nowMs());
  master.told(now + HOUR, clock.nowMs());
  expect(master.now()).toBe(now + HOUR + 1);
});
