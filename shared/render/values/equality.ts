import { PyObject, type Value } from './py_object.ts';
import { Undefined } from './undefined.ts';
import { ValueWalk } from './value_walk.ts';

/** `left == right`. */
export function pyEquals(left: Value, right: Value, walk?: ValueWalk): boolean {
  walk?.step();
  if (typeof left === 'string' && typeof right === 'string') return left === right;
  if (right instanceof Undefined && !(left instanceof Undefined)) return right.equals(left);
  if (left instanceof PyObject) return left.equals(right, walk);
  if (right instanceof PyObject) return right.equals(left, walk);
  if (left === right) return true;
  if (typeof left === 'boolean')
    return typeof right !== 'object' && typeof right !== 'string' && Number(left) === right;
  if (typeof right === 'boolean') return Number(right) === left;
  if (Array.isArray(left)) return Array.isArray(right) && listsEqual(left, right, walk ?? new ValueWalk());
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) === 0;
  return false;
}

/** Identical or equal: what containers ask of their items. */
export function sameOrEqual(left: Value, right: Value, walk?: ValueWalk): boolean {
  return left === right || pyEquals(left, right, walk);
}

function listsEqual(left: readonly Value[], right: readonly Value[], walk: ValueWalk): boolean {
  return left.length === right.length && left.every((item, index) => sameOrEqual(item, right[index] ?? null, walk));
}
