import { operate } from '../../values/arithmetic.ts';
import { toIndex } from '../../values/convert.ts';
import { DictView } from '../../values/dict_view.ts';
import { pyEquals } from '../../values/equality.ts';
import { iterate, pyLength, toList, tryIterate } from '../../values/iteration.ts';
import { pyKey } from '../../values/key.ts';
import { Markup } from '../../values/markup.ts';
import { pyOrder } from '../../values/order.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import { PyIterator } from '../../values/py_iterator.ts';
import { PyObject, type Value } from '../../values/py_object.ts';
import { PyRange } from '../../values/py_range.ts';
import { PySet } from '../../values/py_set.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { isText, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import { attributeGetter, attributesGetter, type Getter, ignoreCase } from '../attribute_getter.ts';
import { mappingEntries } from '../dict_methods.ts';
import type { Filter, FilterScope } from '../filter_scope.ts';
import { GroupTuple } from '../group_tuple.ts';
import { sorted } from '../list_methods.ts';
import { defineFilter } from '../signature.ts';

/** A lazy result, as the generator functions of Jinja give. */
function lazy(items: Iterator<Value>, name: string): PyIterator {
  return new PyIterator(items, name);
}

function* each(value: Value): Generator<Value> {
  const iterator = iterate(value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) yield step.value;
}

function keyGetter(scope: FilterScope, attribute: Value, caseSensitive: Value, fallback: Value = null): Getter {
  const getter = attributeGetter(scope, attribute, fallback);
  return isTrue(caseSensitive) ? getter : (item) => ignoreCase(getter(item));
}

function sort(scope: FilterScope, value: Value, reverse: Value, caseSensitive: Value, attribute: Value): Value {
  const getter = attributesGetter(scope, attribute);
  const sensitive = isTrue(caseSensitive);
  return sorted(value, (item) => (sensitive ? getter(item) : getter(item).map(ignoreCase)), isTrue(reverse));
}

function* unique(scope: FilterScope, value: Value, caseSensitive: Value, attribute: Value): Generator<Value> {
  const getter = keyGetter(scope, attribute, caseSensitive);
  const seen = new Set<unknown>();
  for (const item of each(value)) {
    const key = pyKey(getter(item));
    if (seen.has(key)) continue;
    seen.add(key);
    yield item;
  }
}

function extreme(scope: FilterScope, value: Value, caseSensitive: Value, attribute: Value, operator: '<' | '>'): Value {
  const getter = keyGetter(scope, attribute, caseSensitive);
  let best: { item: Value; key: Value } | undefined;
  for (const item of each(value)) {
    const key = getter(item);
    if (best === undefined || pyOrder(operator, key, best.key)) best = { item, key };
  }
  return best === undefined ? scope.undefined({ hint: 'No aggregated item, sequence was empty.' }) : best.item;
}

function groupBy(scope: FilterScope, value: Value, attribute: Value, fallback: Value, caseSensitive: Value): Value {
  const getter = keyGetter(scope, attribute, caseSensitive, fallback);
  const original = attributeGetter(scope, attribute, fallback);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(value, getter)) {
    const key = getter(item);
    const last = groups.at(-1);
    if (last !== undefined && pyEquals(last.key, key)) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(({ items }) => new GroupTuple(original(items[0] ?? null), items));
}

function* batch(value: Value, count: Value, fill: Value): Generator<Value> {
  let line: Value[] = [];
  for (const item of each(value)) {
    if (pyEquals(line.length, count)) {
      yield line;
      line = [];
    }
    line.push(item);
  }
  if (line.length === 0) return;
  if (fill !== null) while (line.length < toIndex(count)) line.push(fill);
  yield line;
}

