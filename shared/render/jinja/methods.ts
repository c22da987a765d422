import type { Kwargs, Value } from '../values/py_object.ts';

/** A method of a built-in type: `self` first. */
export type Method = (self: Value, args: Value[], kwargs: Kwargs) => Value;

export function methodOf(_value: Value, _name: string): Method | undefined {
  return undefined;
}
export function attributesOf(_value: Value, _name: string): Value | undefined {
  return undefined;
}
