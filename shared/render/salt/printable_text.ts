import { PyDict } from '../values/py_dict.ts';
import type { Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyRepr, pyStr } from '../values/text.ts';

/** What Salt prints for a value: `str`, but every mapping in it looks like a plain dict, which YAML can read back. */
export function printableText(value: Value): string {
  if (!(value instanceof PyDict)) return isContainer(value) ? printableRepr(value, []) : pyStr(value);
  const members = [...value.entries()].map(
    ([key, item]) => `${pyRepr(key)}: ${isText(item) ? pyRepr(item) : printableText(item)}`,
  );
  return `{${members.join(', ')}}`;
}

function isContainer(value: Value): boolean {
  return Array.isArray(value) || value instanceof PyTuple || value instanceof PySet;
}

function printableRepr(value: Value, open: readonly Value[]): string {
  if (open.includes(value)) return pyRepr(value);
  const inner = [...open, value];
  const item = (part: Value) => printableRepr(part, inner);
  if (Array.isArray(value)) return `[${value.map(item).join(', ')}]`;
  if (value instanceof PyTuple) return `(${value.items.map(item).join(', ')}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof PySet && value.isTrue()) return `{${[...value.values()].map(item).join(', ')}}`;
  if (!(value instanceof PyDict)) return pyRepr(value);
  return `{${[...value.entries()].map(([key, part]) => `${pyRepr(key)}: ${item(part)}`).join(', ')}}`;
}
