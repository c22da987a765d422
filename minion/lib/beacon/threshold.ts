import * as v from 'valibot';

/** `63%`, `63` or the number 63. */
export const Percent = v.pipe(
  v.union([v.number(), v.string()], 'must be a share such as 63%'),
  v.transform((value) => (typeof value === 'number' ? value : Number(/^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(value)?.[1]))),
  v.check((value) => value >= 0 && value <= 100, 'must be a share such as 63%'),
);

/** A share in percent with one decimal place, as psutil gives it; 0 of nothing. */
export function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
