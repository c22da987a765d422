import { codePointLength } from '../values/iteration.ts';
import { asciiRepr } from '../values/percent_format.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { decimalInt, normalInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';

/** What Python's own conversion says of a text that it cannot read. */
export class ScalarError extends Error {}

// A map: a text with a tag can be any word, `constructor` too.
const bools: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['no', false],
  ['true', true],
  ['false', false],
  ['on', true],
  ['off', false],
]);

/** @throws ScalarError */
function constructBool(text: string): boolean {
  const value = bools.get(text.toLowerCase());
  if (value === undefined) throw new ScalarError(`'${text.toLowerCase()}' is not a boolean`);
  return value;
}

/**
 * A PyYAML integer: binary, octal, decimal, hexadecimal or sexagesimal.
 * @throws ScalarError
 */
function constructInt(text: string): number | bigint {
  const digits = text.trim().replaceAll('_', '');
  if (digits === '') throw new ScalarError('an integer needs a digit');
  const sign = digits.startsWith('-') ? -1n : 1n;
  return normalInt(sign * magnitude(/^[-+]/.test(digits) ? digits.slice(1) : digits));
}

/** Salt strips zeros in front before PyYAML sees an octal number, so that `mode: 0644` is 644. */
export function withoutLeadingZeros(text: string): string {
  if (!text.startsWith('0') || /^0[bx]/.test(text)) return text;
  return text.replace(/^0+/, '') || '0';
}

// Each part makes the sum longer, which takes time that grows with the square.
const PARTS_MAX = 1000;

function magnitude(digits: string): bigint {
  if (digits.startsWith('0b')) return parseDigits(digits, digits.slice(2), 2);
  if (digits.startsWith('0x')) return parseDigits(digits, digits.slice(2), 16);
  if (digits.startsWith('0')) return parseDigits(digits, digits, 8);
  const parts = digits.split(':').map((part) => parseDigits(digits, part, 10));
  if (parts.length > PARTS_MAX) throw new ScalarError(`a number of more than ${PARTS_MAX} parts in base 60`);
  return parts.reduce((sum, part) => sum * 60n + part, 0n);
}

const radixes: Readonly<Record<number, { pattern: RegExp; prefix: string }>> = {
  2: { pattern: /^[01]+$/, prefix: '0b' },
  8: { pattern: /^[0-7]+$/, prefix: '0o' },
  10: { pattern: /^[0-9]+$/, prefix: '' },
  16: { pattern: /^[0-9a-fA-F]+$/, prefix: '0x' },
};

function parseDigits(whole: string, digits: string, radix: 2 | 8 | 10 | 16): bigint {
  const { pattern, prefix } = radixes[radix] as { pattern: RegExp; prefix: string };
  if (!pattern.test(digits)) throw new ScalarError(`invalid literal for int() with base ${radix}: '${whole}'`);
  return radix === 10 ? BigInt(readDecimal(digits)) : BigInt(prefix + digits);
}

function readDecimal(digits: string): number | bigint {
  try {
    return decimalInt(digits);
  } catch (error) {
    throw error instanceof PyError ? new ScalarError(error.message) : error;
  }
}

/** @throws ScalarError */
function constructFloat(text: string): PyFloat {
  const digits = text.trim().replaceAll('_', '').toLowerCase();
  const sign = digits.startsWith('-') ? -1 : 1;
  const size = /^[-+]/.test(digits) ? digits.slice(1) : digits;
  if (size === '.inf') return new PyFloat(sign * Number.POSITIVE_INFINITY);
  if (size === '.nan') return new PyFloat(Number.NaN);
  // PyYAML adds from the smallest unit up, and doubles are rounded on the way.
  const parts = size.split(':').map(parseFloatText).reverse();
  return new PyFloat(sign * parts.reduce((sum, part, power) => sum + part * 60 ** power, 0));
}

function parseFloatText(text: string): number {
  if (!/^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/.test(text)) {
    throw new ScalarError(`could not convert string to float: '${text}'`);
  }
  return Number(text);
}

/**
 * Bytes from base64, with Python's leniency: characters outside the alphabet are passed over.
 * @throws ScalarError
 */
function constructBinary(text: string): Uint8Array {
  const foreign = /[^\0-\x7f]+/u.exec(text);
  if (foreign !== null) throw new ScalarError(`failed to convert base64 data into ascii: ${notAscii(text, foreign)}`);
  const data = text.replace(/[^A-Za-z0-9+/=]/g, '');
  const letters = data.replace(/=.*$/s, '');
  if (letters.length % 4 === 1) {
    throw new ScalarError(
      `failed to decode base64 data: Invalid base64-encoded string: number of data characters (${letters.length}) cannot be 1 more than a multiple of 4`,
    );
  }
  const padding = data.length - letters.length;
  if (padding < (4 - (letters.length % 4)) % 4)
    throw new ScalarError('failed to decode base64 data: Incorrect padding');
  return new Uint8Array(Buffer.from(letters, 'base64'));
}

/** What Python says of the first run of characters that are not ASCII. */
function notAscii(text: string, foreign: RegExpExecArray): string {
  const at = codePointLength(text.slice(0, foreign.index));
  const [run] = foreign;
  const count = codePointLength(run);
  const what =
    count === 1 ? `character ${asciiRepr(run)} in position ${at}` : `characters in position ${at}-${at + count - 1}`;
  return `'ascii' codec can't encode ${what}: ordinal not in range(128)`;
}

/** Readers of the scalar tags, by the tag's last part. */
export const scalarConstructors: Readonly<Record<string, (text: string) => Value>> = {
  null: () => null,
  bool: constructBool,
  int: constructInt,
  float: constructFloat,
  binary: constructBinary,
  timestamp: (text) => text,
  str: (text) => text,
};
