import * as v from 'valibot';
import { FleetError } from '../errors.ts';
import { hideValue, isSecretName } from '../log.ts';
import { pyRepr } from '../python_text.ts';
import { docText } from './documentation.ts';

export type ArgEntries = Readonly<Record<string, v.GenericSchema>>;
export type ArgValues<E extends ArgEntries> = v.InferOutput<v.ObjectSchema<E, undefined>>;

/** What was passed beyond the declared arguments: Python's `*args` and `**kwargs`. */
export interface Extra {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/**
 * One function that an operator can call. It is the type, the check and the documentation at once: `sys.doc`,
 * `sys.argspec`, the reference pages and the error texts come from it.
 */
export interface FunctionSpec<C, E extends ArgEntries> {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** Further paragraphs. */
  readonly description?: string;
  /** Key order is positional order: `cmd.run 'ls' /tmp` fills the first two keys. Salt's names. */
  readonly args: E;
  /** Accepts more positional arguments than `args` names. */
  readonly varargs?: true;
  /** Accepts keyword arguments that `args` does not name. */
  readonly varkw?: true;
  /** What comes back, in words. */
  readonly returns?: string;
  /** Command lines that work as they stand, each naming the function. */
  readonly examples: readonly string[];
  /** What it returns is for the caller alone: no event shows it. */
  readonly secret?: true;
  /** Names a group of functions of which one job at a time may run on a minion; others wait with queue=True, or fail. */
  readonly exclusive?: string;
  /** It only looks. It may run beside a state run and under a blackout. */
  readonly reads?: true;
  run(context: C, args: ArgValues<E>, extra: Extra): unknown;
}

/** A function of any arguments, as the loader and the documentation see it. */
export interface AnyFunction<C> extends Omit<FunctionSpec<C, ArgEntries>, 'run'> {
  run(context: C, args: Readonly<Record<string, unknown>>, extra: Extra): unknown;
}

/** Ties the type of `run`'s arguments to the schemas beside it. */
export function createFn<C>() {
  return <const E extends ArgEntries>(spec: FunctionSpec<C, E>): AnyFunction<C> => spec as unknown as AnyFunction<C>;
}

export interface ModuleSpec<C> {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** Why this module cannot work here, or undefined when it can. The operator sees the reason. */
  unavailable?(context: C): string | undefined;
  /** Function name to function. The file's name is the module's name. */
  readonly functions: Readonly<Record<string, AnyFunction<C>>>;
}

/**
 * The one gate through which a function is called: positional and keyword arguments in, checked values out. What comes
 * back is what it returns, a promise too. Throws ARGS_INVALID in Python's words, which is what Salt's users read.
 */
export function callFunction<C>(
  name: string,
  spec: AnyFunction<C>,
  context: C,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown {
  const { values, extra } = bindArguments(name, spec, args, kwargs);
  return spec.run(context, values, extra);
}

export function bindArguments<C>(
  name: string,
  spec: AnyFunction<C>,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): { values: Readonly<Record<string, unknown>>; extra: Extra } {
  const names = Object.keys(spec.args);
  const call = `${name.slice(name.indexOf('.') + 1)}()`;
  if (args.length > names.length && spec.varargs === undefined) {
    throw argsInvalid(name, spec, tooMany(call, names, spec, args.length));
  }
  const given = new Map<string, unknown>();
  for (const [index, value] of args.slice(0, names.length).entries()) given.set(names[index] as string, value);
  const unknown: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kwargs)) {
    if (given.has(key)) throw argsInvalid(name, spec, `${call} got multiple values for argument '${key}'`);
    if (Object.hasOwn(spec.args, key)) given.set(key, value);
    else if (!key.startsWith('__pub_')) unknown[key] = value;
  }
  if (spec.varkw === undefined && Object.keys(unknown).length > 0) {
    const list = Object.entries(unknown).map(
      ([key, value]) => `${key}=${pyRepr(isSecretName(key) ? hideValue(value) : value)}`,
    );
    throw argsInvalid(name, spec, `The following keyword arguments are not valid: ${list.join(', ')}`);
  }
  const missing = names.filter((key) => !given.has(key) && isRequired(spec.args[key] as v.GenericSchema));
  if (missing.length > 0) throw argsInvalid(name, spec, missingText(call, missing));
  return {
    values: checkArguments(name, spec, names, given),
    extra: { args: args.slice(names.length), kwargs: unknown },
  };
}

function checkArguments<C>(
  name: string,
  spec: AnyFunction<C>,
  names: readonly string[],
  given: ReadonlyMap<string, unknown>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const key of names) {
    const schema = spec.args[key] as v.GenericSchema;
    const offered = given.get(key);
    // An explicit None means the default, as it does in nearly every Salt function, unless None is itself a value there.
    const value = offered === null && !v.is(schema, null) && !isRequired(schema) ? undefined : offered;
    const result = v.safeParse(schema, value);
    if (!result.success) throw argsInvalid(name, spec, `${key}: ${result.issues[0].message}`);
    values[key] = result.output;
  }
  return values;
}

export function isRequired(schema: v.GenericSchema): boolean {
  return schema.type !== 'optional' && schema.type !== 'nullish';
}

/** The default an argument has when it is left out; undefined when there is none. */
export function defaultOf(schema: v.GenericSchema): unknown {
  return 'default' in schema ? schema.default : undefined;
}

function tooMany<C>(call: string, names: readonly string[], spec: AnyFunction<C>, count: number): string {
  const required = names.filter((key) => isRequired(spec.args[key] as v.GenericSchema)).length;
  const takes = required === names.length ? `${names.length}` : `from ${required} to ${names.length}`;
  const noun = names.length === 1 && required === 1 ? 'argument' : 'arguments';
  return `${call} takes ${takes} positional ${noun} but ${count} ${count === 1 ? 'was' : 'were'} given`;
}

function missingText(call: string, missing: readonly string[]): string {
  const quoted = missing.map((key) => `'${key}'`);
  const list = quoted.length < 3 ? quoted.join(' and ') : `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
  return `${call} missing ${missing.length} required positional argument${missing.length === 1 ? '' : 's'}: ${list}`;
}

function argsInvalid<C>(name: string, spec: AnyFunction<C>, what: string): FleetError {
  const doc = docText(name, spec)
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
  return new FleetError('ARGS_INVALID', `Passed invalid arguments to ${name}: ${what}\n\n${doc}`);
}
