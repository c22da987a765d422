import { PyError } from '../values/py_error.ts';
import type { Kwargs, Value } from '../values/py_object.ts';

/** A method of a built-in type: `self` first. */
export type Method = (self: Value, args: Value[], kwargs: Kwargs) => Value;

/** The method tables of one type. */
export type MethodTable = ReadonlyMap<string, Method>;

/** Parameters of a method of CPython's: how many, and which may be named. */
export interface MethodParameters {
  readonly least: number;
  readonly most: number;
  /** Names of the parameters that may be given by name, by position. */
  readonly names?: readonly string[];
}

/** A method whose arguments are counted as CPython counts them before it runs; missing ones are undefined. */
export function defineMethod<T extends Value>(
  label: string,
  { least, most, names = [] }: MethodParameters,
  run: (self: T, ...args: (Value | undefined)[]) => Value,
): Method {
  return (self, args, kwargs) => {
    let all: (Value | undefined)[] = args;
    if (kwargs.size > 0) all = withNamed(label, args, kwargs, names);
    if (all.length < least || all.length > most)
      throw new PyError('TypeError', countMessage(label, least, most, all.length));
    return run(self as T, ...all);
  };
}

function withNamed(label: string, args: Value[], kwargs: Kwargs, names: readonly string[]): (Value | undefined)[] {
  if (names.length === 0) throw new PyError('TypeError', `${label}() takes no keyword arguments`);
  const all: (Value | undefined)[] = [...args];
  for (const [name, value] of kwargs) {
    const index = names.indexOf(name);
    if (index === -1) {
      throw new PyError('TypeError', `'${name}' is an invalid keyword argument for ${label.split('.').at(-1)}()`);
    }
    all[index] = value;
  }
  return Array.from(all);
}

function countMessage(label: string, least: number, most: number, given: number): string {
  const short = label.split('.').at(-1) ?? label;
  if (most === 0) return `${label}() takes no arguments (${given} given)`;
  if (least === 1 && most === 1) return `${label}() takes exactly one argument (${given} given)`;
  const bound = given < least ? least : most;
  const quantity = least === most ? 'expected' : given < least ? 'expected at least' : 'expected at most';
  return `${short} ${quantity} ${bound} argument${bound === 1 ? '' : 's'}, got ${given}`;
}
