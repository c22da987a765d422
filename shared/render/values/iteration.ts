import { pyEquals } from './equality.ts';
import { PyError } from './py_error.ts';
import { PyObject, type Value } from './py_object.ts';
import { checkItems } from './repeat.ts';
import { isText, textOf, typeName } from './text.ts';
import { Undefined } from './undefined.ts';

/** `iter(value)`; a TypeError when it cannot be iterated. */
export function iterate(value: Value): Iterator<Value> {
  const iterator = tryIterate(value);
  if (iterator === undefined) throw new PyError('TypeError', `'${typeName(value)}' object is not iterable`);
  return iterator;
}

/** An iterator, or undefined when the value has none. */
export function tryIterate(value: Value): Iterator<Value> | undefined {
  if (Array.isArray(value) || value instanceof Uint8Array) return value[Symbol.iterator]();
  if (isText(value)) return textOf(value)[Symbol.iterator]();
  return value instanceof PyObject ? value.iterate() : undefined;
}

/** `list(value)`. */
export function toList(value: Value): Value[] {
  if (Array.isArray(value)) return value.slice();
  const iterator = iterate(value);
  const items: Value[] = [];
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    items.push(step.value);
    checkItems(items.length);
  }
  return items;
}

/** `len(value)`. */
export function pyLength(value: Value): number {
  if (isText(value)) return codePointLength(textOf(value));
  const size =
    Array.isArray(value) || value instanceof Uint8Array
      ? value.length
      : value instanceof PyObject
        ? value.size()
        : undefined;
  if (size === undefined) throw new PyError('TypeError', `object of type '${typeName(value)}' has no len()`);
  return size;
}

/** The number of characters of a text, as Python counts them. */
export function codePointLength(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      length--;
      index++;
    }
  }
  return length;
}

/** `item in container`. */
export function pyContains(container: Value, item: Value): boolean {
  if (isText(container)) {
    if (isText(item)) return textOf(container).includes(textOf(item));
    throw new PyError('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof PyObject) {
    const answer = container.contains(item);
    if (answer !== undefined) return answer;
  }
  if (container instanceof Undefined) return false;
  const iterator = tryIterate(container);
  if (iterator === undefined)
    throw new PyError('TypeError', `argument of type '${typeName(container)}' is not iterable`);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    if (step.value === item || pyEquals(step.value, item)) return true;
  }
  return false;
}
