import { PyFloat } from '../values/py_float.ts';
import { normalInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { defineMethod, type Method, type MethodTable } from './method.ts';

type Integer = number | bigint | boolean;

function method<T extends Value>(type: string, name: string, run: (self: T) => Value): [string, Method] {
  return [name, defineMethod<T>(`${type}.${name}`, { least: 0, most: 0 }, run)];
}

function whole(self: Integer): number | bigint {
  return typeof self === 'boolean' ? Number(self) : self;
}

function bits(self: Integer): string {
  const value = BigInt(whole(self));
  return value === 0n ? '' : (value < 0n ? -value : value).toString(2);
}

/** Methods of int (and bool). */
export const INT_METHODS: MethodTable = new Map([
  method<Integer>('int', 'bit_length', (self) => bits(self).length),
  method<Integer>('int', 'bit_count', (self) => bits(self).replaceAll('0', '').length),
  method<Integer>('int', 'conjugate', whole),
  method<Integer>('int', 'as_integer_ratio', (self) => new PyTuple([whole(self), 1])),
]);

/** Methods of float. */
export const FLOAT_METHODS: MethodTable = new Map([
  method<PyFloat>('float', 'is_integer', (self) => Number.isInteger(self.value)),
  method<PyFloat>('float', 'conjugate', (self) => self),
  method<PyFloat>('float', 'as_integer_ratio', (self) => integerRatio(self.value)),
]);

function integerRatio(value: number): PyTuple {
  let numerator = value;
  let power = 0n;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    power++;
  }
  return new PyTuple([normalInt(BigInt(numerator)), normalInt(2n ** power)]);
}

/** Attributes of numbers that are values, not methods. */
export function numberAttribute(self: Integer | PyFloat, name: string): Value | undefined {
  const value = self instanceof PyFloat ? self : whole(self);
  if (name === 'real') return value;
  if (name === 'imag') return self instanceof PyFloat ? new PyFloat(0) : 0;
  if (self instanceof PyFloat) return undefined;
  if (name === 'numerator') return value;
  return name === 'denominator' ? 1 : undefined;
}
