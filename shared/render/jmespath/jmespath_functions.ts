import { jsonText } from '../jinja/json_text.ts';
import { operate } from '../values/arithmetic.ts';
import { jsonKey } from '../values/border.ts';
import { toFloat, toInt } from '../values/convert.ts';
import { pyContains, pyLength } from '../values/iteration.ts';
import { isNumeric, toDouble } from '../values/numeric.ts';
import { compareForSort } from '../values/order.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { intFromDouble } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { pySlice } from '../values/slice.ts';
import { pyStr } from '../values/text.ts';

type Expression = (item: Value) => Value;
type Argument = Value | Expression;
type Kind = 'number' | 'string' | 'boolean' | 'array' | 'object' | 'null' | 'expref';

interface Definition {
  /** The kinds that each argument may have; no list: any. The last one may come again when `variadic`. */
  readonly takes: readonly (readonly Kind[])[];
  readonly variadic?: boolean;
  readonly run: (...args: never[]) => Value;
}

const any: readonly Kind[] = ['number', 'string', 'boolean', 'array', 'object', 'null'];

/** The functions of JMESPath. */
const functions: Readonly<Record<string, Definition>> = {
  abs: {
    takes: [['number']],
    run: (value: Value) => (toDouble(value as number) < 0 ? operate('*', value, -1) : value),
  },
  avg: {
    takes: [['array']],
    run: (list: Value[]) => (list.length === 0 ? null : operate('/', sum(list), list.length)),
  },
  ceil: { takes: [['number']], run: (value: number) => intFromDouble(Math.ceil(toDouble(value))) },
  contains: { takes: [['array', 'string'], any], run: (subject: Value, item: Value) => pyContains(subject, item) },
  ends_with: { takes: [['string'], ['string']], run: (text: string, end: string) => text.endsWith(end) },
  floor: { takes: [['number']], run: (value: number) => intFromDouble(Math.floor(toDouble(value))) },
  join: { takes: [['string'], ['array']], run: (glue: string, list: Value[]) => list.map(pyStr).join(glue) },
  keys: { takes: [['object']], run: (dict: PyDict) => [...dict.keys()] },
  length: { takes: [['array', 'string', 'object']], run: (value: Value) => pyLength(value) },
  map: { takes: [['expref'], ['array']], run: (expression: Expression, list: Value[]) => list.map(expression) },
  max: { takes: [['array']], run: (list: Value[]) => extreme(list, (item) => item, 1) },
  max_by: { takes: [['array'], ['expref']], run: (list: Value[], by: Expression) => extreme(list, by, 1) },
  merge: {
    takes: [['object']],
    variadic: true,
    run: (...dicts: PyDict[]) => new PyDict(dicts.flatMap((dict) => [...dict.entries()])),
  },
  min: { takes: [['array']], run: (list: Value[]) => extreme(list, (item) => item, -1) },
  min_by: { takes: [['array'], ['expref']], run: (list: Value[], by: Expression) => extreme(list, by, -1) },
  not_null: {
    takes: [any],
    variadic: true,
    run: (...values: Value[]) => values.find((value) => value !== null) ?? null,
  },
  reverse: { takes: [['array', 'string']], run: (value: Value) => pySlice(value, [null, null, -1]) },
  sort: { takes: [['array']], run: (list: Value[]) => list.toSorted(compareForSort) },
  sort_by: {
    takes: [['array'], ['expref']],
    run: (list: Value[], by: Expression) => list.toSorted((a, b) => compareForSort(by(a), by(b))),
  },
  starts_with: { takes: [['string'], ['string']], run: (text: string, start: string) => text.startsWith(start) },
  sum: { takes: [['array']], run: (list: Value[]) => sum(list) },
  to_array: { takes: [any], run: (value: Value) => (Array.isArray(value) ? value : [value]) },
  to_number: { takes: [any], run: (value: Value) => toNumber(value) },
  to_string: { takes: [any], run: (value: Value) => (typeof value === 'string' ? value : compactJson(value)) },
  type: { takes: [any], run: (value: Value) => kindOf(value) ?? 'object' },
  values: { takes: [['object']], run: (dict: PyDict) => [...dict.values()] },
};

/** @throws PyError ValueError, TypeError */
export function callFunction(name: string, args: readonly Argument[]): Value {
  const definition = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (definition === undefined) throw new PyError('ValueError', `json_query: unknown function: ${name}()`);
  const { takes, variadic = false, run } = definition;
  if (variadic ? args.length < takes.length : args.length !== takes.length) {
    throw new PyError('ValueError', `json_query: ${name}() takes ${takes.length} arguments, not ${args.length}`);
  }
  for (const [index, arg] of args.entries()) {
    const kinds = (takes[index] ?? takes.at(-1)) as readonly Kind[];
    const kind = typeof arg === 'function' ? 'expref' : kindOf(arg);
    if (kind !== undefined && kinds.includes(kind)) continue;
    throw new PyError('TypeError', `json_query: ${name}() takes ${kinds.join(' or ')}, not ${kind ?? 'this value'}`);
  }
  return run(...(args as never[]));
}

function kindOf(value: Value): Kind | undefined {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (isNumeric(value)) return 'number';
  if (Array.isArray(value)) return 'array';
  return value instanceof PyDict ? 'object' : undefined;
}

function sum(list: readonly Value[]): Value {
  return list.reduce((total, item) => operate('+', total, item), 0 as Value);
}

/** The first of the greatest (1) or least (-1) items. */
function extreme(list: readonly Value[], by: Expression, direction: 1 | -1): Value {
  let best: Value | undefined;
  for (const item of list) {
    if (best === undefined || compareForSort(by(item), by(best)) === direction) best = item;
  }
  return best ?? null;
}

function toNumber(value: Value): Value {
  if (isNumeric(value) && typeof value !== 'boolean') return value;
  if (typeof value !== 'string') return null;
  return orNull(() => toInt(value)) ?? orNull(() => new PyFloat(toFloat(value)));
}

/** JSON without spaces. */
function compactJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(compactJson).join(',')}]`;
  if (!(value instanceof PyDict)) return jsonText(value);
  return `{${[...value.entries()].map(([key, item]) => `${jsonText(jsonKey(key))}:${compactJson(item)}`).join(',')}}`;
}

function orNull(convert: () => Value): Value {
  try {
    return convert();
  } catch (error) {
    if (error instanceof PyError && error.kind === 'ValueError') return null;
    throw error;
  }
}
