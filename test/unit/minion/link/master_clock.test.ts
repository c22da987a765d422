import { expect, test } from 'vitest';
import { createMasterClock } from '../../../../minion/link/master_clock.ts';
import { fakeClock } from '../../../support/fake_context.ts';

const HOUR = 3600;

/** A minion and a master whose clock is so many seconds ahead of the minion's. */
function setUp(aheadSeconds: number) {
  const clock = fakeClock();
  let setMs = 0;
  const master = createMasterClock({ nowMs: () => clock.nowMs() + setMs, monotonicMs: clock.monotonicMs });
  const truth = (): number => Math.floor(clock.nowMs() / 1000) + aheadSeconds;
  /** Sets the clock of the minion's machine. */
  const set = (seconds: number): void => {
    setMs = seconds * 1000;
  };
  /** Asks; the answer is on its way for so long, and is made so long after the question. */
  const ask = (answeredAfterMs: number, heardAfterMs: number): void => {
    const told = master.ask();
    clock.advance(answeredAfterMs);
    const time = truth();
    clock.advance(heardAfterMs);
    told(time);
  };
  return { clock, master, truth, ask, set };
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

test('a clock that was set back makes no job look younger', () => {
  const { master, truth, ask, set } = setUp(0);
  ask(10, 10);
  set(-HOUR);
  expect(master.now() - truth()).toBe(0);
});

test('a clock that was put forward is not relied on until the master answers', () => {
  const { master, truth, ask, set } = setUp(0);
  ask(10, 10);
  expect(master.isSure()).toBe(true);
  set(HOUR);
  expect([master.isSure(), master.isKnown()]).toEqual([false, true]);
  ask(10, 10);
  expect(master.isSure()).toBe(true);
  expect(master.now() - truth()).toBeLessThanOrEqual(2);
});

test('the clock of the master may be set as well: after a minute its time is to be asked for', () => {
  const { clock, master, ask } = setUp(0);
  ask(10, 10);
  clock.advance(59_000);
  expect(master.isSure()).toBe(true);
  clock.advance(1000);
  expect(master.isSure()).toBe(false);
});

test('the clock of a master that was set is noticed with the next answer', () => {
  const { clock, master } = setUp(0);
  const now = clock.nowMs() / 1000;
  master.ask()(now);
  master.ask()(now + HOUR);
  expect(master.now()).toBe(now + HOUR + 1);
});
