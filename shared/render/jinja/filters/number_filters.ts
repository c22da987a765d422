import { negate, operate } from '../../values/arithmetic.ts';
import { toFloat, toIndex, toInt } from '../../values/convert.ts';
import { fixed } from '../../values/float_format.ts';
import { isNumeric } from '../../values/numeric.ts';
import { intFromFloat } from '../../values/percent_format.ts';
import { PyError } from '../../values/py_error.ts';
import { PyFloat } from '../../values/py_float.ts';
import { isInt, normalInt } from '../../values/py_int.ts';
import type { Value } from '../../values/py_object.ts';
import { isText, pyStr, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import type { Filter } from '../filter_scope.ts';
import { defineFilter } from '../signature.ts';

/** Runs `attempt`; a TypeError or ValueError of Python gives undefined. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof PyError && (error.kind === 'TypeError' || error.kind === 'ValueError')) return undefined;
    throw error;
  }
}

function int(value: Value, fallback: Value, base: Value): Value {
  const direct = attempt(() => toInt(value, isText(value) ? toIndex(base) : 10));
  if (direct !== undefined) return direct;
  return attempt(() => intFromFloat(toFloat(value))) ?? fallback;
}

function float(value: Value, fallback: Value): Value {
  const double = attempt(() => toFloat(value));
  return double === undefined ? fallback : new PyFloat(double);
}

function abs(value: Value): Value {
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof PyFloat) return new PyFloat(Math.abs(value.value));
  if (isInt(value)) return value < 0 ? negate(value) : value;
  throw new PyError('TypeError', `bad operand type for abs(): '${typeName(value)}'`);
}

function round(value: Value, precision: Value, method: Value): Value {
  const how = pyStr(method);
  if (how !== 'common' && how !== 'ceil' && how !== 'floor') {
    throw new PyError('FilterArgumentError', 'method must be common, ceil or floor');
  }
  if (how === 'common') return roundCommon(value, precision);
  const factor = operate('**', 10, precision);
  const scaled = operate('*', value, factor);
  if (!isNumeric(scaled)) throw new PyError('TypeError', `must be real number, not ${typeName(scaled)}`);
  const whole =
    scaled instanceof PyFloat
      ? intFromFloat(how === 'ceil' ? Math.ceil(scaled.value) : Math.floor(scaled.value))
      : scaled;
  return operate('/', whole, factor);
}

function roundCommon(value: Value, precision: Value): Value {
  if (!isNumeric(value)) throw new PyError('TypeError', `type ${typeName(value)} doesn't define __round__ method`);
  const digits = toIndex(precision);
  if (value instanceof PyFloat) return new PyFloat(roundDouble(value.value, digits));
  return roundInteger(BigInt(typeof value === 'boolean' ? Number(value) : value), digits);
}

/** `round(double, digits)`: correctly rounded from the double's exact decimal value, halves to even. */
function roundDouble(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 308) return value;
  if (digits < -308) return value < 0 ? -0 : 0;
  const magnitude = Math.abs(value);
  const rounded = digits >= 0 ? roundDecimals(magnitude, digits) : roundTens(magnitude, -digits);
  return value < 0 || Object.is(value, -0) ? -rounded : rounded;
}

function roundDecimals(value: number, digits: number): number {
  if (value >= 1e21 || digits > 22) return value;
  // 80 digits hold every double that can be a tie at 22 decimals.
  const exact = fixed(value, 80);
  const point = exact.indexOf('.');
  const rest = exact.slice(point + 1 + digits);
  const kept = exact.slice(0, point) + exact.slice(point + 1, point + 1 + digits);
  const isTie = /^50*$/.test(rest);
  const isUp = isTie ? Number(kept.at(-1)) % 2 === 1 : rest >= '5';
  const whole = BigInt(kept) + (isUp ? 1n : 0n);
  return Number(`${whole}e-${digits}`);
}

function roundTens(value: number, zeros: number): number {
  const unit = 10n ** BigInt(zeros);
  const whole = BigInt(Math.floor(value));
  const hasFraction = value % 1 !== 0;
  const rest = whole % unit;
  const twice = rest * 2n;
  const isUp = twice > unit || (twice === unit && (hasFraction || (whole / unit) % 2n === 1n));
  return Number(whole - rest + (isUp ? unit : 0n));
}

function roundInteger(value: bigint, digits: number): Value {
  if (digits >= 0) return normalInt(value);
  const unit = 10n ** BigInt(-digits);
  const magnitude = value < 0n ? -value : value;
  const rest = magnitude % unit;
  const isUp = rest * 2n > unit || (rest * 2n === unit && (magnitude / unit) % 2n === 1n);
  const rounded = magnitude - rest + (isUp ? unit : 0n);
  return normalInt(value < 0n ? -rounded : rounded);
}

const UNITS = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

function fileSize(value: Value, binary: Value): Value {
  const isBinary = isTrue(binary);
  const base = isBinary ? 1024 : 1000;
  const bytes = toFloat(value);
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${intFromFloat(bytes)} Bytes`;
  const power = UNITS.findIndex((_, index) => bytes < base ** (index + 2));
  const index = power === -1 ? UNITS.length - 1 : power;
  const unit = UNITS[index] ?? '';
  const prefix = isBinary ? `${unit.toUpperCase()}iB` : `${unit}B`;
  return `${fixed((base * bytes) / base ** (index + 2), 1)} ${prefix}`;
}

/** Filters about numbers. */
export const NUMBER_FILTERS: readonly (readonly [string, Filter])[] = [
  ['abs', defineFilter({ name: 'abs', required: ['x'] }, (_scope, value = null) => abs(value))],
  [
    'int',
    defineFilter(
      { name: 'do_int', required: ['value'], optional: { default: 0, base: 10 } },
      (_scope, value = null, fallback = 0, base = 10) => int(value, fallback, base),
    ),
  ],
  [
    'float',
    defineFilter(
      { name: 'do_float', required: ['value'], optional: { default: new PyFloat(0) } },
      (_scope, value = null, fallback = null) => float(value, fallback),
    ),
  ],
  [
    'round',
    defineFilter(
      { name: 'do_round', required: ['value'], optional: { precision: 0, method: 'common' } },
      (_scope, value = null, precision = 0, method = 'common') => round(value, precision, method),
    ),
  ],
  [
    'filesizeformat',
    defineFilter(
      { name: 'do_filesizeformat', required: ['value'], optional: { binary: false } },
      (_scope, value = null, binary = false) => fileSize(value, binary),
    ),
  ],
];
