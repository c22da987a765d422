import { codePointLength } from './iteration.ts';
import { pyOrder } from './order.ts';
import { PyDict } from './py_dict.ts';
import { PyError } from './py_error.ts';
import type { Value } from './py_object.ts';
import { PyTuple } from './py_tuple.ts';
import { pyRepr, typeName } from './text.ts';
import { ValueWalk } from './value_walk.ts';

const WIDTH = 80;

/** `pprint.pformat(value)`: one line when it fits, else one item a line; dicts sorted by key. */
export function prettyText(value: Value): string {
  return format(sortDicts(value, new ValueWalk()), 0, 0, true);
}

/** The same value with every dict in the order pprint prints it. */
function sortDicts(value: Value, walk: ValueWalk): Value {
  walk.step();
  const sort = (item: Value) => sortDicts(item, walk);
  if (Array.isArray(value)) return value.map(sort);
  if (value instanceof PyTuple && value.typeName === 'tuple') return new PyTuple(value.items.map(sort));
  if (!(value instanceof PyDict)) return value;
  const entries = [...value.entries()].sort(([a], [b]) => compareKeys(a, b));
  return new PyDict(entries.map(([key, item]): [Value, Value] => [key, sort(item)]));
}

// Keys without an order between them are ordered by the names of their types.
function compareKeys(a: Value, b: Value): number {
  try {
    return pyOrder('<', a, b) ? -1 : pyOrder('<', b, a) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    return typeName(a) < typeName(b) ? -1 : 1;
  }
}

function format(value: Value, indent: number, allowance: number, top: boolean): string {
  const line = pyRepr(value);
  if (codePointLength(line) <= WIDTH - indent - allowance) return line;
  if (value instanceof PyDict) return `{${formatPairs(value, indent, allowance + 1)}}`;
  if (Array.isArray(value)) return `[${formatItems(value, indent, allowance + 1)}]`;
  if (value instanceof PyTuple) {
    const end = value.items.length === 1 ? ',)' : ')';
    return `(${formatItems(value.items, indent, allowance + end.length)}${end}`;
  }
  return typeof value === 'string' ? formatText(value, indent, allowance, top) : line;
}

function formatPairs(dict: PyDict, indent: number, allowance: number): string {
  const column = indent + 1;
  const entries = [...dict.entries()];
  const lines = entries.map(([key, item], index) => {
    const label = `${pyRepr(key)}: `;
    const room = index === entries.length - 1 ? allowance : 1;
    return label + format(item, column + codePointLength(label), room, false);
  });
  return lines.join(`,\n${' '.repeat(column)}`);
}

function formatItems(items: readonly Value[], indent: number, allowance: number): string {
  const column = indent + 1;
  const lines = items.map((item, index) => format(item, column, index === items.length - 1 ? allowance : 1, false));
  return lines.join(`,\n${' '.repeat(column)}`);
}

/** A long text as several literals, broken after line breaks and spaces. */
function formatText(text: string, indent: number, allowance: number, top: boolean): string {
  const column = indent + (top ? 1 : 0);
  const room = WIDTH - column;
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const chunks = lines.flatMap((line, index) => {
    const ending = index === lines.length - 1 ? allowance + (top ? 1 : 0) : 0;
    if (codePointLength(pyRepr(line)) <= room - ending) return [pyRepr(line)];
    return breakLine(line, room, ending);
  });
  if (chunks.length === 1) return pyRepr(text);
  const joined = chunks.join(`\n${' '.repeat(column)}`);
  return top ? `(${joined})` : joined;
}

function breakLine(line: string, room: number, ending: number): string[] {
  const parts = line.match(/\S+\s*|\s+/g) ?? [];
  const chunks: string[] = [];
  let current = '';
  parts.forEach((part, index) => {
    const limit = index === parts.length - 1 ? room - ending : room;
    if (codePointLength(pyRepr(current + part)) > limit) {
      if (current !== '') chunks.push(pyRepr(current));
      current = part;
    } else {
      current += part;
    }
  });
  if (current !== '') chunks.push(pyRepr(current));
  return chunks;
}
