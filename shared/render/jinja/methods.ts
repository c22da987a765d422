import { DictView } from '../values/dict_view.ts';
import { escapeHtml, Markup } from '../values/markup.ts';
import { isNumeric } from '../values/numeric.ts';
import { OrderedDict } from '../values/ordered_dict.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyFloat } from '../values/py_float.ts';
import { PyObject, type Value } from '../values/py_object.ts';
import { PyRange } from '../values/py_range.ts';
import { PySet } from '../values/py_set.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyStr } from '../values/text.ts';
import { BYTES_METHODS } from './bytes_methods.ts';
import { DICT_METHODS } from './dict_methods.ts';
import { LIST_METHODS, RANGE_METHODS, TUPLE_METHODS } from './list_methods.ts';
import type { Method, MethodTable } from './method.ts';
import { FLOAT_METHODS, INT_METHODS, numberAttribute } from './number_methods.ts';
import { ORDERED_DICT_METHODS } from './ordered_dict_methods.ts';
import { SET_METHODS, VIEW_METHODS } from './set_methods.ts';
import { STR_METHODS } from './str_methods.ts';

/** The method `name` of a value of a built-in type, or undefined. */
export function methodOf(value: Value, name: string): Method | undefined {
  return value instanceof Markup ? markupMethod(name) : methodsOf(value)?.get(name);
}

/** The names of the methods of a value of a built-in type. */
export function methodNames(value: Value): Iterable<string> {
  return methodsOf(value)?.keys() ?? [];
}

function methodsOf(value: Value): MethodTable | undefined {
  if (isText(value)) return STR_METHODS;
  if (value instanceof PyDict) return value instanceof OrderedDict ? ORDERED_DICT_METHODS : DICT_METHODS;
  if (Array.isArray(value)) return LIST_METHODS;
  if (value instanceof PyTuple) return TUPLE_METHODS;
  if (value instanceof PyRange) return RANGE_METHODS;
  if (value instanceof PySet) return SET_METHODS;
  if (value instanceof DictView) return value.isSet ? VIEW_METHODS : undefined;
  if (value instanceof PyFloat) return FLOAT_METHODS;
  if (value instanceof PyObject || value === null) return undefined;
  return value instanceof Uint8Array ? BYTES_METHODS : INT_METHODS;
}

/** An attribute of a built-in type that is a value, or undefined. */
export function attributesOf(value: Value, name: string): Value | undefined {
  return isNumeric(value) ? numberAttribute(value, name) : undefined;
}

/** A Markup's methods are str's; texts they get are escaped, texts they give are Markup again. */
function markupMethod(name: string): Method | undefined {
  if (name === 'unescape' || name === 'striptags') return undefined;
  const method = STR_METHODS.get(name);
  if (method === undefined) return undefined;
  return (self, args, kwargs) => {
    const escaped = args.map((arg) => escapeArgument(arg));
    const named = new Map([...kwargs].map(([key, value]) => [key, escapeArgument(value)]));
    return markupResult(method(pyStr(self), escaped, named));
  };
}

function escapeArgument(value: Value): Value {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  return Array.isArray(value) ? value.map(escapeArgument) : value;
}

function markupResult(value: Value): Value {
  if (typeof value === 'string') return new Markup(value);
  if (Array.isArray(value)) return value.map(markupResult);
  return value instanceof PyTuple ? new PyTuple(value.items.map(markupResult)) : value;
}
