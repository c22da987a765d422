import { whyNotYet } from '../not_yet.ts';
import { nearest } from '../suggest.ts';
import type { AnyFunction, ModuleSpec } from './function.ts';

/** Why there is no such function, as far as that can be told. */
export interface MissingFunction {
  /** What Salt has and Brine not yet. */
  readonly notYet?: string | undefined;
  /** The full name that was probably meant. */
  readonly near?: string | undefined;
}

/** `module.function` in two: what follows the first dot is the function. Without a dot there is no module. */
export function splitFunctionName(fun: string): readonly [module: string, name: string] {
  const dot = fun.indexOf('.');
  return dot === -1 ? ['', fun] : [fun.slice(0, dot), fun.slice(dot + 1)];
}

/** The function of that full name in its module; undefined, also when there is no such module. */
export function findInModule<C>(fun: string, module: ModuleSpec<C> | undefined): AnyFunction<C> | undefined {
  const [, name] = splitFunctionName(fun);
  return module !== undefined && Object.hasOwn(module.functions, name) ? module.functions[name] : undefined;
}

/** What to say of a function that is not in its module, or whose module, undefined, is not there. */
export function whyMissing<C>(
  fun: string,
  module: ModuleSpec<C> | undefined,
  moduleNames: Iterable<string>,
): MissingFunction {
  const [moduleName, name] = splitFunctionName(fun);
  if (module === undefined) {
    const near = nearest(moduleName, moduleNames);
    return { notYet: whyNotYet(moduleName), near: near && `${near}.${name}` };
  }
  const near = nearest(name, Object.keys(module.functions));
  return { near: near && `${moduleName}.${near}` };
}
