import { Markup } from '../values/markup.ts';
import { PyError } from '../values/py_error.ts';
import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import { pyRepr } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import type { Context } from './context.ts';
import type { RenderState } from './render_state.ts';
import type { CompiledBlock } from './template.ts';

/** `super`, or a block reached through `self`: calling it renders it. */
class BlockReference extends PyObject {
  readonly typeName = 'BlockReference';
  readonly #name: string;
  readonly #stack: readonly CompiledBlock[];
  readonly #depth: number;
  readonly #context: Context;
  readonly #state: RenderState;

  constructor(name: string, stack: readonly CompiledBlock[], depth: number, context: Context, state: RenderState) {
    super();
    this.#name = name;
    this.#stack = stack;
    this.#depth = depth;
    this.#context = context;
    this.#state = state;
  }

  override get qualifiedName(): string {
    return 'jinja2.runtime.BlockReference';
  }

  override isCallable(): boolean {
    return true;
  }

  override attr(name: string): Value | undefined {
    if (name === 'name') return this.#name;
    return name === 'super' ? parentBlock(this.#name, this.#stack, this.#depth, this.#context, this.#state) : undefined;
  }

  override call(_args: Value[], _kwargs: Kwargs): Value {
    const block = this.#stack[this.#depth];
    const text = this.#state.capture(() => block?.render(this.#state, this.#context));
    return this.#context.autoescape ? new Markup(text) : text;
  }
}

/** The block that the one at `depth` overrides, or an undefined that says there is none. */
export function parentBlock(
  name: string,
  stack: readonly CompiledBlock[],
  depth: number,
  context: Context,
  state: RenderState,
): Value {
  if (depth + 1 < stack.length) return new BlockReference(name, stack, depth + 1, context, state);
  const hint = `there is no parent block called ${pyRepr(name)}.`;
  return new Undefined({ hint, name: 'super' }, state.engine.strict);
}

/** `self`: the blocks of the template being rendered. */
export class TemplateReference extends PyObject {
  readonly typeName = 'TemplateReference';
  readonly #context: Context;
  readonly #state: RenderState;

  constructor(context: Context, state: RenderState) {
    super();
    this.#context = context;
    this.#state = state;
  }

  override get qualifiedName(): string {
    return 'jinja2.runtime.TemplateReference';
  }

  override repr(): string {
    const { name, inline } = this.#context.template.source;
    return `<TemplateReference ${inline ? 'None' : pyRepr(name)}>`;
  }

  override item(key: Value): Value | undefined {
    const stack = typeof key === 'string' ? this.#context.blocks.get(key) : undefined;
    if (stack === undefined || typeof key !== 'string') return undefined;
    if (stack.length === 0) throw new PyError('IndexError', 'list index out of range');
    return new BlockReference(key, stack, 0, this.#context, this.#state);
  }
}
