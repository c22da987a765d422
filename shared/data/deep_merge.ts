import { isDict } from '../python_text.ts';

type Dict = Readonly<Record<string, unknown>>;

/** `over` laid over `base`: mappings are merged at every depth, anything else (lists too) is replaced. Neither is changed. */
export function deepMerge(base: Dict, over: Dict): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    const merged = isDict(below) && isDict(value) ? deepMerge(below, value) : value;
    // Plain assignment to `__proto__` would change the prototype.
    Object.defineProperty(result, key, { value: merged, enumerable: true, writable: true, configurable: true });
  }
  return result;
}
