import type { DictView } from '../values/dict_view.ts';
import { toList } from '../values/iteration.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { pyRepr } from '../values/text.ts';
import { defineMethod, type Method, type MethodTable } from './method.ts';

type Run = (self: PySet, ...args: (Value | undefined)[]) => Value;

function method(name: string, least: number, most: number, run: Run): [string, Method] {
  return [name, defineMethod<PySet>(`set.${name}`, { least, most }, run)];
}

const ANY = Number.POSITIVE_INFINITY;

function others(args: (Value | undefined)[]): PySet[] {
  return args.map((arg) => new PySet(toList(arg ?? null)));
}

/** Methods of set. */
export const SET_METHODS: MethodTable = new Map([
  method('add', 1, 1, (self, item = null) => {
    self.add(item);
    return null;
  }),
  method('discard', 1, 1, (self, item = null) => {
    self.delete(item);
    return null;
  }),
  method('remove', 1, 1, (self, item = null) => {
    if (!self.delete(item)) throw new PyError('KeyError', pyRepr(item));
    return null;
  }),
  method('pop', 0, 0, (self) => {
    for (const item of self.values()) {
      self.delete(item);
      return item;
    }
    throw new PyError('KeyError', "'pop from an empty set'");
  }),
  method('clear', 0, 0, (self) => {
    self.clear();
    return null;
  }),
  method('copy', 0, 0, (self) => new PySet(self.values())),
  method('update', 0, ANY, (self, ...args) => {
    for (const other of others(args)) for (const item of other.values()) self.add(item);
    return null;
  }),
  method('union', 0, ANY, (self, ...args) => new PySet([self, ...others(args)].flatMap((set) => [...set.values()]))),
  method('intersection', 0, ANY, (self, ...args) => {
    const sets = others(args);
    return new PySet([...self.values()].filter((item) => sets.every((set) => set.has(item))));
  }),
  method('difference', 0, ANY, (self, ...args) => {
    const sets = others(args);
    return new PySet([...self.values()].filter((item) => !sets.some((set) => set.has(item))));
  }),
  method('symmetric_difference', 1, 1, (self, arg) => {
    const [other = new PySet()] = others([arg]);
    return self.binary('^', other, false) ?? null;
  }),
  ...(['&', '-', '^'] as const).map((operator) => {
    const name = { '&': 'intersection', '-': 'difference', '^': 'symmetric_difference' }[operator];
    return method(`${name}_update`, operator === '^' ? 1 : 0, operator === '^' ? 1 : ANY, (self, ...args) => {
      for (const other of others(args)) {
        const kept = self.binary(operator, other, false) as PySet;
        const members = [...kept.values()];
        self.clear();
        for (const member of members) self.add(member);
      }
      return null;
    });
  }),
  method('issubset', 1, 1, (self, arg) => others([arg]).every((other) => self.isSubset(other))),
  method('issuperset', 1, 1, (self, arg) => others([arg]).every((other) => other.isSubset(self))),
  method('isdisjoint', 1, 1, (self, arg) =>
    others([arg]).every((other) => ![...other.values()].some((item) => self.has(item))),
  ),
]);

/** Methods of the views of a dict's keys and items. */
export const VIEW_METHODS: MethodTable = new Map([
  [
    'isdisjoint',
    defineMethod<DictView>('isdisjoint', { least: 1, most: 1 }, (self, other = null) => {
      return !toList(other).some((item) => self.contains(item));
    }),
  ],
]);
