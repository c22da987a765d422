import { PyError } from '../values/py_error.ts';
import type { Kwargs, Value } from '../values/py_object.ts';
import { pyRepr } from '../values/text.ts';
import type { Filter, FilterScope } from './filter_scope.ts';

/** A Python function's parameters. */
export interface ParameterList {
  /** The function's name as messages print it. */
  readonly name: string;
  readonly required: readonly string[];
  /** Optional parameters with their defaults, in order. */
  readonly optional?: Readonly<Record<string, Value>>;
  /** Parameters that Jinja passes itself; they count in messages. */
  readonly hidden?: number;
}

/** Matches arguments to parameters as Python does; the result has one value for each parameter. */
export function bindArguments(list: ParameterList, args: readonly Value[], kwargs: Kwargs): Value[] {
  const { name, required, optional = {}, hidden = 0 } = list;
  const names = [...required, ...Object.keys(optional)];
  if (args.length > names.length)
    throw new PyError('TypeError', tooMany(name, required.length, names.length, args.length, hidden));
  const values: (Value | undefined)[] = [...args];
  for (const [key, value] of kwargs) {
    const index = names.indexOf(key);
    if (index === -1) throw new PyError('TypeError', `${name}() got an unexpected keyword argument ${pyRepr(key)}`);
    if (values[index] !== undefined) {
      throw new PyError('TypeError', `${name}() got multiple values for argument ${pyRepr(key)}`);
    }
    values[index] = value;
  }
  const missing = required.filter((_, index) => values[index] === undefined);
  if (missing.length > 0) throw new PyError('TypeError', tooFew(name, missing));
  return names.map((key, index) => {
    const value = values[index];
    return value === undefined ? (optional[key] ?? null) : value;
  });
}

function tooMany(name: string, required: number, all: number, given: number, hidden: number): string {
  const least = required + hidden;
  const most = all + hidden;
  const takes = least === most ? `${most}` : `from ${least} to ${most}`;
  const plural = most === 1 ? '' : 's';
  const were = given + hidden === 1 ? 'was' : 'were';
  return `${name}() takes ${takes} positional argument${plural} but ${given + hidden} ${were} given`;
}

function tooFew(name: string, missing: readonly string[]): string {
  const quoted = missing.map((parameter) => `'${parameter}'`);
  const last = quoted.at(-1) ?? '';
  const listed =
    quoted.length === 1
      ? last
      : quoted.length === 2
        ? quoted.join(' and ')
        : `${quoted.slice(0, -1).join(', ')}, and ${last}`;
  return `${name}() missing ${quoted.length} required positional argument${quoted.length === 1 ? '' : 's'}: ${listed}`;
}

/** A filter whose arguments are matched to its parameters before it runs. */
export function defineFilter(list: ParameterList, run: (scope: FilterScope, ...values: Value[]) => Value): Filter {
  const { required, optional = {} } = list;
  const isPlain = Object.keys(optional).length === 0;
  return (scope, args, kwargs) => {
    if (isPlain && kwargs.size === 0 && args.length === required.length) return run(scope, ...args);
    return run(scope, ...bindArguments(list, args, kwargs));
  };
}
