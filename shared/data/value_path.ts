import { isDict } from '../python_text.ts';

/**
 * The value at a path such as `a:b:0`, by Salt's rules for grains and pillar: a number is an index of a list, and any
 * other step into a list looks into the mappings that are its members. `fallback` when the path leads nowhere.
 */
export function valueAt(data: unknown, path: string, delimiter = ':', fallback?: unknown): unknown {
  let value = data;
  for (const step of path.split(delimiter)) {
    const next = Array.isArray(value) ? stepIntoList(value, step) : memberOf(value, step);
    if (next === undefined) return fallback;
    value = next;
  }
  return value;
}

function stepIntoList(list: readonly unknown[], step: string): unknown {
  for (const item of list) {
    const member = memberOf(item, step);
    if (member !== undefined) return member;
  }
  return /^-?\d+$/.test(step) ? list.at(Number(step)) : undefined;
}

function memberOf(value: unknown, key: string): unknown {
  return isDict(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
