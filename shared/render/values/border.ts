import { Markup } from './markup.ts';
import { PyDict } from './py_dict.ts';
import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { HostFunction, type PyCallable } from './py_function.ts';
import { intFromDouble, normalInt } from './py_int.ts';
import { PyObject, type Value } from './py_object.ts';
import { PySet } from './py_set.ts';
import { PyTuple } from './py_tuple.ts';
import { typeName } from './text.ts';
import { ValueWalk } from './value_walk.ts';

/**
 * A JavaScript value as a Python one: objects and Maps become dicts, whole numbers ints, a function `(args, kwargs)` a
 * callable. As in JSON, members of objects that are undefined are left out.
 */
export function fromJs(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return isWhole(value) ? intFromDouble(value) : new PyFloat(value);
  if (typeof value === 'bigint') return normalInt(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'function') return new HostFunction(value.name, value as PyCallable);
  if (value instanceof PyObject || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(fromJs);
  if (value instanceof Map) return new PyDict(pairs(value));
  if (value instanceof Set) return new PySet([...value].map(fromJs));
  if (typeof value === 'object')
    return new PyDict(pairs(Object.entries(value).filter(([, item]) => item !== undefined)));
  throw new PyError('TypeError', `a ${typeof value} has no counterpart in Python`);
}

/** What JSON writes without a point or an exponent. */
function isWhole(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 1e21;
}

function* pairs(entries: Iterable<readonly [unknown, unknown]>): Iterable<[Value, Value]> {
  for (const [key, value] of entries) yield [fromJs(key), fromJs(value)];
}

/** A Python value as plain JavaScript: a dict becomes an object (its keys as JSON writes them), a tuple or set an array, a float a number. */
export function toJs(value: Value, walk: ValueWalk = new ValueWalk()): unknown {
  walk.step();
  if (Array.isArray(value)) return value.map((item) => toJs(item, walk));
  if (!(value instanceof PyObject)) return value;
  if (value instanceof PyFloat) return value.value;
  if (value instanceof Markup) return value.text;
  if (value instanceof PyTuple) return value.items.map((item) => toJs(item, walk));
  if (value instanceof PySet) return [...value.values()].map((item) => toJs(item, walk));
  if (value instanceof PyDict) return dictToJs(value, walk);
  throw new PyError('TypeError', `a value of type ${typeName(value)} cannot leave the template`);
}

// defineProperty so that a key named `__proto__` stays a key.
function dictToJs(dict: PyDict, walk: ValueWalk): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of dict.entries()) {
    Object.defineProperty(object, jsonKey(key), {
      value: toJs(value, walk),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

/** A dict key as JSON writes it: `true`, `null`, numbers as text. */
export function jsonKey(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null || typeof key === 'boolean' || typeof key === 'number' || typeof key === 'bigint')
    return String(key);
  if (key instanceof PyFloat) return key.repr();
  if (key instanceof Markup) return key.text;
  throw new PyError('TypeError', `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

/** A copy that shares nothing mutable with the original. */
export function deepCopy(value: Value, walk: ValueWalk = new ValueWalk()): Value {
  walk.step();
  if (Array.isArray(value)) return value.map((item) => deepCopy(item, walk));
  if (value instanceof PyDict) {
    const copy = value.copy();
    for (const [key, item] of copy.entries()) copy.set(key, deepCopy(item, walk));
    return copy;
  }
  if (value instanceof PyTuple) return new PyTuple(value.items.map((item) => deepCopy(item, walk)));
  return value instanceof PySet ? new PySet(value.values()) : value;
}
