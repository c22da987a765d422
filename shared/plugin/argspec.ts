import { type AnyFunction, defaultOf, isRequired } from './function.ts';

/** How a function is called, in Salt's shape: defaults belong to the last arguments; what there is none of is None. */
export interface Argspec {
  readonly args: readonly string[] | null;
  readonly defaults: readonly unknown[] | null;
  readonly varargs: true | null;
  readonly kwargs: true | null;
}

export function argspecOf(spec: Pick<AnyFunction<never>, 'args' | 'varargs' | 'varkw'>): Argspec {
  const names = Object.keys(spec.args);
  const defaults = Object.values(spec.args)
    .filter((schema) => !isRequired(schema))
    .map((schema) => defaultOf(schema) ?? null);
  return {
    args: names.length === 0 ? null : names,
    defaults: defaults.length === 0 ? null : defaults,
    varargs: spec.varargs ?? null,
    kwargs: spec.varkw ?? null,
  };
}
