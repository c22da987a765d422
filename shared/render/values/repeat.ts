import { PyError } from './py_error.ts';
import type { Value } from './py_object.ts';

// A template needs no list or text this long; growing one by doubling would end the process before any other limit is seen.
const MAX_ITEMS = 5_000_000;
const MAX_TEXT = 16 * 2 ** 20;

/** Refuses a list that would be too long to hold. */
export function checkItems(count: number): void {
  if (count > MAX_ITEMS) throw new PyError('LimitError', `a list may hold at most ${MAX_ITEMS} items`);
}

/** Refuses a text that would be too long to hold; lengths are in UTF-16 units. */
export function checkText(length: number): void {
  if (length > MAX_TEXT) throw new PyError('LimitError', `a text may hold at most ${MAX_TEXT} characters`);
}

/** `items * times`. */
export function repeatItems(items: readonly Value[], times: number | bigint): Value[] {
  const count = repetitions(times);
  if (items.length === 0 || count === 0) return [];
  checkItems(items.length * count);
  return Array.from({ length: items.length * count }, (_, index) => items[index % items.length] ?? null);
}

/** `text * times`. */
export function repeatText(text: string, times: number | bigint): string {
  const count = repetitions(times);
  if (text === '' || count === 0) return '';
  checkText(text.length * count);
  return text.repeat(count);
}

function repetitions(times: number | bigint): number {
  if (BigInt.asIntN(64, BigInt(times)) === BigInt(times)) return Math.max(0, Number(times));
  throw new PyError('OverflowError', "cannot fit 'int' into an index-sized integer");
}
