import { codePointLength } from '../values/iteration.ts';
import { compareForSort } from '../values/order.ts';
import { OrderedDict } from '../values/ordered_dict.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyRepr, textOf, typeName } from '../values/text.ts';
import { ValueWalk } from '../values/value_walk.ts';

/** Columns of a line. */
const WIDTH = 80;

// What Python's splitlines cuts at.
const lineEnds = '\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const textLine = new RegExp(`[^${lineEnds}]*(?:\\r\\n|[${lineEnds}]|$)`, 'g');

interface Place {
  /** Columns before the value. */
  readonly indent: number;
  /** Columns that must stay free after it. */
  readonly allowance: number;
  readonly isRoot: boolean;
}

/** Python's `pprint.pformat`: dicts sorted by key, one line where it fits, else one line an item. */
export function prettyPrint(value: Value): string {
  return format(value, { indent: 0, allowance: 0, isRoot: true });
}

function format(value: Value, place: Place): string {
  const line = sortedRepr(value);
  if (codePointLength(line) <= WIDTH - place.indent - place.allowance) return line;
  if (isText(value)) return formatText(textOf(value), place);
  if (value instanceof OrderedDict) return formatOrderedDict(value, place);
  if (value instanceof PyDict) return formatDict(value, place);
  if (Array.isArray(value)) return formatItems('[', value, ']', place);
  if (value instanceof PyTuple) return formatItems('(', value.items, value.items.length === 1 ? ',)' : ')', place);
  if (value instanceof PySet) return formatItems('{', sorted([...value.values()]), '}', place);
  return line;
}

function formatItems(open: string, items: readonly Value[], close: string, { indent, allowance }: Place): string {
  const lines = items.map((item, index) => {
    const isLast = index === items.length - 1;
    return format(item, { indent: indent + 1, allowance: isLast ? allowance + close.length : 1, isRoot: false });
  });
  return open + lines.join(`,\n${' '.repeat(indent + 1)}`) + close;
}

function formatDict(dict: PyDict, { indent, allowance }: Place): string {
  const entries = sortedEntries(dict);
  const lines = entries.map(([key, value], index) => {
    const keyText = `${sortedRepr(key)}: `;
    const isLast = index === entries.length - 1;
    const place = {
      indent: indent + 1 + codePointLength(keyText),
      allowance: isLast ? allowance + 1 : 1,
      isRoot: false,
    };
    return keyText + format(value, place);
  });
  return `{${lines.join(`,\n${' '.repeat(indent + 1)}`)}}`;
}

function formatOrderedDict(dict: OrderedDict, { indent, allowance }: Place): string {
  const pairs = [...dict.entries()].map((pair) => new PyTuple(pair));
  const open = `${dict.typeName}(`;
  return `${open}${format(pairs, { indent: indent + open.length, allowance: allowance + 1, isRoot: false })})`;
}

/** Long texts are cut at their line ends, long lines between words. */
function formatText(text: string, place: Place): string {
  if (text === '') return "''";
  const indent = place.indent + (place.isRoot ? 1 : 0);
  const allowance = place.allowance + (place.isRoot ? 1 : 0);
  const lines = text.match(textLine) ?? [];
  const whole = lines.filter((line) => line !== '');
  const chunks = whole.flatMap((line, index) => {
    const isLast = index === whole.length - 1;
    return cutLine(line, WIDTH - indent, isLast ? allowance : 0);
  });
  if (chunks.length === 1) return chunks[0] as string;
  const joined = chunks.join(`\n${' '.repeat(indent)}`);
  return place.isRoot ? `(${joined})` : joined;
}

function cutLine(line: string, width: number, allowance: number): string[] {
  const whole = pyRepr(line);
  if (codePointLength(whole) <= width - allowance) return [whole];
  const words = line.match(/\S*\s*/g)?.filter((word) => word !== '') ?? [];
  const chunks: string[] = [];
  let current = '';
  for (const [index, word] of words.entries()) {
    const candidate = current + word;
    const room = index === words.length - 1 ? width - allowance : width;
    if (codePointLength(pyRepr(candidate)) <= room) {
      current = candidate;
      continue;
    }
    if (current !== '') chunks.push(pyRepr(current));
    current = word;
  }
  if (current !== '') chunks.push(pyRepr(current));
  return chunks;
}

/** `repr` with the keys of dicts sorted at every level. */
function sortedRepr(value: Value, walk: ValueWalk = new ValueWalk()): string {
  walk.step();
  const itemsOf = (items: readonly Value[]) => items.map((item) => sortedRepr(item, walk)).join(', ');
  if (Array.isArray(value)) return `[${itemsOf(value)}]`;
  if (value instanceof PyTuple) return `(${itemsOf(value.items)}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof PyDict && !(value instanceof OrderedDict)) {
    return `{${sortedEntries(value)
      .map(([key, item]) => `${sortedRepr(key, walk)}: ${sortedRepr(item, walk)}`)
      .join(', ')}}`;
  }
  return pyRepr(value, walk);
}

function sortedEntries(dict: PyDict): [Value, Value][] {
  return [...dict.entries()].sort(([left], [right]) => compareSafely(left, right));
}

function sorted(items: readonly Value[]): Value[] {
  return items.toSorted(compareSafely);
}

/** Values of types without an order among them are ordered by the names of their types. */
function compareSafely(left: Value, right: Value): number {
  try {
    return compareForSort(left, right);
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    return typeName(left) < typeName(right) ? -1 : 1;
  }
}
