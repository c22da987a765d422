import { describe, expect, test } from 'vitest';
import type { BeaconEvent, BeaconTiming } from '../../../../../minion/beacon.ts';
import { createEventGate } from '../../../../../minion/lib/beacon/event_gate.ts';

const plain: BeaconTiming = { onchangeonly: false, emitatstartup: true, delay: 0 };
const high: BeaconEvent = { data: {}, state: 'high' };

/** What is told of the conditions that each tick sees; ticks are a second apart. */
function told(timing: Partial<BeaconTiming>, ticks: readonly (readonly BeaconEvent[])[]): string[] {
  let nowMs = 0;
  const gate = createEventGate({ ...plain, ...timing }, () => nowMs);
  return ticks.map((events) => {
    gate.beginTick();
    const names = events.filter((event) => gate.isTold(event)).map(({ about, state }) => about ?? state ?? 'event');
    gate.endTick();
    nowMs += 1000;
    return names.join();
  });
}

describe('a condition', () => {
  test('is told at every tick at which it is so', () => {
    expect(told({}, [[high], [high], [], [high]])).toEqual(['high', 'high', '', 'high']);
  });

  test('is told once with onchangeonly, and again when it changes or comes back', () => {
    const low = { ...high, state: 'low' };
    const ticks = [[high], [high], [low], [low], [], [low]];
    expect(told({ onchangeonly: true }, ticks)).toEqual(['high', '', 'low', '', '', 'low']);
  });

  test('is not told at the first tick with emitatstartup: False, and not later while it stays', () => {
    expect(told({ onchangeonly: true, emitatstartup: false }, [[high], [high], [], [high]])).toEqual([
      '',
      '',
      '',
      'high',
    ]);
    expect(told({ emitatstartup: false }, [[high], [high]])).toEqual(['', 'high']);
  });

  test('is told when it lasted for the delay, and not when it was shorter', () => {
    const ticks = [[high], [high], [], [high], [high], [high], [high]];
    expect(told({ onchangeonly: true, delay: 2 }, ticks)).toEqual(['', '', '', '', '', 'high', '']);
  });

  test('is one of several, each by itself', () => {
    const [root, home] = ['/', '/home'].map((about) => ({ data: {}, state: 'full', about }));
    expect(told({ onchangeonly: true }, [[root!], [root!, home!], [home!], [root!, home!]])).toEqual([
      '/',
      '/home',
      '',
      '/',
    ]);
  });

  test('may have a timing of its own', () => {
    const own = { ...high, timing: { onchangeonly: true } };
    expect(told({}, [[own], [own]])).toEqual(['high', '']);
  });
});

test('what happened once is always told', () => {
  const event: BeaconEvent = { data: {} };
  expect(told({ onchangeonly: true, emitatstartup: false, delay: 9 }, [[event], [event]])).toEqual(['event', 'event']);
});
