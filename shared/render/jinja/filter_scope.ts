import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import type { Undefined, UndefinedReason } from '../values/undefined.ts';

/** What a filter, test or scoped function can ask of the template that calls it. */
export interface FilterScope {
  /** Is HTML escaping on here? */
  readonly autoescape: boolean;
  /** An undefined value of the environment's kind. */
  undefined(reason: UndefinedReason): Undefined;
  /** Applies another filter by name. */
  filter(name: string, args: Value[], kwargs: Kwargs): Value;
  /** Asks another test by name. */
  test(name: string, args: Value[], kwargs: Kwargs): boolean;
  hasFilter(name: string): boolean;
  hasTest(name: string): boolean;
  /** A template variable, or undefined. */
  resolve(name: string): Value | undefined;
  /** All variables in sight of the template's top. */
  variables(): ReadonlyMap<string, Value>;
  /** Calls any callable value; a function that answers a promise suspends the render. */
  call(callee: Value, args: Value[], kwargs: Kwargs): Value;
  /** A number in [0, 1), the same in every pass of one render. */
  random(): number;
  /** Counts one step of work against the render's limits; long loops of filters call it. */
  tick(): void;
}

/** A filter: `args[0]` is the value it is applied to. */
export type Filter = (scope: FilterScope, args: Value[], kwargs: Kwargs) => Value;

/** A test: `args[0]` is the value it asks about. */
export type Test = (scope: FilterScope, args: Value[], kwargs: Kwargs) => boolean;

/** A function that sees the template that calls it. */
export class ScopedFunction extends PyObject {
  readonly typeName = 'function';
  readonly name: string;
  readonly run: Filter;

  constructor(name: string, run: Filter) {
    super();
    this.name = name;
    this.run = run;
  }

  override repr(): string {
    return `<function ${this.name} at 0x0>`;
  }

  override isCallable(): boolean {
    return true;
  }
}
