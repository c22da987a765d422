import { operate } from '../../values/arithmetic.ts';
import { pyContains, toList, tryIterate } from '../../values/iteration.ts';
import { isNumeric, toDouble } from '../../values/numeric.ts';
import { compareForSort, pyOrder } from '../../values/order.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import { PyFloat } from '../../values/py_float.ts';
import type { Value } from '../../values/py_object.ts';
import { PySet } from '../../values/py_set.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { isText, pyStr, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { ValueIndex } from '../../values/value_index.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';

/** Lists, sets and numbers in them. */
export const listFilters: readonly NamedFilter[] = [
  pureFilter('unique', ['values'], {}, (values) => unique(values)),
  pureFilter('union', ['lst1', 'lst2'], {}, (left, right) =>
    combine(left, right, '|', () => operate('+', left, right)),
  ),
  pureFilter('intersect', ['lst1', 'lst2'], {}, (left, right) =>
    combine(left, right, '&', () => common(left, right, true)),
  ),
  pureFilter('difference', ['lst1', 'lst2'], {}, (left, right) =>
    combine(left, right, '-', () => common(left, right, false)),
  ),
  pureFilter('symmetric_difference', ['lst1', 'lst2'], {}, (left, right) =>
    combine(left, right, '^', () => {
      const both = new ValueIndex(common(left, right, true));
      return toList(operate('+', left, right)).filter((item) => !both.has(item));
    }),
  ),
  pureFilter('min', ['obj'], {}, (items) => extreme(items, '<', 'min')),
  pureFilter('max', ['obj'], {}, (items) => extreme(items, '>', 'max')),
  pureFilter('avg', ['lst'], {}, (items) => average(items)),
  pureFilter('flatten', ['data'], { levels: null, preserve_nulls: false }, (data, levels, preserveNulls) =>
    flatten(data, levels === null ? Number.POSITIVE_INFINITY : Number(levels), isTrue(preserveNulls), []),
  ),
  pureFilter('sequence', ['data'], {}, (data) => (isContainer(data) ? data : [data])),
  pureFilter('sorted_ignorecase', ['to_sort'], {}, (items) => sortIgnoringCase(items)),
  pureFilter('is_list', ['value'], {}, (value) => Array.isArray(value)),
  pureFilter('is_iter', ['thing'], { ignore: null }, (thing) => isIterable(thing)),
  pureFilter('exactly_n_true', ['iterable'], { amount: 1 }, (items, amount) => countTrue(items) === Number(amount)),
  pureFilter('exactly_one_true', ['iterable'], {}, (items) => countTrue(items) === 1),
  pureFilter('substring_in_list', ['string_to_search_for', 'list_to_search'], {}, (part, texts) =>
    toList(texts).some((text) => pyContains(text, part)),
  ),
  pureFilter('compare_lists', [], { old: null, new: null }, (before, after) => compareLists(before, after)),
  pureFilter('to_entries', ['data'], {}, (data) => toEntries(data)),
  pureFilter('from_entries', ['entries'], {}, (entries) => fromEntries(entries)),
];

function isHashable(value: Value): boolean {
  return !Array.isArray(value) && !(value instanceof PyDict) && !(value instanceof PySet);
}

function isContainer(value: Value): boolean {
  return !isHashable(value) || value instanceof PyTuple;
}

function isIterable(value: Value): boolean {
  return !isText(value) && tryIterate(value) !== undefined;
}

/** A set of what is hashable (a tuple, a str); of lists, the first of equal items. */
function unique(values: Value): Value {
  if (isHashable(values)) return new PySet(toList(values));
  const known = new ValueIndex();
  return toList(values).filter((item) => {
    const isNew = !known.has(item);
    if (isNew) known.add(item);
    return isNew;
  });
}

function combine(left: Value, right: Value, operator: '|' | '&' | '-' | '^', ofLists: () => Value): Value {
  if (!isHashable(left) || !isHashable(right)) return unique(ofLists());
  return operate(operator, new PySet(toList(left)), new PySet(toList(right)));
}

function common(left: Value, right: Value, wanted: boolean): Value[] {
  return toList(left).filter(isIn(right, wanted));
}

/** Is an item in the container (or, when not wanted, out of it)? */
function isIn(container: Value, wanted: boolean): (item: Value) => boolean {
  if (!Array.isArray(container)) return (item) => pyContains(container, item) === wanted;
  const index = new ValueIndex(container);
  return (item) => index.has(item) === wanted;
}

function extreme(values: Value, operator: '<' | '>', name: string): Value {
  const [first, ...rest] = toList(values);
  if (first === undefined) throw new PyError('ValueError', `${name}() arg is an empty sequence`);
  return rest.reduce((best, item) => (pyOrder(operator, item, best) ? item : best), first);
}

function average(values: Value): Value {
  if (isHashable(values)) {
    if (isNumeric(values)) return new PyFloat(toDouble(values));
    throw new PyError('TypeError', `float() argument must be a string or a real number, not '${typeName(values)}'`);
  }
  const items = toList(values);
  return operate(
    '/',
    items.reduce((sum, item) => operate('+', sum, item), 0),
    items.length,
  );
}

function flatten(data: Value, levels: number, preserveNulls: boolean, open: readonly Value[]): Value[] {
  if (open.includes(data)) {
    throw new PyError('RecursionError', 'Reference cycle detected. Check input list.');
  }
  return toList(data).flatMap((item) => {
    if (!preserveNulls && (item === null || item === 'None' || item === 'null')) return [];
    return isIterable(item) && levels >= 1 ? flatten(item, levels - 1, preserveNulls, [...open, data]) : [item];
  });
}

function sortIgnoringCase(values: Value): Value[] {
  const keyed = toList(values).map((item): [string, Value] => {
    if (isText(item)) return [textOf(item).toLowerCase(), item];
    throw new PyError('AttributeError', `'${typeName(item)}' object has no attribute 'lower'`);
  });
  return keyed.sort(([left], [right]) => compareForSort(left, right)).map(([, item]) => item);
}

function countTrue(values: Value): number {
  return toList(values).filter(isTrue).length;
}

function compareLists(before: Value, after: Value): PyDict {
  const result = new PyDict();
  const added = toList(after).filter(isIn(before, false));
  const removed = toList(before).filter(isIn(after, false));
  if (added.length > 0) result.set('new', added);
  if (removed.length > 0) result.set('old', removed);
  return result;
}

function toEntries(data: Value): Value {
  const entry = (key: Value, value: Value) => new PyDict([['key', key] as const, ['value', value] as const]);
  if (data instanceof PyDict) return [...data.entries()].map(([key, value]) => entry(key, value));
  if (Array.isArray(data)) return data.map((value, index) => entry(index, value));
  throw new PyError('TypeError', 'Input data must be a dict or list');
}

/** Keys are found whatever their case; `name` stands in for a key that is missing or false. */
function fromEntries(entries: Value): PyDict {
  const result = new PyDict();
  for (const entry of toList(entries)) {
    if (!(entry instanceof PyDict)) throw new PyError('TypeError', `an entry must be a dict, not ${typeName(entry)}`);
    const find = (wanted: string) => [...entry.entries()].findLast(([key]) => pyStr(key).toLowerCase() === wanted)?.[1];
    const key = [find('key'), find('name')].find((value) => value !== undefined && isTrue(value));
    if (key !== undefined) result.set(key, find('value') ?? null);
  }
  return result;
}
