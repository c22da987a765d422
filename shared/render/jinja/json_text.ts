import { jsonKey } from '../values/border.ts';
import { toList } from '../values/iteration.ts';
import { Markup } from '../values/markup.ts';
import { compareForSort } from '../values/order.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pyRepr, typeName } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import { ValueWalk } from '../values/value_walk.ts';

/** How `json.dumps` writes. */
export interface JsonStyle {
  /** Text of one level of indentation; without it everything is on one line. */
  readonly indent?: string | undefined;
  readonly sortKeys?: boolean;
  /** Escape everything that is not ASCII; Python does unless told otherwise. */
  readonly ascii?: boolean;
}

/** `json.dumps(value)`. */
export function jsonText(value: Value, style: JsonStyle = {}): string {
  return write(value, style, '\n', new ValueWalk());
}

function write(value: Value, style: JsonStyle, newline: string, walk: ValueWalk): string {
  walk.step();
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') {
    return typeof value === 'number' || typeof value === 'bigint' ? pyRepr(value) : String(value);
  }
  if (typeof value === 'string') return quote(value, style);
  if (value instanceof Markup) return quote(value.text, style);
  if (value instanceof PyFloat) return floatText(value.value);
  if (walk.isIn(value)) throw new PyError('ValueError', 'Circular reference detected');
  return walk.inside(value, () => writeContainer(value, style, newline, walk));
}

function writeContainer(value: Value, style: JsonStyle, newline: string, walk: ValueWalk): string {
  const deeper = newline + (style.indent ?? '');
  if (Array.isArray(value) || value instanceof PyTuple) {
    const items = toList(value).map((item) => write(item, style, deeper, walk));
    return wrap('[', items, ']', style, newline);
  }
  if (value instanceof PyDict) {
    const items = entriesOf(value, style).map(([key, item]) => {
      return `${quote(floatKey(key), style)}: ${write(item, style, deeper, walk)}`;
    });
    return wrap('{', items, '}', style, newline);
  }
  throw new PyError(
    'TypeError',
    `Object of type ${value instanceof Undefined ? value.typeName : typeName(value)} is not JSON serializable`,
  );
}

function entriesOf(dict: PyDict, style: JsonStyle): [Value, Value][] {
  const entries = [...dict.entries()];
  return style.sortKeys ? entries.sort(([a], [b]) => compareForSort(a, b)) : entries;
}

function floatKey(key: Value): string {
  return key instanceof PyFloat ? floatText(key.value) : jsonKey(key);
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return new PyFloat(value).repr();
}

function wrap(left: string, items: readonly string[], right: string, style: JsonStyle, newline: string): string {
  if (items.length === 0) return left + right;
  if (style.indent === undefined) return left + items.join(', ') + right;
  const inner = newline + style.indent;
  return left + inner + items.join(`,${inner}`) + newline + right;
}

function quote(text: string, { ascii = true }: JsonStyle): string {
  let quoted = '';
  for (let index = 0; index < text.length; index++) quoted += escapeUnit(text.charAt(index), ascii);
  return `"${quoted}"`;
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

function escapeUnit(unit: string, ascii: boolean): string {
  const short = SHORT[unit];
  if (short !== undefined) return short;
  if (unit >= ' ' && (!ascii || unit <= '~')) return unit;
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
