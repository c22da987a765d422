import { PyError } from './py_error.ts';
import { PyObject, type Value } from './py_object.ts';
import { checkText } from './repeat.ts';
import { typeName } from './text.ts';

/**
 * The Map key of a Python dict key: equal values give the same one (1, 1.0 and True are one key). A str is its own key unless it
 * starts with NUL, the mark of composed keys (tuples).
 */
export function pyKey(value: Value): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\0s${value}` : value;
  if (typeof value === 'number' || value === null || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const key =
    value instanceof PyObject ? value.hashKey() : value instanceof Uint8Array ? `\0b${value.join()}` : undefined;
  if (key === undefined) throw new PyError('TypeError', `unhashable type: '${typeName(value)}'`);
  return key;
}

/** One key for a sequence of keys, or undefined when a part has an identity instead of a value. */
export function sequenceKey(values: readonly Value[]): string {
  let key = '\0t';
  for (const value of values) {
    const part = pyKey(value);
    if (typeof part === 'object' && part !== null) {
      throw new PyError('TypeError', `unhashable type in tuple: '${typeName(value)}'`);
    }
    const text = String(part);
    key += `${(typeof part)[0]}${text.length}:${text}`;
    checkText(key.length);
  }
  return key;
}
