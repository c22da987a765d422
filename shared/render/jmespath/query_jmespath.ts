import { pyEquals } from '../values/equality.ts';
import { isNumeric, type Numeric } from '../values/numeric.ts';
import { pyOrder } from '../values/order.ts';
import { PyDict } from '../values/py_dict.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pySlice } from '../values/slice.ts';
import { callFunction } from './jmespath_functions.ts';
import type { Comparator, JmesNode } from './jmespath_node.ts';
import { parseJmespath } from './parse_jmespath.ts';

/**
 * What a JMESPath expression finds in data; None for what is not there.
 * @throws PyError ValueError for an expression that cannot be read, TypeError for arguments that do not fit
 */
export function queryJmespath(data: Value, expression: string): Value {
  return evaluate(parseJmespath(expression), data);
}

function evaluate(node: JmesNode, value: Value): Value {
  switch (node.type) {
    case 'current':
      return value;
    case 'literal':
      return node.value;
    case 'field':
      return value instanceof PyDict ? (value.get(node.name) ?? null) : null;
    case 'index':
      return asList(value)?.at(node.index) ?? null;
    case 'slice':
      return asList(value) === undefined ? null : pySlice(value, node.parts);
    case 'chain':
      return evaluate(node.right, evaluate(node.left, value));
    case 'each':
      return project(itemsOf(node.of, evaluate(node.left, value)), node.right);
    case 'filter': {
      const items = asList(evaluate(node.left, value));
      return project(
        items?.filter((item) => isTruthy(evaluate(node.condition, item))),
        node.right,
      );
    }
    case 'and':
    case 'or': {
      const left = evaluate(node.left, value);
      return isTruthy(left) === (node.type === 'or') ? left : evaluate(node.right, value);
    }
    case 'not':
      return !isTruthy(evaluate(node.operand, value));
    case 'compare':
      return compare(node.operator, evaluate(node.left, value), evaluate(node.right, value));
    case 'list':
      return value === null ? null : node.items.map((item) => evaluate(item, value));
    case 'dict':
      if (value === null) return null;
      return new PyDict(node.members.map(([name, member]): [Value, Value] => [name, evaluate(member, value)]));
    case 'call':
      return callFunction(
        node.name,
        node.args.map((arg) => argumentOf(arg, value)),
      );
    case 'reference':
      return null;
  }
}

/** A value, or for `&expression` what it makes of a value. */
function argumentOf(node: JmesNode, value: Value): Value | ((item: Value) => Value) {
  return node.type === 'reference' ? (item) => evaluate(node.expression, item) : evaluate(node, value);
}

function asList(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof PyTuple ? value.items : undefined;
}

function itemsOf(kind: 'list' | 'dict' | 'flat', value: Value): readonly Value[] | undefined {
  if (kind === 'dict') return value instanceof PyDict ? [...value.values()] : undefined;
  const list = asList(value);
  return kind === 'list' ? list : list?.flatMap((item) => asList(item) ?? [item]);
}

/** What is not there is left out. */
function project(items: readonly Value[] | undefined, right: JmesNode): Value {
  if (items === undefined) return null;
  return items.map((item) => evaluate(right, item)).filter((item) => item !== null);
}

/** JMESPath's truth: numbers are true, 0 too. */
function isTruthy(value: Value): boolean {
  if (value === null || value === false || value === '') return false;
  if (value instanceof PyDict) return value.isTrue();
  return asList(value)?.length !== 0;
}

function compare(operator: Comparator, left: Value, right: Value): Value {
  if (operator === '==') return isSame(left, right);
  if (operator === '!=') return !isSame(left, right);
  return isNumber(left) && isNumber(right) ? pyOrder(operator, left, right) : null;
}

/** A boolean is not a number here. */
function isSame(left: Value, right: Value): boolean {
  return (typeof left === 'boolean') === (typeof right === 'boolean') && pyEquals(left, right);
}

function isNumber(value: Value): value is Numeric {
  return isNumeric(value) && typeof value !== 'boolean';
}
