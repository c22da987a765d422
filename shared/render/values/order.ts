import { sameOrEqual } from './equality.ts';
import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { type OrderOperator, PyObject, type Value } from './py_object.ts';
import { isText, textOf, typeName } from './text.ts';

/** `left < right` and the like; a TypeError when the two have no order. */
export function pyOrder(operator: OrderOperator, left: Value, right: Value): boolean {
  const a = numberOf(left);
  const b = numberOf(right);
  if (a !== undefined && b !== undefined) return holds(operator, a < b, a > b, a === b || (a >= b && a <= b));
  if (isText(left) && isText(right)) return fromSign(operator, compareText(textOf(left), textOf(right)));
  if (Array.isArray(left) && Array.isArray(right)) return orderSequences(operator, left, right);
  const answer =
    (left instanceof PyObject ? left.order(operator, right) : undefined) ??
    (right instanceof PyObject ? right.order(REFLECTED[operator], left) : undefined);
  if (answer !== undefined) return answer;
  throw new PyError(
    'TypeError',
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}

const REFLECTED: Readonly<Record<OrderOperator, OrderOperator>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** Lists and tuples: the first pair that differs decides. */
export function orderSequences(operator: OrderOperator, left: readonly Value[], right: readonly Value[]): boolean {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const a = left[index] ?? null;
    const b = right[index] ?? null;
    if (!sameOrEqual(a, b)) return pyOrder(operator, a, b);
  }
  return fromSign(operator, left.length - right.length);
}

/** Negative, zero or positive: order by code points, which UTF-16 units alone do not give. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const shared = Math.min(left.length, right.length);
  let index = 0;
  while (index < shared && left.charCodeAt(index) === right.charCodeAt(index)) index++;
  if (index === shared) return left.length - right.length;
  return rank(left.charCodeAt(index)) - rank(right.charCodeAt(index));
}

// Surrogates stand for code points above U+FFFF, so they sort after U+E000..U+FFFF.
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function numberOf(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return Number(value);
  return value instanceof PyFloat ? value.value : undefined;
}

function fromSign(operator: OrderOperator, sign: number): boolean {
  return holds(operator, sign < 0, sign > 0, sign === 0);
}

function holds(operator: OrderOperator, less: boolean, greater: boolean, equal: boolean): boolean {
  if (operator === '<') return less;
  if (operator === '>') return greater;
  return equal || (operator === '<=' ? less : greater);
}

/** Stable order for sort: by `<` alone, asked in the order Python asks. */
export function compareForSort(left: Value, right: Value): number {
  if (pyOrder('<', left, right)) return -1;
  return pyOrder('<', right, left) ? 1 : 0;
}