function* slice(value: Value, count: Value, fill: Value): Generator<Value> {
  const items = toList(value);
  const slices = toIndex(count);
  if (slices === 0) throw new PyError('ZeroDivisionError', 'integer division or modulo by zero');
  const each = Math.floor(items.length / slices);
  const extra = items.length - each * slices;
  let start = 0;
  for (let number = 0; number < slices; number++) {
    const end = start + each + (number < extra ? 1 : 0);
    const part = items.slice(start, end);
    if (fill !== null && number >= extra) part.push(fill);
    yield part;
    start = end;
  }
}

function* pairsOf(value: Value): Generator<Value> {
  if (value instanceof Undefined) return;
  if (!(value instanceof PyDict)) throw new PyError('TypeError', 'Can only get item pairs from a mapping.');
  for (const pair of value.entries()) yield new PyTuple(pair);
}

function dictSort(value: Value, caseSensitive: Value, by: Value, reverse: Value): Value {
  const position = pyEquals(by, 'key') ? 0 : pyEquals(by, 'value') ? 1 : undefined;
  if (position === undefined) {
    throw new PyError('FilterArgumentError', 'You can only sort by either "key" or "value"');
  }
  const pairs = [...mappingEntries(value)].map((pair) => new PyTuple(pair));
  const key = (pair: Value) => (pair instanceof PyTuple ? (pair.items[position] ?? null) : null);
  return sorted(pairs, isTrue(caseSensitive) ? key : (pair) => ignoreCase(key(pair)), isTrue(reverse));
}

function last(scope: FilterScope, value: Value): Value {
  if (value instanceof Undefined) value.fail();
  const isReversible =
    isText(value) || Array.isArray(value) || (value instanceof PyObject && value.size() !== undefined);
  if (!isReversible || value instanceof PySet)
    throw new PyError('TypeError', `'${typeName(value)}' object is not reversible`);
  const item = toList(value).at(-1);
  return item === undefined ? scope.undefined({ hint: 'No last item, sequence was empty.' }) : item;
}

function reverse(value: Value): Value {
  if (isText(value)) {
    const text = [...textOf(value)].reverse().join('');
    return value instanceof Markup ? new Markup(text) : text;
  }
  if (value instanceof Undefined) value.fail();
  if (tryIterate(value) === undefined) throw new PyError('FilterArgumentError', 'argument must be iterable');
  const reversed = toList(value).reverse();
  const typeName = reversedType(value);
  return typeName === undefined ? reversed : new PyIterator(reversed[Symbol.iterator](), undefined, typeName);
}

/** The type of `reversed(value)`; undefined when Python cannot reverse it without a list. */
function reversedType(value: Value): string | undefined {
  if (Array.isArray(value)) return 'list_reverseiterator';
  if (value instanceof PyRange) return 'range_iterator';
  if (value instanceof PyDict) return 'dict_reversekeyiterator';
  if (value instanceof DictView) return value.typeName.replace(/_(key|value|item)s$/, '_reverse$1iterator');
  return value instanceof PyTuple || value instanceof Uint8Array ? 'reversed' : undefined;
}

function random(scope: FilterScope, value: Value): Value {
  const length = pyLength(value);
  if (length === 0) return scope.undefined({ hint: 'No random item, sequence was empty.' });
  return toList(value)[Math.floor(scope.random() * length)] ?? null;
}

function sum(scope: FilterScope, value: Value, attribute: Value, start: Value): Value {
  if (isText(start)) throw new PyError('TypeError', "sum() can't sum strings [use ''.join(seq) instead]");
  const getter = attribute === null ? undefined : attributeGetter(scope, attribute);
  let total: Value = start;
  for (const item of each(value)) total = operate('+', total, getter === undefined ? item : getter(item));
  return total;
}

function first(scope: FilterScope, value: Value): Value {
  const step = iterate(value).next();
  return step.done ? scope.undefined({ hint: 'No first item, sequence was empty.' }) : step.value;
}

