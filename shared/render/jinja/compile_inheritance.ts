import { PyError } from '../values/py_error.ts';
import { pyRepr } from '../values/text.ts';
import { Activation } from './activation.ts';
import { parentBlock, TemplateReference } from './block_reference.ts';
import { compileEnter, DONE, type Execute, type Frame, failAt, type Unit } from './compile_frame.ts';
import { compileLocals } from './compile_import.ts';
import { guarded } from './guard.ts';
import type { BlockNode, Expression } from './nodes.ts';
import { analyse, Symbols } from './symbols.ts';
import type { CompiledBlock } from './template.ts';
import { placeNameOf } from './template_error.ts';
import { findUndeclared } from './walk.ts';

/** Compiles a block as the function that its template, a child or `super()` calls. */
export function compileBlock(unit: Unit, node: BlockNode): CompiledBlock {
  const shape = { parent: undefined, slotCount: 0 };
  const symbols = new Symbols(shape);
  const frame: Frame = {
    unit,
    symbols,
    toplevel: false,
    rootlevel: false,
    soft: false,
    inLoop: false,
    captured: false,
    checksOutput: false,
    autoescape: false,
  };
  const used = findUndeclared(node.body, ['self', 'super']);
  const self = used.has('self') ? symbols.declareParameter('self') : undefined;
  const parent = used.has('super') ? symbols.declareParameter('super') : undefined;
  analyse(symbols, node.body);
  const enter = compileEnter(symbols);
  const body = unit.body(frame, node.body);
  const { source } = unit;
  const block: CompiledBlock = {
    name: node.name,
    render: (state, context) =>
      guarded(state, source, () => {
        const activation = new Activation(shape.slotCount, context, state);
        if (self !== undefined) activation.slots[self.index] = new TemplateReference(context, state);
        if (parent !== undefined) {
          const stack = context.blocks.get(node.name) ?? [];
          activation.slots[parent.index] = parentBlock(node.name, stack, stack.indexOf(block), context, state);
        }
        enter(activation);
        body(activation);
      }),
  };
  return block;
}

/** Compiles the place in a template where a block is printed. */
export function compileBlockCall(frame: Frame, node: BlockNode): Execute {
  const { unit, toplevel } = frame;
  if (toplevel && unit.extendsForSure) return () => DONE;
  const asksParent = toplevel && unit.extendsSoFar > 0;
  const locals = node.scoped ? compileLocals(frame) : undefined;
  return (activation) => {
    const { state, context, inheritance } = activation;
    if (asksParent && inheritance.template !== undefined) return DONE;
    state.at = node.at;
    const stack = context.blocks.get(node.name) ?? [];
    if (node.required && stack.length <= 1) {
      throw new PyError('TemplateRuntimeError', `Required block ${pyRepr(node.name)} not found`);
    }
    const seen = locals === undefined ? context : context.derived(locals(activation));
    stack[0]?.render(state, seen);
    return DONE;
  };
}

/** Compiles `{% extends %}`: from here on the parent prints, with this template's blocks first. */
export function compileExtends(frame: Frame, node: { template: Expression; at: number }): Execute {
  const { unit } = frame;
  if (!frame.toplevel) failAt(frame, node.at, 'cannot use extend from a non top-level scope');
  const again = unit.extendsSoFar > 0;
  const always = again && unit.extendsForSure;
  const name = unit.expression(frame, node.template);
  const from = placeNameOf(unit.source);
  if (frame.rootlevel) unit.extendsForSure = true;
  unit.extendsSoFar++;
  return (activation) => {
    const { state, context, inheritance } = activation;
    if (always || (again && inheritance.template !== undefined)) {
      state.at = node.at;
      throw new PyError('TemplateRuntimeError', 'extended multiple times');
    }
    const value = name(activation);
    state.at = node.at;
    const parent = state.template(value, from);
    for (const [blockName, block] of parent.blocks) {
      const stack = context.blocks.get(blockName) ?? [];
      stack.push(block);
      context.blocks.set(blockName, stack);
    }
    inheritance.template = parent;
    return DONE;
  };
}
