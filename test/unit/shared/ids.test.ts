import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJidSource, isMinionId, jidStartTime } from '../../../shared/ids.ts';
import { fakeClock } from '../../support/fake_context.ts';

const START_MS = Date.UTC(2026, 10, 22, 9, 30, 47, 146);
const source = (times: readonly number[], after?: string) => {
  const clock = fakeClock();
  let index = 0;
  return createJidSource({ ...clock, nowMs: () => times[Math.min(index++, times.length - 1)] as number }, after);
};

test('a jid is the time it was made, UTC, in microseconds', () => {
  expect(source([START_MS])()).toBe('20261122093047146000');
});

test('jids of one millisecond follow each other, over its end', () => {
  const next = source([START_MS]);
  const jids = Array.from({ length: 2500 }, next);
  expect(jids.slice(0, 3)).toEqual(['20261122093047146000', '20261122093047146001', '20261122093047146002']);
  expect(new Set(jids).size).toBe(2500);
  expect(jids).toEqual(jids.toSorted());
});

test('jids are unique and increase strictly, whatever the clock does', () => {
  const steps = fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(steps, (differences) => {
      let nowMs = START_MS;
      const times = differences.map((difference) => (nowMs += difference));
      const next = source(times);
      const jids = times.map(next);
      for (const [index, jid] of jids.entries()) {
        expect(jid).toMatch(/^\d{20}$/);
        if (index > 0) expect(jid > (jids[index - 1] as string)).toBe(true);
      }
    }),
  );
});

test('after a restart, and with a clock that was set back, none is given out again', () => {
  const last = '20261122093047146005';
  const next = source([START_MS - 3_600_000, START_MS - 3_599_000, START_MS + 1], last);
  const jids = [next(), next(), next()];
  expect(jids).toEqual(['20261122093047146006', '20261122093047146007', '20261122093047147000']);
});

test('the time of a jid is printed as Salt prints it', () => {
  expect(jidStartTime('20261122092954907257')).toBe('2026, Nov 22 09:29:54.907257');
});

test.each([
  ['m1', true],
  ['web-1.example.org', true],
  ['A_b', true],
  ['x'.repeat(63), true],
  ['x'.repeat(64), false],
  ['', false],
  ['.hidden', false],
  ['-x', false],
  ['a/b', false],
  ['a+', false],
  ['a#', false],
  ['a b', false],
  ['a\n', false],
  ['é', false],
  ['..', false],
])('%j is a minion id: %s', (text, expected) => {
  expect(isMinionId(text)).toBe(expected);
});