/** Filters about sequences and mappings. */
export const SEQUENCE_FILTERS: readonly (readonly [string, Filter])[] = [
  ['list', defineFilter({ name: 'sync_do_list', required: ['value'] }, (_scope, value = null) => toList(value))],
  ['length', defineFilter({ name: 'len', required: ['obj'] }, (_scope, value = null) => pyLength(value))],
  ['count', defineFilter({ name: 'len', required: ['obj'] }, (_scope, value = null) => pyLength(value))],
  [
    'first',
    defineFilter({ name: 'sync_do_first', required: ['seq'], hidden: 1 }, (scope, value = null) => first(scope, value)),
  ],
  [
    'last',
    defineFilter({ name: 'do_last', required: ['seq'], hidden: 1 }, (scope, value = null) => last(scope, value)),
  ],
  [
    'random',
    defineFilter({ name: 'do_random', required: ['seq'], hidden: 1 }, (scope, value = null) => random(scope, value)),
  ],
  ['reverse', defineFilter({ name: 'do_reverse', required: ['value'] }, (_scope, value = null) => reverse(value))],
  [
    'items',
    defineFilter({ name: 'do_items', required: ['value'] }, (_scope, value = null) => lazy(pairsOf(value), 'do_items')),
  ],
  [
    'sort',
    defineFilter(
      {
        name: 'do_sort',
        required: ['value'],
        optional: { reverse: false, case_sensitive: false, attribute: null },
        hidden: 1,
      },
      (scope, value = null, back = false, sensitive = false, attribute = null) =>
        sort(scope, value, back, sensitive, attribute),
    ),
  ],
  [
    'unique',
    defineFilter(
      { name: 'do_unique', required: ['value'], optional: { case_sensitive: false, attribute: null }, hidden: 1 },
      (scope, value = null, sensitive = false, attribute = null) =>
        lazy(unique(scope, value, sensitive, attribute), 'do_unique'),
    ),
  ],
  [
    'min',
    defineFilter(
      { name: 'do_min', required: ['value'], optional: { case_sensitive: false, attribute: null }, hidden: 1 },
      (scope, value = null, sensitive = false, attribute = null) => extreme(scope, value, sensitive, attribute, '<'),
    ),
  ],
  [
    'max',
    defineFilter(
      { name: 'do_max', required: ['value'], optional: { case_sensitive: false, attribute: null }, hidden: 1 },
      (scope, value = null, sensitive = false, attribute = null) => extreme(scope, value, sensitive, attribute, '>'),
    ),
  ],
  [
    'sum',
    defineFilter(
      { name: 'sync_do_sum', required: ['iterable'], optional: { attribute: null, start: 0 }, hidden: 1 },
      (scope, value = null, attribute = null, start = 0) => sum(scope, value, attribute, start),
    ),
  ],
  [
    'groupby',
    defineFilter(
      {
        name: 'sync_do_groupby',
        required: ['value', 'attribute'],
        optional: { default: null, case_sensitive: false },
        hidden: 1,
      },
      (scope, value = null, attribute = null, fallback = null, sensitive = false) =>
        groupBy(scope, value, attribute, fallback, sensitive),
    ),
  ],
  [
    'batch',
    defineFilter(
      { name: 'do_batch', required: ['value', 'linecount'], optional: { fill_with: null } },
      (_scope, value = null, count = null, fill = null) => lazy(batch(value, count, fill), 'do_batch'),
    ),
  ],
  [
    'slice',
    defineFilter(
      { name: 'sync_do_slice', required: ['value', 'slices'], optional: { fill_with: null } },
      (_scope, value = null, count = null, fill = null) => lazy(slice(value, count, fill), 'sync_do_slice'),
    ),
  ],
  [
    'dictsort',
    defineFilter(
      { name: 'do_dictsort', required: ['value'], optional: { case_sensitive: false, by: 'key', reverse: false } },
      (_scope, value = null, sensitive = false, by = 'key', back = false) => dictSort(value, sensitive, by, back),
    ),
  ],
];
