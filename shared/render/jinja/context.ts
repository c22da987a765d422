import type { Value } from '../values/py_object.ts';
import type { CompiledBlock, Template } from './template.ts';

/** The variables one rendering of a template sees at its top, and what it exports. */
export class Context {
  readonly template: Template;
  /** What the template itself assigned at its top. */
  readonly own = new Map<string, Value>();
  readonly exported = new Set<string>();
  /** For each block the overriding ones first. */
  readonly blocks: Map<string, CompiledBlock[]>;
  autoescape = false;
  readonly #given: ReadonlyMap<string, Value>;

  constructor(template: Template, given: ReadonlyMap<string, Value>) {
    this.template = template;
    this.#given = given;
    this.blocks = new Map([...template.blocks].map(([name, block]) => [name, [block]]));
  }

  resolve(name: string): Value | undefined {
    const own = this.own.get(name);
    return own === undefined ? this.#given.get(name) : own;
  }

  /** Everything in sight. */
  all(): ReadonlyMap<string, Value> {
    return this.own.size === 0 ? this.#given : new Map([...this.#given, ...this.own]);
  }

  /** The same template's context with some variables on top: what a scoped block sees. */
  derived(locals: ReadonlyMap<string, Value>): Context {
    const context = new Context(this.template, new Map([...this.all(), ...locals]));
    context.autoescape = this.autoescape;
    for (const [name, blocks] of this.blocks) context.blocks.set(name, [...blocks]);
    return context;
  }

  exports(): ReadonlyMap<string, Value> {
    const exports = new Map<string, Value>();
    for (const name of this.exported) {
      const value = this.own.get(name);
      if (value !== undefined) exports.set(name, value);
    }
    return exports;
  }
}
