import type { OrderedDict } from '../values/ordered_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pyRepr } from '../values/text.ts';
import { isTrue } from '../values/truth.ts';
import { DICT_METHODS } from './dict_methods.ts';
import { defineMethod, type MethodTable } from './method.ts';

/** Methods of OrderedDict: those of dict, of which some take their arguments by name, and those that know the order. */
export const ORDERED_DICT_METHODS: MethodTable = new Map([
  ...DICT_METHODS,
  [
    'move_to_end',
    defineMethod<OrderedDict>(
      'OrderedDict.move_to_end',
      { least: 1, most: 2, names: ['key', 'last'] },
      (self, key = null, last = true) => moveToEnd(self, key, isTrue(last)),
    ),
  ],
  [
    'popitem',
    defineMethod<OrderedDict>('OrderedDict.popitem', { least: 0, most: 1, names: ['last'] }, (self, last = true) => {
      const pair = [...self.entries()].at(isTrue(last) ? -1 : 0);
      if (pair === undefined) throw new PyError('KeyError', "'dictionary is empty'");
      self.delete(pair[0]);
      return new PyTuple(pair);
    }),
  ],
  [
    'pop',
    defineMethod<OrderedDict>(
      'OrderedDict.pop',
      { least: 1, most: 2, names: ['key', 'default'] },
      (self, key = null, fallback) => {
        const value = self.delete(key) ?? fallback;
        if (value === undefined) throw new PyError('KeyError', pyRepr(key));
        return value;
      },
    ),
  ],
  [
    'setdefault',
    defineMethod<OrderedDict>(
      'OrderedDict.setdefault',
      { least: 1, most: 2, names: ['key', 'default'] },
      (self, key = null, fallback = null) => {
        if (!self.has(key)) self.set(key, fallback);
        return self.get(key) ?? null;
      },
    ),
  ],
]);

function moveToEnd(self: OrderedDict, key: Value, last: boolean): Value {
  const value = self.get(key);
  if (value === undefined) throw new PyError('KeyError', pyRepr(key));
  const others = last ? [] : [...self.entries()].filter(([other]) => other !== key);
  self.delete(key);
  self.set(key, value);
  for (const [other, item] of others) {
    self.delete(other);
    self.set(other, item);
  }
  return null;
}
