import { Markup } from '../values/markup.ts';
import { PyError } from '../values/py_error.ts';
import { type Kwargs, PyObject, type Value } from '../values/py_object.ts';
import { typeName } from '../values/text.ts';
import { Undefined, type UndefinedReason } from '../values/undefined.ts';
import type { Context } from './context.ts';
import { type FilterScope, ScopedFunction } from './filter_scope.ts';
import { Macro } from './macro.ts';
import type { RenderState } from './render_state.ts';
import type { Template } from './template.ts';

/** One running call of a compiled function: its variables and where it belongs. */
export class Activation implements FilterScope {
  readonly slots: (Value | undefined)[];
  /** The function this one was written in. */
  readonly parent: Activation | undefined;
  readonly context: Context;
  readonly state: RenderState;
  /** The template that `extends` named, once it ran; shared by all functions of one root. */
  readonly inheritance: { template: Template | undefined };

  constructor(slotCount: number, context: Context, state: RenderState, parent?: Activation) {
    this.slots = new Array(slotCount);
    this.context = context;
    this.state = state;
    this.parent = parent;
    this.inheritance = parent?.inheritance ?? { template: undefined };
  }

  get autoescape(): boolean {
    return this.context.autoescape;
  }

  undefined(reason: UndefinedReason): Undefined {
    return new Undefined(reason, this.state.engine.strict);
  }

  filter(name: string, args: Value[], kwargs: Kwargs): Value {
    return this.state.filter(name)(this, args, kwargs);
  }

  test(name: string, args: Value[], kwargs: Kwargs): boolean {
    return this.state.test(name)(this, args, kwargs);
  }

  hasFilter(name: string): boolean {
    return this.state.engine.filters.has(name);
  }

  hasTest(name: string): boolean {
    return this.state.engine.tests.has(name);
  }

  resolve(name: string): Value | undefined {
    return this.context.resolve(name);
  }

  variables(): ReadonlyMap<string, Value> {
    return this.context.all();
  }

  call(callee: Value, args: Value[], kwargs: Kwargs): Value {
    if (callee instanceof ScopedFunction) return callee.run(this, args, kwargs);
    if (callee instanceof Macro) {
      const text = callee.call(args, kwargs);
      return this.context.autoescape ? new Markup(text) : text;
    }
    if (!(callee instanceof PyObject)) throw new PyError('TypeError', `'${typeName(callee)}' object is not callable`);
    if (callee.isExternal()) return this.state.settle(() => callee.call(args, kwargs));
    const result = callee.call(args, kwargs);
    if (result instanceof Promise) throw new Error(`${callee.repr()} must be external to answer a promise`);
    return result;
  }

  random(): number {
    return this.state.random();
  }

  tick(): void {
    this.state.budget.step(this.state.out);
  }
}
