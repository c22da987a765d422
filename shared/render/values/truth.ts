import { PyObject, type Value } from './py_object.ts';

/** Truth as `if` sees it. */
export function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value instanceof PyObject) return value.isTrue();
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  return Boolean(value);
}
