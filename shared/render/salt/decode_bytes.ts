import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, textOf } from '../values/text.ts';
import { ValueWalk } from '../values/value_walk.ts';

/**
 * A copy in which bytes are text, tuples are lists and every mapping is a plain dict, as Salt hands on what it has loaded.
 * @throws PyError UnicodeDecodeError for bytes that are no UTF-8
 */
export function decodeBytes(value: Value, walk: ValueWalk = new ValueWalk()): Value {
  walk.step();
  if (value instanceof Uint8Array) return decodeUtf8(value);
  if (Array.isArray(value)) return value.map((item) => decodeBytes(item, walk));
  if (value instanceof PyTuple) return value.items.map((item) => decodeBytes(item, walk));
  if (!(value instanceof PyDict)) return value;
  const dict = new PyDict();
  for (const [key, item] of value.entries())
    dict.set(key instanceof Uint8Array ? decodeUtf8(key) : key, decodeBytes(item, walk));
  return dict;
}

/** @throws PyError UnicodeDecodeError */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PyError('UnicodeDecodeError', "'utf-8' codec can't decode bytes", String(cause));
  }
}

/**
 * The bytes of a str in UTF-8; bytes stay.
 * @throws PyError TypeError for anything else
 */
export function encodeUtf8(value: Value, typeName: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (isText(value)) return new TextEncoder().encode(textOf(value));
  throw new PyError('TypeError', `expected str, bytes, or bytearray not <class '${typeName}'>`);
}
