import { toList } from '../values/iteration.ts';
import { pyKey } from '../values/key.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { isText, pyRepr, pyStr, textOf, typeName } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import type { CallMemory } from './call_memory.ts';
import { Context } from './context.ts';
import type { Filter, Test } from './filter_scope.ts';
import type { Budget } from './limits.ts';
import { suggest } from './suggest.ts';
import type { Template } from './template.ts';
import type { TemplateSource } from './template_error.ts';
import { TemplateModule } from './template_module.ts';

/** What a render needs from its environment. */
export interface Engine {
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
  readonly globals: ReadonlyMap<string, Value>;
  readonly strict: boolean;
  /** How a printed value becomes text. */
  readonly finalize: (value: Value) => string;
  /** Variables of a template that is imported without context, over the globals. */
  readonly placeOf: (template: TemplateSource) => Iterable<readonly [string, Value]>;
  /** A compiled template by name, or undefined when there is none. */
  readonly find: (name: string, from: string) => Template | undefined;
}

/** The state of one pass of one render. */
export class RenderState {
  readonly engine: Engine;
  readonly budget: Budget;
  /** Globals of this render, over the environment's. */
  readonly globals: ReadonlyMap<string, Value>;
  readonly memory: CallMemory | undefined;
  readonly random: () => number;
  /** What is printed; captured blocks swap it away. */
  out = '';
  /** Printed inside a captured block but not captured; it goes out before what becomes of the block. */
  aside = '';
  /** Offset (in the template being run) of what is being evaluated. */
  at = 0;
  readonly #modules = new Map<Template, TemplateModule>();

  constructor(
    engine: Engine,
    globals: ReadonlyMap<string, Value>,
    budget: Budget,
    random: () => number,
    memory?: CallMemory,
  ) {
    this.engine = engine;
    this.globals = globals;
    this.budget = budget;
    this.random = random;
    this.memory = memory;
  }

  /** Runs `body` with an output of its own and answers what it printed. */
  capture(body: () => void): string {
    const outer = this.out;
    this.out = '';
    try {
      body();
      return this.out;
    } finally {
      this.out = outer;
    }
  }

  printAside(): void {
    this.out += this.aside;
    this.aside = '';
  }

  /** The template that a name stands for. */
  template(name: Value, from: string): Template {
    const template = this.#find(name, from);
    if (template === undefined) throw new PyError('TemplateNotFound', pyStr(name));
    return template;
  }

  /** The template that a name stands for, or the first of a list of names that exists. */
  anyTemplate(name: Value, from: string): Template {
    if (name instanceof Undefined) name.fail();
    if (isText(name)) return this.template(name, from);
    const names = toList(name);
    if (names.length === 0) {
      throw new PyError('TemplatesNotFound', 'Tried to select from an empty list of templates.');
    }
    for (const candidate of names) {
      const template = candidate instanceof Undefined ? undefined : this.#find(candidate, from);
      if (template !== undefined) return template;
    }
    const tried = names.map((candidate) => (isText(candidate) ? textOf(candidate) : pyRepr(candidate))).join(', ');
    throw new PyError('TemplatesNotFound', `none of the templates given were found: ${tried}`);
  }

  /** What is no text is refused with the words of Jinja's cache and of Salt's loader. */
  #find(name: Value, from: string): Template | undefined {
    if (name instanceof Undefined) name.fail();
    if (isText(name)) return this.engine.find(textOf(name), from);
    pyKey(name);
    throw new PyError('AttributeError', `'${typeName(name)}' object has no attribute 'split'`);
  }

  /** Runs a template as a module that sees the given variables. */
  module(template: Template, variables: ReadonlyMap<string, Value>): TemplateModule {
    const context = new Context(template, variables);
    const text = this.capture(() => template.render(this, context));
    return new TemplateModule(template.source.name, context.exports(), text);
  }

  /** The module of an import without context: run once in a render; it sees globals only. */
  defaultModule(template: Template): TemplateModule {
    const known = this.#modules.get(template);
    if (known !== undefined) return known;
    const module = this.module(template, new Map([...this.globals, ...this.engine.placeOf(template.source)]));
    this.#modules.set(template, module);
    return module;
  }

  filter(name: string): Filter {
    const filter = this.engine.filters.get(name);
    if (filter === undefined) throw unknownName('filter', name, this.engine.filters.keys());
    return filter;
  }

  test(name: string): Test {
    const test = this.engine.tests.get(name);
    if (test === undefined) throw unknownName('test', name, this.engine.tests.keys());
    return test;
  }

  /** Calls a function that may answer a promise; see CallMemory. */
  settle(call: () => Value | Promise<Value>): Value {
    if (this.memory !== undefined) return this.memory.recall(call);
    const result = call();
    if (!(result instanceof Promise)) return result;
    result.catch(() => undefined);
    throw new PyError('TypeError', 'an asynchronous function was called in a synchronous render');
  }
}

function unknownName(what: string, name: string, known: Iterable<string>): PyError {
  return new PyError('TemplateRuntimeError', `No ${what} named ${pyRepr(name)} found.`, suggest(name, known));
}
