import { GroupTuple } from '../jinja/group_tuple.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyRepr, pyStr } from '../values/text.ts';
import { ValueWalk } from '../values/value_walk.ts';

/** What Salt prints for a value: `str`, but every mapping in it looks like a plain dict, which YAML can read back. */
export function printableText(value: Value): string {
  return typeof value === 'string' ? value : printable(value, new ValueWalk());
}

function printable(value: Value, walk: ValueWalk): string {
  if (!(value instanceof PyDict)) return isContainer(value) ? printableRepr(value, walk.again()) : pyStr(value);
  const members = [...value.entries()].map(
    ([key, item]) => `${pyRepr(key)}: ${isText(item) ? pyRepr(item) : printable(item, walk)}`,
  );
  return `{${members.join(', ')}}`;
}

function isContainer(value: Value): boolean {
  return Array.isArray(value) || value instanceof PyTuple || value instanceof PySet;
}

function printableRepr(value: Value, walk: ValueWalk): string {
  walk.step();
  return walk.isIn(value) ? pyRepr(value, walk.again()) : walk.inside(value, () => writeContainer(value, walk));
}

function writeContainer(value: Value, walk: ValueWalk): string {
  const item = (part: Value) => printableRepr(part, walk);
  if (Array.isArray(value)) return `[${value.map(item).join(', ')}]`;
  // Salt makes each container anew from one list of its items, which a group of \`groupby\` cannot be made from.
  if (value instanceof GroupTuple) {
    throw new PyError('TypeError', "_GroupTuple.__new__() missing 1 required positional argument: 'list'");
  }
  if (value instanceof PyTuple) return `(${value.items.map(item).join(', ')}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof PySet && value.isTrue()) return `{${[...value.values()].map(item).join(', ')}}`;
  if (!(value instanceof PyDict)) return pyRepr(value, walk.again());
  return `{${[...value.entries()].map(([key, part]) => `${pyRepr(key)}: ${item(part)}`).join(', ')}}`;
}
