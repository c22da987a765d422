import { operate } from '../values/arithmetic.ts';
import { isLower, isUpper } from '../values/case.ts';
import { DictView } from '../values/dict_view.ts';
import { pyEquals } from '../values/equality.ts';
import { pyContains, tryIterate } from '../values/iteration.ts';
import { Markup } from '../values/markup.ts';
import { isNumeric } from '../values/numeric.ts';
import { pyOrder } from '../values/order.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { isInt } from '../values/py_int.ts';
import { type OrderOperator, PyObject, type Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { isText, pyStr } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import type { FilterScope, Test } from './filter_scope.ts';
import { LoopContext } from './loop_context.ts';
import { bindArguments } from './signature.ts';

type Run = (scope: FilterScope, value: Value, other: Value) => boolean;

/** A test of one value, or of a value against another. */
function test(name: string, parameters: readonly string[], run: Run): Test {
  return (scope, args, kwargs) => {
    const [value = null, other = null] = bindArguments({ name, required: parameters }, args, kwargs);
    return run(scope, value, other);
  };
}

const unary = (name: string, run: Run): Test => test(name, ['value'], run);

/** A test that is one of Python's operators. */
function operator(name: string, run: (a: Value, b: Value) => boolean): Test {
  return (_scope, args, kwargs) => {
    const [a, b] = args;
    if (kwargs.size > 0) throw new PyError('TypeError', `${name}() takes no keyword arguments`);
    if (a === undefined || b === undefined || args.length > 2) {
      throw new PyError('TypeError', `${name} expected 2 arguments, got ${args.length}`);
    }
    return run(a, b);
  };
}

const ORDERS: readonly (readonly [OrderOperator, string, readonly string[]])[] = [
  ['>', 'gt', ['>', 'gt', 'greaterthan']],
  ['>=', 'ge', ['>=', 'ge']],
  ['<', 'lt', ['<', 'lt', 'lessthan']],
  ['<=', 'le', ['<=', 'le']],
];

function modulo(value: Value, divisor: Value, rest: number): boolean {
  return pyEquals(operate('%', value, divisor), rest);
}

/** Has it a length and items? Sets, views and iterators do not. */
function isSequence(value: Value): boolean {
  if (isText(value) || Array.isArray(value) || value instanceof Uint8Array) return true;
  if (!(value instanceof PyObject) || value instanceof Undefined) return false;
  if (value instanceof PySet || value instanceof DictView || value instanceof LoopContext) return false;
  return value.size() !== undefined;
}

function isIterable(value: Value): boolean {
  return tryIterate(value) !== undefined;
}

// Numbers, None and booleans are the same object when they are equal and of one type; everything else by identity.
function isSame(value: Value, other: Value): boolean {
  if (value instanceof PyFloat && other instanceof PyFloat) return Object.is(value.value, other.value);
  return value === other;
}

/** The tests of Jinja2 3.1. */
export const BUILTIN_TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['odd', unary('test_odd', (_scope, value) => modulo(value, 2, 1))],
  ['even', unary('test_even', (_scope, value) => modulo(value, 2, 0))],
  ['divisibleby', test('test_divisibleby', ['value', 'num'], (_scope, value, other) => modulo(value, other, 0))],
  ['defined', unary('test_defined', (_scope, value) => !(value instanceof Undefined))],
  ['undefined', unary('test_undefined', (_scope, value) => value instanceof Undefined)],
  ['filter', unary('test_filter', (scope, value) => named(value) && scope.hasFilter(pyStr(value)))],
  ['test', unary('test_test', (scope, value) => named(value) && scope.hasTest(pyStr(value)))],
  ['none', unary('test_none', (_scope, value) => value === null)],
  ['boolean', unary('test_boolean', (_scope, value) => typeof value === 'boolean')],
  ['false', unary('test_false', (_scope, value) => value === false)],
  ['true', unary('test_true', (_scope, value) => value === true)],
  ['integer', unary('test_integer', (_scope, value) => isInt(value))],
  ['float', unary('test_float', (_scope, value) => value instanceof PyFloat)],
  ['lower', unary('test_lower', (_scope, value) => isLower(pyStr(value)))],
  ['upper', unary('test_upper', (_scope, value) => isUpper(pyStr(value)))],
  ['string', unary('test_string', (_scope, value) => isText(value))],
  ['mapping', unary('test_mapping', (_scope, value) => value instanceof PyDict)],
  ['number', unary('test_number', (_scope, value) => isNumeric(value))],
  ['sequence', unary('test_sequence', (_scope, value) => isSequence(value))],
  ['iterable', unary('test_iterable', (_scope, value) => isIterable(value))],
  ['callable', unary('callable', (_scope, value) => value instanceof PyObject && value.isCallable())],
  ['sameas', test('test_sameas', ['value', 'other'], (_scope, value, other) => isSame(value, other))],
  ['escaped', unary('test_escaped', (_scope, value) => value instanceof Markup)],
  ['in', test('test_in', ['value', 'seq'], (_scope, value, container) => pyContains(container, value))],
  ...['==', 'eq', 'equalto'].map((name): [string, Test] => [name, operator('eq', pyEquals)]),
  ...['!=', 'ne'].map((name): [string, Test] => [name, operator('ne', (a, b) => !pyEquals(a, b))]),
  ...ORDERS.flatMap(([sign, function_, names]) =>
    names.map((name): [string, Test] => [name, operator(function_, (a, b) => pyOrder(sign, a, b))]),
  ),
]);

function named(value: Value): boolean {
  if (value instanceof Undefined) value.fail();
  if (Array.isArray(value) || value instanceof PyDict)
    throw new PyError('TypeError', `unhashable type: '${Array.isArray(value) ? 'list' : 'dict'}'`);
  return isText(value);
}
