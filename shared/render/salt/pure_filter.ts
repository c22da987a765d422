import type { Filter } from '../jinja/filter_scope.ts';
import { defineFilter } from '../jinja/signature.ts';
import type { Value } from '../values/py_object.ts';

/** A filter by its name. */
export type NamedFilter = readonly [string, Filter];

/** A filter that looks at its arguments alone; the first of them is the value it is applied to. */
export function pureFilter(
  name: string,
  required: readonly string[],
  optional: Readonly<Record<string, Value>>,
  run: (...values: Value[]) => Value,
): NamedFilter {
  return [name, defineFilter({ name, required, optional }, (_scope, ...values) => run(...values))];
}
