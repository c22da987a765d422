import { expect, test } from 'vitest';
import type { Measure } from '../../../../bench/lib/measure.ts';
import { barText, verdictOf } from '../../../../bench/lib/verdict.ts';

const of = (unit: Measure['unit'], values: readonly number[], bar?: Measure['bar']): Measure => ({
  name: 'it',
  unit,
  values,
  bar,
});

test.each<[Measure, string, string | undefined]>([
  [of('ms', [412, 412, 1]), '', undefined],
  [of('ms', [126], { max: 300 }), '≤ 300', 'met, 58 % to spare'],
  [of('ms', [300], { max: 300 }), '≤ 300', 'met, 0 % to spare'],
  [of('ms', [412, 400, 420], { max: 300 }), '≤ 300', 'not met by 112 ms, 37 %'],
  [of('per s', [9000], { min: 10_000 }), '≥ 10,000', 'not met by 1,000 per s, 10 %'],
  [of('per s', [15_000], { min: 10_000 }), '≥ 10,000', 'met, 50 % to spare'],
  [of('x', [0.6], { min: 0.7 }), '≥ 0.7', 'not met by 0.1, 14 %'],
  [of('count', [0, 0], { max: 0 }), '≤ 0', 'met'],
  [of('count', [3], { max: 0 }), '≤ 0', 'not met by 3'],
  [of('ms', [Number.NaN], { max: 50 }), '≤ 50', 'not measured'],
])('%j against %s: %s', (measure, bar, text) => {
  expect(barText(measure)).toBe(bar);
  expect(verdictOf(measure)?.text).toBe(text);
  expect(verdictOf(measure)?.isMet).toBe(text === undefined ? undefined : text.startsWith('met'));
});
