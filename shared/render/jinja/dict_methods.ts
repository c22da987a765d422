import { DictView } from '../values/dict_view.ts';
import { iterate, toList, tryIterate } from '../values/iteration.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Kwargs, Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pyRepr, typeName } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import { defineMethod, type Method, type MethodTable } from './method.ts';

type Run = (self: PyDict, ...args: (Value | undefined)[]) => Value;

function method(name: string, least: number, most: number, run: Run): [string, Method] {
  return [name, defineMethod<PyDict>(`dict.${name}`, { least, most }, run)];
}

/** Methods of dict. */
export const DICT_METHODS: MethodTable = new Map<string, Method>([
  method('get', 1, 2, (self, key = null, fallback = null) => {
    const value = self.get(key);
    return value === undefined ? fallback : value;
  }),
  method('items', 0, 0, (self) => new DictView(self, 'items')),
  method('keys', 0, 0, (self) => new DictView(self, 'keys')),
  method('values', 0, 0, (self) => new DictView(self, 'values')),
  method('pop', 1, 2, (self, key = null, fallback) => {
    // An empty dict does not look at the key.
    const known = self.isTrue() ? self.delete(key) : undefined;
    const value = known === undefined ? fallback : known;
    if (value === undefined) throw new PyError('KeyError', pyRepr(key));
    return value;
  }),
  method('popitem', 0, 0, (self) => {
    const last = [...self.entries()].at(-1);
    if (last === undefined) throw new PyError('KeyError', "'popitem(): dictionary is empty'");
    self.delete(last[0]);
    return new PyTuple(last);
  }),
  method('setdefault', 1, 2, (self, key = null, fallback = null) => {
    const known = self.get(key);
    if (known !== undefined) return known;
    self.set(key, fallback);
    return fallback;
  }),
  method('copy', 0, 0, (self) => self.copy()),
  method('clear', 0, 0, (self) => {
    self.clear();
    return null;
  }),
  method('fromkeys', 1, 2, (_self, keys = null, value = null) => {
    const dict = new PyDict();
    for (const key of toList(keys)) dict.set(key, value);
    return dict;
  }),
  [
    'update',
    (self, args, kwargs) => {
      if (args.length > 1) throw new PyError('TypeError', `update expected at most 1 argument, got ${args.length}`);
      updateDict(self as PyDict, args[0], kwargs);
      return null;
    },
  ],
]);

/** `dict.update(other, **kwargs)`, also what `dict(…)` does to an empty one. */
export function updateDict(self: PyDict, other: Value | undefined, kwargs: Kwargs): void {
  if (other instanceof PyDict) {
    for (const [key, value] of other === self ? [...other.entries()] : other.entries()) self.set(key, value);
  } else if (other !== undefined) {
    updateFromPairs(self, other);
  }
  for (const [key, value] of kwargs) self.set(key, value);
}

function updateFromPairs(self: PyDict, pairs: Value): void {
  const iterator = iterate(pairs);
  let index = 0;
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    const pair = step.value;
    if (tryIterate(pair) === undefined || pair instanceof Undefined) {
      if (pair instanceof Undefined) pair.fail();
      throw new PyError('TypeError', `cannot convert dictionary update sequence element #${index} to a sequence`);
    }
    const [key, value, ...rest] = toList(pair);
    const length = (key === undefined ? 0 : 1) + (value === undefined ? 0 : 1) + rest.length;
    if (key === undefined || value === undefined || length !== 2) {
      throw new PyError(
        'ValueError',
        `dictionary update sequence element #${index} has length ${length}; 2 is required`,
      );
    }
    self.set(key, value);
    index++;
  }
}

/** The pairs of a mapping; anything else has no `items`. */
export function mappingEntries(value: Value): Iterable<[Value, Value]> {
  if (value instanceof PyDict) return value.entries();
  if (value instanceof Undefined) value.fail();
  throw new PyError('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
}
