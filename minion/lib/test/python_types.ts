import { pyRepr } from '../../../shared/python_text.ts';

/** `str(type(value))`: a number without a fraction is an int, for JavaScript cannot tell 1.0 from 1. */
export function pyTypeText(value: unknown): string {
  return `<class '${typeName(value)}'>`;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'bigint') return 'int';
  if (value instanceof Uint8Array) return 'bytes';
  return Array.isArray(value) ? 'list' : 'dict';
}

/** `repr(tuple(items))`: a tuple of one keeps its comma. */
export function pyTupleRepr(items: readonly unknown[]): string {
  return `(${items.map((item) => pyRepr(item)).join(', ')}${items.length === 1 ? ',' : ''})`;
}
