import { updateDict } from '../jinja/dict_methods.ts';
import { ScopedFunction } from '../jinja/filter_scope.ts';
import { bindArguments } from '../jinja/signature.ts';
import { OrderedDict } from '../values/ordered_dict.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { HostFunction, PyFunction } from '../values/py_function.ts';
import { isInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyRepr, pyStr } from '../values/text.ts';
import type { FunctionSource } from './salt_functions.ts';

const raiseParameters = { name: 'jinja_raise', required: ['msg'] };

/** Names that every template sees, whatever its context. */
export function saltGlobals(functions: FunctionSource): readonly (readonly [string, Value])[] {
  return [
    [
      'raise',
      new PyFunction('raise', (args, kwargs) => refuse(pyStr(bindArguments(raiseParameters, args, kwargs)[0] ?? null))),
    ],
    ['odict', new PyFunction('collections.OrderedDict', (args, kwargs) => makeOrderedDict(args, kwargs), 'type')],
    [
      'show_full_context',
      new ScopedFunction('show_full_context', (scope) => simpleTypes(new PyDict(scope.variables()))),
    ],
    ['ifelse', new HostFunction('ifelse', (args, kwargs) => ifElse(functions)(args, kwargs))],
  ];
}

function refuse(message: string): never {
  throw new PyError('TemplateRuntimeError', message);
}

function makeOrderedDict(args: Value[], kwargs: ReadonlyMap<string, Value>): OrderedDict {
  if (args.length > 1) throw new PyError('TypeError', `OrderedDict expected at most 1 argument, got ${args.length}`);
  const dict = new OrderedDict();
  updateDict(dict, args[0], kwargs);
  return dict;
}

/** The matching of targets is the work of `match.ifelse`. */
function ifElse(functions: FunctionSource) {
  const run = functions.find('match.ifelse');
  return run ?? (() => refuse("the function 'match.ifelse' is not available here"));
}

/** A copy in which what is neither text, number, list nor dict is its `repr`. */
function simpleTypes(value: Value): Value {
  if (Array.isArray(value)) return value.map(simpleTypes);
  if (value instanceof PyTuple) return value.items.map(simpleTypes);
  if (value instanceof PyDict) {
    return new PyDict([...value.entries()].map(([key, item]): [Value, Value] => [simpleKey(key), simpleTypes(item)]));
  }
  return simpleKey(value);
}

function simpleKey(value: Value): Value {
  const isSimple =
    value === null || typeof value === 'boolean' || isText(value) || isInt(value) || value instanceof PyFloat;
  return isSimple ? value : pyRepr(value);
}
