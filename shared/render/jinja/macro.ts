import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pyRepr } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';

/** What the compiler knows about a macro or call block. */
export interface MacroShape {
  /** Null for a call block. */
  readonly name: string | null;
  readonly parameters: readonly string[];
  readonly usesCaller: boolean;
  readonly usesKwargs: boolean;
  readonly usesVarargs: boolean;
}

/** Runs a macro's body with its parameters (undefined: not given) and the special ones it uses. */
export type MacroBody = (parameters: (Value | undefined)[], caller: Value, kwargs: Value, varargs: Value) => string;

/** A macro as a value. */
export class Macro extends PyObject {
  readonly typeName = 'Macro';
  readonly shape: MacroShape;
  readonly #body: MacroBody;
  readonly #strict: boolean;

  constructor(shape: MacroShape, body: MacroBody, strict: boolean) {
    super();
    this.shape = shape;
    this.#body = body;
    this.#strict = strict;
  }

  override get qualifiedName(): string {
    return 'jinja2.runtime.Macro';
  }

  override repr(): string {
    return `<Macro ${this.shape.name === null ? 'anonymous' : pyRepr(this.shape.name)}>`;
  }

  override isCallable(): boolean {
    return true;
  }

  override attr(name: string): Value | undefined {
    const { shape } = this;
    const attributes: Readonly<Record<string, Value>> = {
      name: shape.name,
      arguments: new PyTuple(shape.parameters),
      catch_kwargs: shape.usesKwargs,
      catch_varargs: shape.usesVarargs,
      caller: shape.usesCaller,
      explicit_caller: shape.parameters.includes('caller'),
    };
    return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  }

  override call(args: Value[], given: Kwargs): string {
    const { parameters, usesCaller, usesKwargs, usesVarargs } = this.shape;
    const kwargs = given.size === 0 ? given : new Map(given);
    const values: (Value | undefined)[] = args.slice(0, parameters.length);
    let foundCaller = values.length === parameters.length && parameters.includes('caller');
    for (const name of parameters.slice(values.length)) {
      values.push(take(kwargs, name));
      if (name === 'caller') foundCaller = true;
    }
    let caller: Value = null;
    if (usesCaller && !foundCaller) {
      caller = take(kwargs, 'caller') ?? new Undefined({ hint: 'No caller defined', name: 'caller' }, this.#strict);
    }
    if (!usesKwargs && kwargs.size > 0) this.#refuseKeyword(kwargs);
    if (!usesVarargs && args.length > parameters.length) {
      throw new PyError(
        'TypeError',
        `macro ${pyRepr(this.shape.name)} takes not more than ${parameters.length} argument(s)`,
      );
    }
    return this.#body(
      values,
      caller,
      usesKwargs ? new PyDict(kwargs) : null,
      usesVarargs ? new PyTuple(args.slice(parameters.length)) : null,
    );
  }

  #refuseKeyword(kwargs: Kwargs): never {
    const name = pyRepr(this.shape.name);
    if (kwargs.has('caller')) {
      throw new PyError(
        'TypeError',
        `macro ${name} was invoked with two values for the special caller argument. This is most likely a bug.`,
      );
    }
    const [first = ''] = kwargs.keys();
    throw new PyError('TypeError', `macro ${name} takes no keyword argument ${pyRepr(first)}`);
  }
}

function take(kwargs: Kwargs, name: string): Value | undefined {
  const value = kwargs.get(name);
  if (value !== undefined && kwargs instanceof Map) kwargs.delete(name);
  return value;
}
