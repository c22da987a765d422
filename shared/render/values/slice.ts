import { Markup } from './markup.ts';
import { PyError } from './py_error.ts';
import { isInt } from './py_int.ts';
import { PyObject, type Value } from './py_object.ts';
import { PyRange } from './py_range.ts';
import { PyTuple } from './py_tuple.ts';
import { isText, textOf, typeName } from './text.ts';
import { Undefined } from './undefined.ts';

/** Start, stop (exclusive) and step of a slice over `length` items, clamped as Python clamps them. */
export interface Span {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** Resolves `start:stop:step` against a length. */
export function resolveSlice(parts: readonly Value[], length: number): Span {
  const [start = null, stop = null, step = null] = parts.map(sliceIndex);
  const by = step ?? 1;
  if (by === 0) throw new PyError('ValueError', 'slice step cannot be zero');
  const low = by > 0 ? 0 : -1;
  const high = by > 0 ? length : length - 1;
  const clamp = (index: number | null, fallback: number) => {
    if (index === null) return fallback;
    return Math.min(Math.max(index < 0 ? index + length : index, low), high);
  };
  return { start: clamp(start, by > 0 ? low : high), stop: clamp(stop, by > 0 ? high : low), step: by };
}

function sliceIndex(value: Value): number | null {
  if (value === null) return null;
  if (typeof value === 'boolean' || isInt(value)) return Number(value);
  throw new PyError('TypeError', 'slice indices must be integers or None or have an __index__ method');
}

function pick<T>(items: ArrayLike<T>, { start, stop, step }: Span): T[] {
  const picked: T[] = [];
  for (let index = start; step > 0 ? index < stop : index > stop; index += step) {
    const item = items[index];
    if (item !== undefined) picked.push(item);
  }
  return picked;
}

/** `value[start:stop:step]`. */
export function pySlice(value: Value, parts: readonly Value[]): Value {
  if (isText(value)) {
    const text = sliceText(textOf(value), parts);
    return typeof value === 'string' ? text : new Markup(text);
  }
  if (Array.isArray(value)) return pick(value, resolveSlice(parts, value.length));
  if (value instanceof PyTuple) return new PyTuple(pick(value.items, resolveSlice(parts, value.items.length)));
  if (value instanceof PyRange) return value.slice(resolveSlice(parts, value.length));
  if (value instanceof Uint8Array) return Uint8Array.from(pick(value, resolveSlice(parts, value.length)));
  if (value instanceof Undefined) value.fail();
  if (value instanceof PyObject && value.typeName === 'dict')
    throw new PyError('TypeError', "unhashable type: 'slice'");
  throw new PyError('TypeError', `'${typeName(value)}' object is not subscriptable`);
}

function sliceText(text: string, parts: readonly Value[]): string {
  // Without surrogates a UTF-16 unit is a character, and most slices take one step.
  if (/[\ud800-\udfff]/.test(text)) {
    const characters = [...text];
    return pick(characters, resolveSlice(parts, characters.length)).join('');
  }
  const span = resolveSlice(parts, text.length);
  return span.step === 1 ? text.slice(span.start, Math.max(span.start, span.stop)) : pick(text, span).join('');
}
