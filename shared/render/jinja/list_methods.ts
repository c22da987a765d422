import { toIndex } from '../values/convert.ts';
import { pyEquals } from '../values/equality.ts';
import { iterate, toList } from '../values/iteration.ts';
import { compareForSort } from '../values/order.ts';
import { PyError } from '../values/py_error.ts';
import { isInt } from '../values/py_int.ts';
import { NO_KWARGS, PyObject, type Value } from '../values/py_object.ts';
import type { PyRange } from '../values/py_range.ts';
import type { PyTuple } from '../values/py_tuple.ts';
import { checkItems } from '../values/repeat.ts';
import { resolveSlice } from '../values/slice.ts';
import { pyRepr, typeName } from '../values/text.ts';
import { isTrue } from '../values/truth.ts';
import { defineMethod, type Method, type MethodTable } from './method.ts';

type Run = (self: Value[], ...args: (Value | undefined)[]) => Value;

function method(name: string, least: number, most: number, run: Run, names: readonly string[] = []): [string, Method] {
  return [name, defineMethod<Value[]>(`list.${name}`, { least, most, names }, run)];
}

/** Methods of list. */
export const LIST_METHODS: MethodTable = new Map([
  method('append', 1, 1, (self, item = null) => {
    checkItems(self.length + 1);
    self.push(item);
    return null;
  }),
  method('extend', 1, 1, (self, items = null) => {
    const added = toList(items);
    checkItems(self.length + added.length);
    for (const item of added) self.push(item);
    return null;
  }),
  method('insert', 2, 2, (self, index = null, item = null) => {
    self.splice(toIndex(index), 0, item);
    return null;
  }),
  method('pop', 0, 1, (self, index = -1) => popAt(self, toIndex(index))),
  method('remove', 1, 1, (self, item = null) => {
    const at = self.findIndex((candidate) => candidate === item || pyEquals(candidate, item));
    if (at === -1) throw new PyError('ValueError', 'list.remove(x): x not in list');
    self.splice(at, 1);
    return null;
  }),
  method('clear', 0, 0, (self) => {
    self.length = 0;
    return null;
  }),
  method('copy', 0, 0, (self) => self.slice()),
  method('reverse', 0, 0, (self) => {
    self.reverse();
    return null;
  }),
  method('index', 1, 3, (self, item = null, start, stop) =>
    indexIn(self, item, start, stop, `${pyRepr(item)} is not in list`),
  ),
  method('count', 1, 1, (self, item = null) => countIn(self, item)),
  ['sort', sortInPlace],
]);

/** Methods of tuple. */
export const TUPLE_METHODS: MethodTable = new Map([
  [
    'index',
    defineMethod<PyTuple>('tuple.index', { least: 1, most: 3 }, (self, item = null, start, stop) =>
      indexIn(self.items, item, start, stop, 'tuple.index(x): x not in tuple'),
    ),
  ],
  [
    'count',
    defineMethod<PyTuple>('tuple.count', { least: 1, most: 1 }, (self, item = null) => countIn(self.items, item)),
  ],
]);

function popAt(self: Value[], index: number): Value {
  if (self.length === 0) throw new PyError('IndexError', 'pop from empty list');
  const at = index < 0 ? index + self.length : index;
  if (at < 0 || at >= self.length) throw new PyError('IndexError', 'pop index out of range');
  return self.splice(at, 1)[0] ?? null;
}

function indexIn(
  items: readonly Value[],
  item: Value,
  start: Value | undefined,
  stop: Value | undefined,
  message: string,
): Value {
  const span = resolveSlice([start ?? null, stop ?? null, null], items.length);
  for (let index = span.start; index < span.stop; index++) {
    const candidate = items[index] ?? null;
    if (candidate === item || pyEquals(candidate, item)) return index;
  }
  throw new PyError('ValueError', message);
}

/** Methods of range. */
export const RANGE_METHODS: MethodTable = new Map([
  [
    'index',
    defineMethod<PyRange>('range.index', { least: 1, most: 1 }, (self, item = null) => {
      const complaint = isInt(item) ? `${pyRepr(item)} is not in range` : 'sequence.index(x): x not in sequence';
      return indexIn(toList(self), item, undefined, undefined, complaint);
    }),
  ],
  [
    'count',
    defineMethod<PyRange>('range.count', { least: 1, most: 1 }, (self, item = null) => countIn(toList(self), item)),
  ],
]);

function countIn(items: readonly Value[], item: Value): number {
  return items.filter((candidate) => candidate === item || pyEquals(candidate, item)).length;
}

function sortInPlace(self: Value, args: Value[], kwargs: ReadonlyMap<string, Value>): Value {
  if (args.length > 0) throw new PyError('TypeError', 'sort() takes no positional arguments');
  const key = kwargs.get('key') ?? null;
  const keyed = (self as Value[]).map((item) => ({ item, key: key === null ? item : callKey(key, item) }));
  const reverse = isTrue(kwargs.get('reverse') ?? false);
  (self as Value[]).splice(0, keyed.length, ...sortKeyed(keyed, reverse));
  return null;
}

function callKey(key: Value, item: Value): Value {
  if (!(key instanceof PyObject)) throw new PyError('TypeError', `'${typeName(key)}' object is not callable`);
  const result = key.call([item], NO_KWARGS);
  if (result instanceof Promise) throw new PyError('TypeError', 'a sort key must answer at once');
  return result;
}

/** Stable sort by key; reversed without changing the order of equals. */
function sortKeyed(keyed: { item: Value; key: Value }[], reverse: boolean): Value[] {
  const ordered = reverse ? keyed.reverse() : keyed;
  ordered.sort((a, b) => compareForSort(a.key, b.key));
  const items = ordered.map(({ item }) => item);
  return reverse ? items.reverse() : items;
}

/** `sorted(values, key=…)`. */
export function sorted(values: Value, key: (item: Value) => Value, reverse = false): Value[] {
  const keyed: { item: Value; key: Value }[] = [];
  const iterator = iterate(values);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    keyed.push({ item: step.value, key: key(step.value) });
  }
  return sortKeyed(keyed, reverse);
}
