import { PyError } from './py_error.ts';
import type { ValueWalk } from './value_walk.ts';

/**
 * Every value a template can hold. A number is a Python int that fits (a float is a PyFloat), a bigint is an int that does not,
 * an array is a list, a Uint8Array is bytes. JavaScript's `undefined` is never a value: it means "there is none".
 */
export type Value = null | boolean | number | bigint | string | Value[] | Uint8Array | PyObject;

/** Keyword arguments, in the order they were written. */
export type Kwargs = ReadonlyMap<string, Value>;

/** No keyword arguments. */
export const NO_KWARGS: Kwargs = new Map();

/** Operators that a class may define for itself. */
export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '&' | '|' | '^';

/** Operators of order. */
export type OrderOperator = '<' | '<=' | '>' | '>=';

/** Base of every Python value that is not a JavaScript primitive, array or byte array. Each method answers what Python's `__x__` would. */
export abstract class PyObject {
  /** The type's name as Python's messages print it. */
  abstract readonly typeName: string;

  /** The type's name with its module, where Jinja's "has no attribute" messages print that. */
  get qualifiedName(): string {
    return this.typeName;
  }

  /** Its text inside containers and through `repr`; `walk` knows the containers being printed, to stop at cycles. */
  repr(_walk?: ValueWalk): string {
    return `<${this.typeName} object>`;
  }

  /** Its text when printed. */
  str(): string {
    return this.repr();
  }

  /** Truth in `if`. */
  isTrue(): boolean {
    return true;
  }

  /** The attribute `name` (never one that starts with `_`), or undefined. */
  attr(_name: string): Value | undefined {
    return undefined;
  }

  /** `self[key]`, or undefined when there is no such item or the value has none. */
  item(_key: Value): Value | undefined {
    return undefined;
  }

  /** A fresh iterator, or undefined when it cannot be iterated. */
  iterate(): Iterator<Value> | undefined {
    return undefined;
  }

  /** `len(self)`, or undefined when it has none. */
  size(): number | undefined {
    return undefined;
  }

  /** `value in self`, or undefined when only iteration can tell. */
  contains(_value: Value): boolean | undefined {
    return undefined;
  }

  /** `self == other`; identity unless the class knows better. */
  equals(other: Value, _walk?: ValueWalk): boolean {
    return this === other;
  }

  /** `self < other` and the like, or undefined when the two have no order. */
  order(_operator: OrderOperator, _other: Value): boolean | undefined {
    return undefined;
  }

  /** `self + other` and the like (`other + self` when reflected), or undefined when not supported. */
  binary(_operator: BinaryOperator, _other: Value, _reflected: boolean): Value | undefined {
    return undefined;
  }

  /** What tells it from other keys in a dict or set (equal values, equal keys), or undefined when it is unhashable. */
  hashKey(): unknown {
    return this;
  }

  /** Can it be called? */
  isCallable(): boolean {
    return false;
  }

  /** Does calling it leave the engine? Only such functions may answer promises. */
  isExternal(): boolean {
    return false;
  }

  /** `self(*args, **kwargs)`; an asynchronous function answers a promise. */
  call(_args: Value[], _kwargs: Kwargs): Value | Promise<Value> {
    throw new PyError('TypeError', `'${this.typeName}' object is not callable`);
  }
}
