import type { Value } from '../values/py_object.ts';
import { isText, textOf } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import { getItem } from './attribute.ts';
import type { FilterScope } from './filter_scope.ts';

/** Reads one thing of an item. */
export type Getter = (item: Value) => Value;

/** How case is ignored in sorting and grouping. */
export function ignoreCase(value: Value): Value {
  return isText(value) ? textOf(value).toLowerCase() : value;
}

/** Reads an attribute path such as `address.0.city`; null reads the item itself. `fallback` stands in for what is undefined. */
export function attributeGetter(scope: FilterScope, attribute: Value, fallback: Value = null): Getter {
  const parts = attributeParts(attribute);
  const { strict } = scope.undefined({ name: '' });
  return (item) => {
    let value = item;
    for (const part of parts) {
      value = getItem(value, part, strict);
      if (fallback !== null && value instanceof Undefined) value = fallback;
    }
    return value;
  };
}

/** Reads several attribute paths, written `a.b,c`. */
export function attributesGetter(scope: FilterScope, attribute: Value): (item: Value) => Value[] {
  const paths: Value[] = isText(attribute) ? textOf(attribute).split(',') : [attribute];
  const getters = paths.map((path) => attributeGetter(scope, path));
  return (item) => getters.map((getter) => getter(item));
}

function attributeParts(attribute: Value): Value[] {
  if (attribute === null) return [];
  if (!isText(attribute)) return [attribute];
  return textOf(attribute)
    .split('.')
    .map((part) => (/^\p{Nd}+$/u.test(part) ? Number(part) : part));
}
