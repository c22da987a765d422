import { isDeepStrictEqual } from 'node:util';
import { isDict } from '../python_text.ts';

type Dict = Readonly<Record<string, unknown>>;

/**
 * `over` laid over `base`: mappings are merged at every depth, anything else (lists too) is replaced. Neither is
 * changed.
 */
export function deepMerge(base: Dict, over: Dict): Record<string, unknown> {
  return merge(base, over, (_below, value) => value);
}

/** The same, but that what is new in a list follows what was there. */
export function deepMergeWithLists(base: Dict, over: Dict): Record<string, unknown> {
  return merge(base, over, (below, value) => {
    if (!Array.isArray(below) || !Array.isArray(value)) return value;
    return [...below, ...value.filter((item) => !below.some((known) => isDeepStrictEqual(known, item)))];
  });
}

function merge(base: Dict, over: Dict, replace: (below: unknown, value: unknown) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    const merged = isDict(below) && isDict(value) ? merge(below, value, replace) : replace(below, value);
    // Plain assignment to `__proto__` would change the prototype.
    Object.defineProperty(result, key, { value: merged, enumerable: true, writable: true, configurable: true });
  }
  return result;
}
