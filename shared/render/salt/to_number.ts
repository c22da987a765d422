import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { intFromDouble, isInt, normalInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { isText, textOf, typeName } from '../values/text.ts';

/**
 * An int or a float when the text is one, else the text.
 * @throws PyError TypeError for what is neither text nor number
 */
export function toNumber(value: Value): Value {
  if (isInt(value)) return value;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof PyFloat) return intFromDouble(value.value);
  if (!isText(value)) {
    throw new PyError(
      'TypeError',
      `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
    );
  }
  const text = textOf(value).trim();
  if (/^[-+]?\d+(?:_\d+)*$/.test(text)) {
    const size = BigInt(text.replace(/^[-+]/, '').replaceAll('_', ''));
    return normalInt(text.startsWith('-') ? -size : size);
  }
  const float = readFloat(text);
  return float === undefined ? value : new PyFloat(float);
}

/** What Python's `float` reads, or undefined. */
export function readFloat(text: string): number | undefined {
  if (/^[-+]?nan$/i.test(text)) return Number.NaN;
  if (/^[-+]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const digits = /^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+)?$/i;
  return digits.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}
