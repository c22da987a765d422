import { PyObject, type Value } from './py_object.ts';
import { Undefined } from './undefined.ts';

/** `left == right`. */
export function pyEquals(left: Value, right: Value): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left === right;
  if (right instanceof Undefined) return right.equals(left);
  if (left instanceof PyObject) return left.equals(right);
  if (right instanceof PyObject) return right.equals(left);
  if (left === right) return true;
  if (typeof left === 'boolean')
    return typeof right !== 'object' && typeof right !== 'string' && Number(left) === right;
  if (typeof right === 'boolean') return Number(right) === left;
  if (Array.isArray(left)) return Array.isArray(right) && listsEqual(left, right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) === 0;
  return false;
}

/** Identical or equal: what containers ask of their items. */
export function sameOrEqual(left: Value, right: Value): boolean {
  return left === right || pyEquals(left, right);
}

function listsEqual(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => sameOrEqual(item, right[index] ?? null));
}
