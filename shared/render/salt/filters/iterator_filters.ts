import { bindArguments } from '../../jinja/signature.ts';
import { toList } from '../../values/iteration.ts';
import { isInt } from '../../values/py_int.ts';
import { PyIterator } from '../../values/py_iterator.ts';
import type { Value } from '../../values/py_object.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { isTrue } from '../../values/truth.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';

/** Python's itertools: each answers an iterator, so `|list` or a loop goes through it. */
export const iteratorFilters: readonly NamedFilter[] = [
  pureFilter('combinations', ['iterable', 'r'], {}, (items, size) =>
    iterator('itertools.combinations', choose(toList(items), Number(size), 1)),
  ),
  pureFilter('combinations_with_replacement', ['iterable', 'r'], {}, (items, size) =>
    iterator('itertools.combinations_with_replacement', choose(toList(items), Number(size), 0)),
  ),
  pureFilter('permutations', ['iterable'], { r: null }, (items, size) => {
    const list = toList(items);
    return iterator('itertools.permutations', permute(list, size === null ? list.length : Number(size)));
  }),
  pureFilter('compress', ['data', 'selectors'], {}, (data, selectors) =>
    iterator('itertools.compress', compress(toList(data), toList(selectors))),
  ),
  [
    'product',
    (_scope, args, kwargs) => {
      const [repeat = 1] = bindArguments({ name: 'product', required: [], optional: { repeat: 1 } }, [], kwargs);
      const lists = Array.from({ length: isInt(repeat) ? Number(repeat) : 1 }, () => args.map(toList)).flat();
      return iterator('itertools.product', multiply(lists));
    },
  ],
  ['zip', (_scope, args) => iterator('zip', zip(args.map(toList), undefined))],
  [
    'zip_longest',
    (_scope, args, kwargs) => {
      const [fill] = bindArguments({ name: 'zip_longest', required: [], optional: { fillvalue: null } }, [], kwargs);
      return iterator('itertools.zip_longest', zip(args.map(toList), fill));
    },
  ],
];

function iterator(typeName: string, items: Iterable<Value>): PyIterator {
  return new PyIterator(items[Symbol.iterator](), typeName);
}

/** Items in their order, each again from `step` places further on. */
function* choose(
  items: readonly Value[],
  size: number,
  step: 0 | 1,
  from = 0,
  taken: readonly Value[] = [],
): Iterable<Value> {
  if (taken.length === size) {
    yield new PyTuple(taken);
    return;
  }
  for (let index = from; index < items.length; index += 1) {
    yield* choose(items, size, step, index + step, [...taken, items[index] as Value]);
  }
}

function* permute(items: readonly Value[], size: number, taken: readonly number[] = []): Iterable<Value> {
  if (size > items.length) return;
  if (taken.length === size) {
    yield new PyTuple(taken.map((index) => items[index] as Value));
    return;
  }
  for (const index of items.keys()) {
    if (!taken.includes(index)) yield* permute(items, size, [...taken, index]);
  }
}

function* compress(data: readonly Value[], selectors: readonly Value[]): Iterable<Value> {
  for (const [index, item] of data.entries()) {
    const selector = selectors[index];
    if (selector === undefined) return;
    if (isTrue(selector)) yield item;
  }
}

function* multiply(lists: readonly Value[][], taken: readonly Value[] = []): Iterable<Value> {
  const next = lists[taken.length];
  if (next === undefined) {
    yield new PyTuple(taken);
    return;
  }
  for (const item of next) yield* multiply(lists, [...taken, item]);
}

/** Up to the shortest list, or with a fill value up to the longest. */
function* zip(lists: readonly Value[][], fill: Value | undefined): Iterable<Value> {
  const lengths = lists.map((list) => list.length);
  const length = lists.length === 0 ? 0 : fill === undefined ? Math.min(...lengths) : Math.max(...lengths);
  for (let index = 0; index < length; index += 1) yield new PyTuple(lists.map((list) => list[index] ?? fill ?? null));
}
