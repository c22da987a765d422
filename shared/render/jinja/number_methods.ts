import { toIndex } from '../values/convert.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { normalInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, textOf, typeName } from '../values/text.ts';
import { isTrue } from '../values/truth.ts';
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
  [
    'to_bytes',
    (self, args, kwargs) => {
      if (args.length > 2) {
        const message = `to_bytes() takes at most 2 positional arguments (${args.length} given)`;
        throw new PyError('TypeError', message);
      }
      return toBytesMethod(self, args, kwargs);
    },
  ],
]);

/** Methods of float. */
export const FLOAT_METHODS: MethodTable = new Map([
  method<PyFloat>('float', 'is_integer', (self) => Number.isInteger(self.value)),
  method<PyFloat>('float', 'conjugate', (self) => self),
  method<PyFloat>('float', 'hex', (self) => hexOf(self.value)),
  method<PyFloat>('float', 'as_integer_ratio', (self) => integerRatio(self.value)),
]);

const toBytesMethod = defineMethod<Integer>(
  'int.to_bytes',
  { least: 0, most: 3, names: ['length', 'byteorder', 'signed'] },
  (self, length = 1, order = 'big', signed = false) => {
    if (!isText(order)) {
      throw new PyError('TypeError', `to_bytes() argument 'byteorder' must be str, not ${typeName(order)}`);
    }
    return toBytes(BigInt(whole(self)), toIndex(length), textOf(order), isTrue(signed));
  },
);

// What one call may make; as text it is four times as long.
const MAX_BYTES = 2 ** 20;

function toBytes(value: bigint, length: number, order: string, signed: boolean): Uint8Array {
  if (order !== 'big' && order !== 'little') {
    throw new PyError('ValueError', "byteorder must be either 'little' or 'big'");
  }
  if (length < 0) throw new PyError('ValueError', 'length argument must be non-negative');
  if (length > MAX_BYTES) throw new PyError('LimitError', `int.to_bytes() makes at most ${MAX_BYTES} bytes`);
  if (value < 0n && !signed) throw new PyError('OverflowError', "can't convert negative int to unsigned");
  const width = BigInt(length) * 8n;
  const fits = signed ? BigInt.asIntN(Number(width), value) === value : value >> width === 0n;
  if (!fits) throw new PyError('OverflowError', 'int too big to convert');
  const digits =
    length === 0
      ? ''
      : BigInt.asUintN(Number(width), value)
          .toString(16)
          .padStart(length * 2, '0');
  const bytes = new Uint8Array(Buffer.from(digits, 'hex'));
  return order === 'big' ? bytes : bytes.reverse();
}

/** `float.hex()`: the bits of the number as they are kept. */
function hexOf(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (!Number.isFinite(value)) return `${sign}inf`;
  if (value === 0) return `${sign}0x0.0p+0`;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const kept = bits.getBigUint64(0);
  const exponent = Number((kept >> 52n) & 0x7ffn);
  const fraction = (kept & 0xfffffffffffffn).toString(16).padStart(13, '0');
  const power = exponent === 0 ? -1022 : exponent - 1023;
  return `${sign}0x${exponent === 0 ? 0 : 1}.${fraction}p${power < 0 ? '' : '+'}${power}`;
}

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
