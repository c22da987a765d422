import { isNumeric } from './numeric.ts';
import { intFromFloat } from './percent_format.ts';
import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { checkDigits, isInt, normalInt } from './py_int.ts';
import type { Value } from './py_object.ts';
import { stripEnd, stripStart } from './py_space.ts';
import { isText, pyRepr, textOf, typeName } from './text.ts';
import { Undefined } from './undefined.ts';

/** `int(value, base)`. */
export function toInt(value: Value, base = 10): number | bigint {
  if (isText(value)) return parseInteger(textOf(value), base);
  if (typeof value === 'boolean') return Number(value);
  if (isInt(value)) return value;
  if (value instanceof PyFloat) return intFromFloat(value.value);
  if (value instanceof Undefined) value.fail();
  throw new PyError(
    'TypeError',
    `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
  );
}

const PREFIXES: Readonly<Record<string, number>> = { '0b': 2, '0o': 8, '0x': 16 };

function parseInteger(text: string, wanted: number): number | bigint {
  if (wanted !== 0 && (wanted < 2 || wanted > 36)) {
    throw new PyError('ValueError', 'int() base must be >= 2 and <= 36, or 0');
  }
  const bad = () => new PyError('ValueError', `invalid literal for int() with base ${wanted}: ${pyRepr(text)}`);
  const match = /^([-+]?)(0[box]_?)?([0-9a-z]+(?:_[0-9a-z]+)*)$/i.exec(stripEnd(stripStart(text)));
  if (match === null) throw bad();
  const [, sign, prefixText = '', body = ''] = match;
  const prefix = prefixText.slice(0, 2).toLowerCase();
  const prefixBase = PREFIXES[prefix];
  const base = wanted === 0 ? (prefixBase ?? 10) : wanted;
  // In base 16 `0b1` are digits, not a prefix.
  const digits = (prefixBase === base || prefixText === '' ? body : prefixText + body)
    .replaceAll('_', '')
    .toLowerCase();
  if (wanted === 0 && prefixText === '' && /^0+[1-9]/.test(digits)) throw bad();
  if ([...digits].some((digit) => Number.parseInt(digit, 36) >= base)) throw bad();
  const value = readDigits(digits, base);
  return normalInt(sign === '-' ? -value : value);
}

const NATIVE_PREFIXES: Readonly<Record<number, string>> = { 2: '0b', 8: '0o', 16: '0x' };

function readDigits(digits: string, base: number): bigint {
  const prefix = NATIVE_PREFIXES[base];
  if (prefix !== undefined) return BigInt(prefix + digits);
  checkDigits(digits.length, true);
  let value = 0n;
  for (const digit of digits) value = value * BigInt(base) + BigInt(Number.parseInt(digit, 36));
  return value;
}

const FLOAT = /^[-+]?(?:(?:\d+(?:_\d+)*)?\.?(?:\d+(?:_\d+)*)?(?:e[-+]?\d+(?:_\d+)*)?|inf(?:inity)?|nan)$/i;

/** `float(value)`. */
export function toFloat(value: Value): number {
  if (isText(value)) return parseFloatText(textOf(value));
  if (value instanceof PyFloat) return value.value;
  if (isNumeric(value)) {
    const double = Number(value);
    if (!Number.isFinite(double)) throw new PyError('OverflowError', 'int too large to convert to float');
    return double;
  }
  if (value instanceof Undefined) value.fail();
  throw new PyError('TypeError', `float() argument must be a string or a real number, not '${typeName(value)}'`);
}

function parseFloatText(text: string): number {
  const trimmed = stripEnd(stripStart(text));
  if (!FLOAT.test(trimmed) || !/\d|inf|nan/i.test(trimmed) || /^[-+]?\.?e/i.test(trimmed)) {
    throw new PyError('ValueError', `could not convert string to float: ${pyRepr(text)}`);
  }
  const lower = trimmed.toLowerCase();
  if (lower.includes('nan')) return Number.NaN;
  if (lower.includes('inf')) return lower.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(trimmed.replaceAll('_', ''));
}

/** A value as an index: int or bool; anything else, and what needs more than 64 bits, is an error with Python's words. */
export function toIndex(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) return Number(value);
    throw new PyError('OverflowError', 'Python int too large to convert to C ssize_t');
  }
  throw new PyError('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`);
}
