import type { Filter, FilterScope } from '../jinja/filter_scope.ts';
import { PyError } from '../values/py_error.ts';
import type { Kwargs, Value } from '../values/py_object.ts';
import { pyRepr } from '../values/text.ts';

/** A parameter of a Python function: its name, or its name and its default. */
export type Parameter = string | readonly [name: string, fallback: Value];

/**
 * Arguments in the order of the parameters, defaults filled in.
 * @throws PyError TypeError, in Python's words
 */
export function bindArguments(
  name: string,
  parameters: readonly Parameter[],
  args: readonly Value[],
  kwargs: Kwargs,
): Value[] {
  const names = parameters.map((parameter) => (typeof parameter === 'string' ? parameter : parameter[0]));
  if (args.length > names.length) throw new PyError('TypeError', tooMany(name, parameters, args.length));
  for (const given of kwargs.keys()) {
    const index = names.indexOf(given);
    if (index === -1) throw new PyError('TypeError', `${name}() got an unexpected keyword argument ${pyRepr(given)}`);
    if (index < args.length)
      throw new PyError('TypeError', `${name}() got multiple values for argument ${pyRepr(given)}`);
  }
  const missing: string[] = [];
  const values = parameters.map((parameter, index) => {
    const given = args[index] ?? kwargs.get(names[index] as string);
    if (given !== undefined) return given;
    if (typeof parameter !== 'string') return parameter[1];
    missing.push(parameter);
    return null;
  });
  if (missing.length > 0) throw new PyError('TypeError', tooFew(name, missing));
  return values;
}

function tooMany(name: string, parameters: readonly Parameter[], given: number): string {
  const least = parameters.filter((parameter) => typeof parameter === 'string').length;
  const most = parameters.length;
  const takes = least === most ? `${most}` : `from ${least} to ${most}`;
  return `${name}() takes ${takes} positional argument${most === 1 ? '' : 's'} but ${given} ${given === 1 ? 'was' : 'were'} given`;
}

function tooFew(name: string, missing: readonly string[]): string {
  const quoted = missing.map((parameter) => pyRepr(parameter));
  const last = quoted.pop();
  const list = quoted.length === 0 ? last : `${quoted.join(', ')}${quoted.length > 1 ? ',' : ''} and ${last}`;
  return `${name}() missing ${missing.length} required positional argument${missing.length === 1 ? '' : 's'}: ${list}`;
}

/** A filter with a Python signature; the first parameter is the value it is applied to. */
export function makeFilter(
  name: string,
  parameters: readonly Parameter[],
  run: (values: Value[], scope: FilterScope) => Value,
): readonly [string, Filter] {
  return [name, (scope, args, kwargs) => run(bindArguments(name, parameters, args, kwargs), scope)];
}
