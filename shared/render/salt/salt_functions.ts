import { suggest } from '../jinja/suggest.ts';
import { PyError } from '../values/py_error.ts';
import { HostFunction, type PyCallable, PyFunction } from '../values/py_function.ts';
import { PyObject, type Value } from '../values/py_object.ts';
import { isText, pyStr, textOf } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';

/** The execution functions a template may call. */
export interface FunctionSource {
  /** The function `mod.fun`, or undefined. */
  readonly find: (name: string) => PyCallable | undefined;
  /** All names `mod.fun`. */
  readonly names: () => Iterable<string>;
}

/** Within templates a command may use the shell's syntax. */
const aliases: ReadonlyMap<string, string> = new Map([['cmd.run', 'cmd.shell']]);

/** What `salt` is in a template: `salt['mod.fun'](…)` and `salt.mod.fun(…)`. */
export class SaltFunctions extends PyObject {
  readonly typeName = 'AliasedLoader';
  readonly #source: FunctionSource;

  constructor(source: FunctionSource) {
    super();
    this.#source = source;
  }

  override get qualifiedName(): string {
    return 'salt.utils.templates.AliasedLoader';
  }

  /** Where there is no such function, Jinja looks for a module: `salt['network']['ip_addrs']()`. */
  override item(key: Value): Value | undefined {
    return isText(key) ? this.#find(textOf(key)) : undefined;
  }

  override attr(name: string): Value | undefined {
    if (name === 'get')
      return new PyFunction('get', ([key = null, fallback = null]) => this.#find(pyStr(key)) ?? fallback);
    if (name === 'keys') return new PyFunction('keys', () => [...this.#source.names()]);
    const prefix = `${name}.`;
    for (const known of this.#source.names()) {
      if (known.startsWith(prefix)) return new SaltModule(name, this.#source, (fun) => this.#find(prefix + fun));
    }
    return new Undefined({ owner: this, name, suggestion: () => suggest(name, this.#namesLike(name)) });
  }

  override contains(value: Value): boolean {
    return isText(value) && this.#source.find(textOf(value)) !== undefined;
  }

  override iterate(): Iterator<Value> {
    return this.#source.names()[Symbol.iterator]();
  }

  #find(name: string): HostFunction | undefined {
    const run = this.#source.find(aliases.get(name) ?? name) ?? this.#source.find(name);
    return run === undefined ? undefined : new HostFunction(name, withPlace(name, run));
  }

  #namesLike(name: string): Iterable<string> {
    const names = this.#source.names();
    return name.includes('.') ? names : new Set([...names].map((known) => known.split('.', 1)[0] as string));
  }
}

/** What the function throws becomes an error of the template, which says where it was called. */
function withPlace(name: string, run: PyCallable): PyCallable {
  const failed = (cause: unknown): PyError => {
    if (cause instanceof PyError) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    return new PyError('SaltFunctionError', message, `the function ${name} has failed`, { cause });
  };
  return (args, kwargs) => {
    try {
      const result = run(args, kwargs);
      return result instanceof Promise ? result.catch((cause) => Promise.reject(failed(cause))) : result;
    } catch (cause) {
      throw failed(cause);
    }
  };
}

/** What `salt.mod` is in a template. */
class SaltModule extends PyObject {
  readonly typeName = 'LoadedMod';
  readonly #name: string;
  readonly #source: FunctionSource;
  readonly #find: (fun: string) => HostFunction | undefined;

  constructor(name: string, source: FunctionSource, find: (fun: string) => HostFunction | undefined) {
    super();
    this.#name = name;
    this.#source = source;
    this.#find = find;
  }

  override get qualifiedName(): string {
    return 'salt.loader.lazy.LoadedMod';
  }

  override attr(name: string): Value {
    return this.#find(name) ?? new Undefined({ owner: this, name, suggestion: () => this.#suggest(name) });
  }

  #suggest(name: string): string | undefined {
    const prefix = `${this.#name}.`;
    const names = [...this.#source.names()].filter((known) => known.startsWith(prefix));
    return suggest(
      name,
      names.map((known) => known.slice(prefix.length)),
    );
  }
}
