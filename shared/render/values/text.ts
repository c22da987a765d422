import { Markup } from './markup.ts';
import { checkDigits } from './py_int.ts';
import { PyObject, type Value } from './py_object.ts';
import { bytesRepr, textRepr } from './scalar_repr.ts';
import { ValueWalk } from './value_walk.ts';

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (Array.isArray(value)) return 'list';
  return value instanceof PyObject ? value.typeName : 'bytes';
}

/** Is it a str (plain or Markup)? */
export function isText(value: unknown): value is string | Markup {
  return typeof value === 'string' || value instanceof Markup;
}

/** The characters of a str. */
export function textOf(value: string | Markup): string {
  return typeof value === 'string' ? value : value.text;
}

/** `str(value)`: what printing it in a template gives. */
export function pyStr(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof PyObject) return value.str();
  return pyRepr(value);
}

/** `repr(value)`. */
export function pyRepr(value: Value, walk?: ValueWalk): string {
  walk?.step();
  if (typeof value === 'string') return textRepr(value);
  if (typeof value === 'number') return String(value + 0);
  if (typeof value === 'bigint') return bigRepr(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null) return 'None';
  if (value instanceof PyObject) return value.repr(walk);
  return Array.isArray(value) ? itemsRepr(value, value, walk ?? new ValueWalk(), '[', ']') : bytesRepr(value);
}

/** Items between brackets, or `[...]` where the container is already being printed. */
export function itemsRepr(self: unknown, items: Iterable<Value>, walk: ValueWalk, left: string, right: string): string {
  if (walk.isIn(self)) return `${left}...${right}`;
  return walk.inside(self, () => {
    const texts: string[] = [];
    for (const item of items) texts.push(pyRepr(item, walk));
    return left + texts.join(', ') + right;
  });
}

function bigRepr(value: bigint): string {
  const text = value.toString();
  checkDigits(text.length - (value < 0n ? 1 : 0), false);
  return text;
}
