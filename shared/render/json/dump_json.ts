import { jsonKey } from '../values/border.ts';
import { compareForSort } from '../values/order.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyRepr, textOf, typeName } from '../values/text.ts';

export interface DumpJsonOptions {
  readonly sortKeys?: boolean;
  /** What a level is indented by; without it everything stands in one line. */
  readonly indent?: string | undefined;
  /** Escape what is not ASCII. Default false. */
  readonly ascii?: boolean;
}

/**
 * JSON as Python's `json.dumps` writes it.
 * @throws PyError TypeError for what JSON has no form for
 */
export function dumpJson(value: Value, options: DumpJsonOptions = {}): string {
  return dump(value, options, options.indent === undefined ? undefined : '\n', []);
}

/** `lead` is the line break and indentation of the enclosing level. */
function dump(value: Value, options: DumpJsonOptions, lead: string | undefined, open: readonly Value[]): string {
  if (isText(value)) return quote(textOf(value), options.ascii ?? false);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return pyRepr(value);
  if (value instanceof PyFloat) return floatText(value);
  const isList = Array.isArray(value) || value instanceof PyTuple;
  if (!isList && !(value instanceof PyDict)) {
    throw new PyError('TypeError', `Object of type ${typeName(value)} is not JSON serializable`);
  }
  if (open.includes(value)) throw new PyError('ValueError', 'Circular reference detected');
  const inner = lead === undefined ? undefined : lead + (options.indent ?? '');
  const item = (part: Value) => dump(part, options, inner, [...open, value]);
  if (value instanceof PyDict) {
    const members = entriesOf(value, options).map(
      ([key, part]) => `${quote(jsonKey(key), options.ascii ?? false)}: ${item(part)}`,
    );
    return wrap('{', members, '}', lead, inner);
  }
  return wrap('[', (Array.isArray(value) ? value : value.items).map(item), ']', lead, inner);
}

function wrap(open: string, parts: readonly string[], close: string, lead?: string, inner?: string): string {
  if (parts.length === 0) return open + close;
  return inner === undefined
    ? `${open}${parts.join(', ')}${close}`
    : `${open}${inner}${parts.join(`,${inner}`)}${lead}${close}`;
}

function entriesOf(dict: PyDict, { sortKeys = false }: DumpJsonOptions): [Value, Value][] {
  const entries = [...dict.entries()];
  return sortKeys ? entries.sort(([left], [right]) => compareForSort(left, right)) : entries;
}

function floatText(float: PyFloat): string {
  if (Number.isNaN(float.value)) return 'NaN';
  if (!Number.isFinite(float.value)) return float.value > 0 ? 'Infinity' : '-Infinity';
  return float.repr();
}

/** A JSON string. */
export function quote(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text);
  if (!ascii) return quoted;
  return quoted.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
