import { PyError } from './py_error.ts';
import { PyFloat } from './py_float.ts';
import { normalInt } from './py_int.ts';
import type { BinaryOperator, Value } from './py_object.ts';

/** bool, int or float. */
export type Numeric = boolean | number | bigint | PyFloat;

/** Is it a number (bool included)? */
export function isNumeric(value: Value): value is Numeric {
  return (
    typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' || value instanceof PyFloat
  );
}

/** A number as a double; an int too large for one is an OverflowError. */
export function toDouble(value: Numeric): number {
  if (value instanceof PyFloat) return value.value;
  const double = Number(value);
  if (!Number.isFinite(double)) throw new PyError('OverflowError', 'int too large to convert to float');
  return double;
}

// Longer ints only come from a template that counts for ever: a million bits take a second to multiply and print.
const MAX_BITS = 1_000_000;

function checkBits(bits: number): void {
  if (bits > MAX_BITS) throw new PyError('LimitError', `an int may have at most ${MAX_BITS} bits`);
}

function bitsOf(value: number | bigint): number {
  return typeof value === 'number' ? Math.log2(Math.abs(value) + 1) : value.toString(16).length * 4;
}

/** Arithmetic of ints; exact however large. */
export function intOperation(operator: BinaryOperator, left: number | bigint, right: number | bigint): Value {
  if (typeof left === 'number' && typeof right === 'number') {
    const quick = smallOperation(operator, left, right);
    if (quick !== undefined) return quick;
  }
  switch (operator) {
    case '+':
      return normalInt(BigInt(left) + BigInt(right));
    case '-':
      return normalInt(BigInt(left) - BigInt(right));
    case '*':
      checkBits(bitsOf(left) + bitsOf(right));
      return normalInt(BigInt(left) * BigInt(right));
    case '/':
      return divide(left, right);
    case '//':
      return floorDivide(BigInt(left), BigInt(right));
    case '%':
      return modulo(BigInt(left), BigInt(right));
    case '**':
      return power(left, right);
    case '&':
      return normalInt(BigInt(left) & BigInt(right));
    case '|':
      return normalInt(BigInt(left) | BigInt(right));
    case '^':
      return normalInt(BigInt(left) ^ BigInt(right));
  }
}

/** The result when doubles give it exactly, else undefined. */
function smallOperation(operator: BinaryOperator, left: number, right: number): number | undefined {
  let result: number;
  if (operator === '+') result = left + right;
  else if (operator === '-') result = left - right;
  else if (operator === '*') result = left * right;
  else if (operator === '//' && right !== 0) result = Math.floor(left / right);
  else if (operator === '%' && right !== 0) result = ((left % right) + right) % right;
  else return undefined;
  // A quotient of large ints may round to the next whole number; everything else is exact while it is safe.
  const exact = operator === '//' || operator === '%' ? Math.abs(left) < 2 ** 51 && Math.abs(right) < 2 ** 51 : true;
  return exact && Number.isSafeInteger(result) ? result + 0 : undefined;
}

function divide(left: number | bigint, right: number | bigint): Value {
  if (Number(right) === 0) throw new PyError('ZeroDivisionError', 'division by zero');
  if (typeof left === 'number' && typeof right === 'number') return new PyFloat(left / right);
  const quotient = divideExactly(BigInt(left), BigInt(right));
  if (Number.isFinite(quotient)) return new PyFloat(quotient);
  throw new PyError('OverflowError', 'integer division result too large for a float');
}

/** Rounded once: the quotient has more bits than a double holds, the last one standing for all that is cut off. */
function divideExactly(left: bigint, right: bigint): number {
  const shift = Math.max(0, bitsOf(right) - bitsOf(left) + 66);
  const scaled = left << BigInt(shift);
  const quotient = scaled / right;
  const sticky = scaled % right === 0n ? quotient : quotient < 0n ? -(-quotient | 1n) : quotient | 1n;
  return Number(sticky) * 2 ** -shift;
}

function floorDivide(left: bigint, right: bigint): Value {
  if (right === 0n) throw new PyError('ZeroDivisionError', 'integer division or modulo by zero');
  const quotient = left / right;
  return normalInt(left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient);
}

function modulo(left: bigint, right: bigint): Value {
  if (right === 0n) throw new PyError('ZeroDivisionError', 'integer modulo by zero');
  const rest = left % right;
  return normalInt(rest !== 0n && rest < 0n !== right < 0n ? rest + right : rest);
}

function power(left: number | bigint, right: number | bigint): Value {
  if (right < 0) return floatPower(toDouble(left), toDouble(right));
  if (left !== 0 && left !== 1 && left !== -1) checkBits(bitsOf(left) * Number(right));
  return normalInt(BigInt(left) ** BigInt(right));
}

/** Arithmetic where one side is a float. */
export function floatOperation(operator: BinaryOperator, left: Numeric, right: Numeric): Value {
  const a = toDouble(left);
  const b = toDouble(right);
  switch (operator) {
    case '+':
      return new PyFloat(a + b);
    case '-':
      return new PyFloat(a - b);
    case '*':
      return new PyFloat(a * b);
    case '/':
      if (b === 0) throw new PyError('ZeroDivisionError', 'float division by zero');
      return new PyFloat(a / b);
    case '//':
      if (b === 0) throw new PyError('ZeroDivisionError', 'float floor division by zero');
      return new PyFloat(floatDivmod(a, b).quotient);
    case '%':
      if (b === 0) throw new PyError('ZeroDivisionError', 'float modulo');
      return new PyFloat(floatDivmod(a, b).rest);
    case '**':
      return floatPower(a, b);
    default:
      throw new PyError(
        'TypeError',
        `unsupported operand type(s) for ${operator}: '${nameOf(left)}' and '${nameOf(right)}'`,
      );
  }
}

function nameOf(value: Numeric): string {
  return value instanceof PyFloat ? 'float' : typeof value === 'boolean' ? 'bool' : 'int';
}

function floatDivmod(a: number, b: number): { quotient: number; rest: number } {
  let rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) {
    rest += b;
    quotient -= 1;
  } else if (rest === 0) {
    rest = b < 0 ? -0 : 0;
  }
  if (quotient === 0) return { quotient: a / b < 0 ? -0 : 0, rest };
  const floor = Math.floor(quotient);
  return { quotient: quotient - floor > 0.5 ? floor + 1 : floor, rest };
}

function floatPower(base: number, exponent: number): Value {
  if (base === 0 && exponent < 0) {
    throw new PyError('ZeroDivisionError', '0.0 cannot be raised to a negative power');
  }
  if (base === 1 || (base === -1 && !Number.isFinite(exponent))) return new PyFloat(1);
  const result = base ** exponent;
  if (Number.isNaN(result) && !Number.isNaN(base) && !Number.isNaN(exponent)) {
    throw new PyError('ValueError', 'complex numbers are not supported');
  }
  if (!Number.isFinite(result) && Number.isFinite(base) && Number.isFinite(exponent)) {
    throw new PyError('OverflowError', "(34, 'Numerical result out of range')");
  }
  return new PyFloat(result);
}
