import { isDeepStrictEqual } from 'node:util';
import { valueAt } from '../../shared/data/value_path.ts';
import { isDict, pyStr } from '../../shared/python_text.ts';

/** How `grains.set`, `append` and `remove` work out what to write; the words are Salt's, states show them. */

type Dict = Readonly<Record<string, unknown>>;

/** One top-level grain and its new value, or why nothing is to be written. */
export type GrainChange = { readonly key: string; readonly value: unknown } | { readonly refused: string };

export interface SetOptions {
  readonly force: boolean;
  readonly destructive: boolean;
  readonly delimiter: string;
}

/** Puts a value at a path. A mapping or a list is only replaced by force; undefined when it is there already. */
export function setGrain(grains: Dict, path: string, value: unknown, options: SetOptions): GrainChange | undefined {
  const { force, destructive, delimiter } = options;
  const present = valueAt(grains, path, delimiter);
  const removes = value === null && destructive;
  if (!removes && present !== undefined && isDeepStrictEqual(present, value)) return undefined;
  if (!force && isCollection(present)) {
    return refused(`The key '${path}' exists but is a dict or a list. Use 'force=True' to overwrite.`);
  }
  if (!force && isCollection(value) && present !== undefined && present !== null) {
    return refused(`The key '${path}' exists and the given value is a dict or a list. Use 'force=True' to overwrite.`);
  }
  let change: { key: string; value: unknown } = { key: path, value };
  while (change.key.includes(delimiter)) {
    const [key, member] = splitLast(change.key, delimiter);
    const parent = valueAt(grains, key, delimiter, {});
    const next = withMember(parent, member, change.value, { force, removes: destructive && change.value === null });
    if (next === undefined) {
      return refused(
        `The key '${key}' value is '${pyStr(parent)}', which is different from the provided key '${member}'. ` +
          "Use 'force=True' to overwrite.",
      );
    }
    change = { key, value: next };
  }
  return change;
}

/** Undefined when the parent is a plain value that only force may replace. */
function withMember(
  parent: unknown,
  member: string,
  value: unknown,
  { force, removes }: { readonly force: boolean; readonly removes: boolean },
): unknown {
  if (isDict(parent)) {
    const { [member]: _, ...others } = parent;
    return removes ? others : { ...parent, [member]: value };
  }
  if (Array.isArray(parent)) return withListMember(parent, member, value);
  return parent === member || force ? { [member]: value } : undefined;
}

function withListMember(list: readonly unknown[], member: string, value: unknown): unknown[] {
  const isMember = (item: unknown) => item === member || (isDict(item) && Object.hasOwn(item, member));
  if (!list.some(isMember)) return [...list, { [member]: value }];
  return list.map((item) => {
    if (item === member) return { [member]: value };
    return isMember(item) ? { ...(item as Dict), [member]: value } : item;
  });
}

export interface ListOptions {
  readonly convert: boolean;
  readonly delimiter: string;
}

/** Adds a value, or each of a list of values, to a list. */
export function appendToGrain(grains: Dict, path: string, value: unknown, options: ListOptions): GrainChange {
  const { convert, delimiter } = options;
  const found = valueAt(grains, path, delimiter, []);
  const list = convert && !Array.isArray(found) ? [found].filter((item) => item !== null) : found;
  if (!Array.isArray(list)) return refused(`The key ${path} is not a valid list`);
  if (includesValue(list, value)) return refused(`The val ${pyStr(value)} was already in the list ${path}`);
  return inParents(grains, path, [...list, ...(Array.isArray(value) ? value : [value])], delimiter);
}

/** Takes a value out of a list. */
export function removeFromGrain(grains: Dict, path: string, value: unknown, delimiter: string): GrainChange {
  const list = valueAt(grains, path, delimiter, []);
  if (!Array.isArray(list)) return refused(`The key ${path} is not a valid list`);
  if (!includesValue(list, value)) return refused(`The val ${pyStr(value)} was not in the list ${path}`);
  const index = list.findIndex((item) => isDeepStrictEqual(item, value));
  return inParents(grains, path, list.toSpliced(index, 1), delimiter);
}

/** The top-level grain with the value put back at its path; a parent that is no mapping stays as it is. */
function inParents(grains: Dict, path: string, value: unknown, delimiter: string): GrainChange {
  if (!path.includes(delimiter)) return { key: path, value };
  const [key, member] = splitLast(path, delimiter);
  const parent = valueAt(grains, key, delimiter, {});
  return inParents(grains, key, isDict(parent) ? { ...parent, [member]: value } : parent, delimiter);
}

function splitLast(path: string, delimiter: string): [head: string, last: string] {
  const index = path.lastIndexOf(delimiter);
  return [path.slice(0, index), path.slice(index + delimiter.length)];
}

function isCollection(value: unknown): boolean {
  return Array.isArray(value) || isDict(value);
}

function includesValue(list: readonly unknown[], value: unknown): boolean {
  return list.some((item) => isDeepStrictEqual(item, value));
}

function refused(reason: string): GrainChange {
  return { refused: reason };
}
