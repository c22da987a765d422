import { toFloat, toInt } from '../values/convert.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import type { Value } from '../values/py_object.ts';

/**
 * An int or a float when the text is one, else the text.
 * @throws PyError TypeError for what is neither text nor number
 */
export function toNumber(value: Value): Value {
  return unlessValueError(() => toInt(value)) ?? unlessValueError(() => new PyFloat(toFloat(value))) ?? value;
}

/** What `convert` answers, or undefined where Python's conversion would raise a ValueError. */
export function unlessValueError<T>(convert: () => T): T | undefined {
  try {
    return convert();
  } catch (error) {
    if (error instanceof PyError && error.kind === 'ValueError') return undefined;
    throw error;
  }
}
