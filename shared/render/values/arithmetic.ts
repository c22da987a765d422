import { escapeHtml, Markup } from './markup.ts';
import { floatOperation, intOperation, isNumeric, type Numeric } from './numeric.ts';
import { formatPercent } from './percent_format.ts';
import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { isInt, normalInt } from './py_int.ts';
import { type BinaryOperator, PyObject, type Value } from './py_object.ts';
import { PyTuple } from './py_tuple.ts';
import { checkItems, repeatItems, repeatText } from './repeat.ts';
import { isText, pyStr, textOf, typeName } from './text.ts';

/** `left + right` and the like. */
export function operate(operator: BinaryOperator, left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return intOperation(operator, left, right);
  if (isNumeric(left) && isNumeric(right)) return numericOperation(operator, left, right);
  if (isText(left) || isText(right)) {
    const answer = textOperation(operator, left, right);
    if (answer !== undefined) return answer;
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    const answer = listOperation(operator, left, right);
    if (answer !== undefined) return answer;
  }
  const answer =
    (left instanceof PyObject ? left.binary(operator, right, false) : undefined) ??
    (right instanceof PyObject ? right.binary(operator, left, true) : undefined);
  if (answer !== undefined) return answer;
  throw new PyError('TypeError', complaint(operator, left, right));
}

function numericOperation(operator: BinaryOperator, left: Numeric, right: Numeric): Value {
  if (left instanceof PyFloat || right instanceof PyFloat) return floatOperation(operator, left, right);
  const a = typeof left === 'boolean' ? Number(left) : left;
  const b = typeof right === 'boolean' ? Number(right) : right;
  return intOperation(operator, a, b);
}

function textOperation(operator: BinaryOperator, left: Value, right: Value): Value | undefined {
  if (operator === '%' && isText(left)) return formatPercent(left, right);
  if (operator === '+' && isText(left) && isText(right)) return concatenate(left, right);
  if (operator !== '*') return undefined;
  const [text, times] = isText(left) ? [left, right] : [right, left];
  const count = typeof times === 'boolean' ? Number(times) : times;
  if (!isText(text) || !isInt(count)) return undefined;
  const repeated = repeatText(textOf(text), count);
  return text instanceof Markup ? new Markup(repeated) : repeated;
}

/** `left + right` of texts: a Markup escapes what is joined to it. */
function concatenate(left: string | Markup, right: string | Markup): Value {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  return new Markup(markupText(left) + markupText(right));
}

/** A value's text as it may stand in HTML. */
export function markupText(value: Value): string {
  return value instanceof Markup ? value.text : escapeHtml(pyStr(value));
}

function listOperation(operator: BinaryOperator, left: Value, right: Value): Value | undefined {
  if (operator === '+' && Array.isArray(left) && Array.isArray(right)) {
    checkItems(left.length + right.length);
    return [...left, ...right];
  }
  if (operator !== '*') return undefined;
  const [items, times] = Array.isArray(left) ? [left, right] : [right, left];
  const count = typeof times === 'boolean' ? Number(times) : times;
  return Array.isArray(items) && isInt(count) ? repeatItems(items, count) : undefined;
}

function complaint(operator: BinaryOperator, left: Value, right: Value): string {
  const [a, b] = [typeName(left), typeName(right)];
  const isSequence = (value: Value) => isText(value) || Array.isArray(value) || value instanceof PyTuple;
  if (operator === '+' && isSequence(left)) {
    const sequence = left instanceof PyTuple ? 'tuple' : a;
    return `can only concatenate ${sequence} (not "${b}") to ${sequence}`;
  }
  if (operator === '*' && isSequence(left)) return `can't multiply sequence by non-int of type '${b}'`;
  if (operator === '*' && isSequence(right)) return `can't multiply sequence by non-int of type '${a}'`;
  return `unsupported operand type(s) for ${operator === '**' ? '** or pow()' : operator}: '${a}' and '${b}'`;
}

/** `-value`. */
export function negate(value: Value): Value {
  if (typeof value === 'number') return -value + 0;
  if (typeof value === 'boolean') return -Number(value) + 0;
  if (typeof value === 'bigint') return normalInt(-value);
  if (value instanceof PyFloat) return new PyFloat(-value.value);
  return badUnary('-', value);
}

/** `+value`. */
export function affirm(value: Value): Value {
  if (typeof value === 'boolean') return Number(value);
  if (isNumeric(value)) return value;
  return badUnary('+', value);
}

function badUnary(operator: string, value: Value): never {
  if (value instanceof PyObject) value.binary('+', null, false);
  throw new PyError('TypeError', `bad operand type for unary ${operator}: '${typeName(value)}'`);
}
