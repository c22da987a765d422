import type { Value } from '../values/py_object.ts';
import { Activation } from './activation.ts';
import { compileCall } from './compile_call.ts';
import { compileEnter, DONE, type Evaluate, type Execute, type Frame, failAt, functionFrame } from './compile_frame.ts';
import { guarded } from './guard.ts';
import { Macro, type MacroShape } from './macro.ts';
import type { CallBlockNode, MacroNode } from './nodes.ts';
import { analyse, type Slot } from './symbols.ts';
import { findUndeclared } from './walk.ts';

/** Compiles `{% macro %}`. */
export function compileMacro(frame: Frame, node: MacroNode): Execute {
  const make = compileMacroValue(frame, node, node.name);
  const { index } = frame.symbols.slot(node.name);
  const isPublic = !node.name.startsWith('_');
  return (activation) => {
    const macro = make(activation);
    activation.slots[index] = macro;
    if (frame.toplevel) {
      activation.context.own.set(node.name, macro);
      if (isPublic) activation.context.exported.add(node.name);
    }
    return DONE;
  };
}

/** Compiles `{% call %}`: its body is a macro that the called one gets as `caller`. */
export function compileCallBlock(frame: Frame, node: CallBlockNode): Execute {
  const caller = compileMacroValue(frame, node, null);
  const call = compileCall(frame, node.call, caller);
  const checksOutput = frame.checksOutput;
  return (activation) => {
    const { state } = activation;
    const value = call(activation);
    state.at = node.at;
    const text = state.engine.finalize(value);
    if (!checksOutput || activation.inheritance.template === undefined) state.out += text;
    return DONE;
  };
}

interface SpecialSlots {
  readonly caller: Slot | undefined;
  readonly kwargs: Slot | undefined;
  readonly varargs: Slot | undefined;
}

function compileMacroValue(outer: Frame, node: MacroNode | CallBlockNode, name: string | null): Evaluate {
  const frame = functionFrame(outer, { checksOutput: false });
  const { symbols } = frame;
  for (const parameter of node.parameters) symbols.declareParameter(parameter.name);
  const special = declareSpecial(frame, node);
  analyse(symbols, node.defaults);
  analyse(symbols, node.body);
  const shape: MacroShape = {
    name,
    parameters: node.parameters.map((parameter) => parameter.name),
    usesCaller: special.caller !== undefined,
    usesKwargs: special.kwargs !== undefined,
    usesVarargs: special.varargs !== undefined,
  };
  const bind = compileParameters(frame, node);
  const enter = compileEnter(symbols);
  const body = frame.unit.body(frame, node.body);
  const { source } = frame.unit;
  return (definer) => {
    const { state, context } = definer;
    const run = (given: (Value | undefined)[], caller: Value, kwargs: Value, varargs: Value) => {
      const activation = new Activation(symbols.shape.slotCount, context, state, definer);
      if (special.caller !== undefined) activation.slots[special.caller.index] = caller;
      if (special.kwargs !== undefined) activation.slots[special.kwargs.index] = kwargs;
      if (special.varargs !== undefined) activation.slots[special.varargs.index] = varargs;
      return guarded(state, source, () =>
        state.capture(() => {
          enter(activation);
          bind(activation, given);
          body(activation);
        }),
      );
    };
    return new Macro(shape, run, state.engine.strict);
  };
}

/** `caller`, `kwargs` and `varargs` are parameters of a macro that uses them without declaring them. */
function declareSpecial(frame: Frame, node: MacroNode | CallBlockNode): SpecialSlots {
  const used = findUndeclared(node.body, ['caller', 'kwargs', 'varargs']);
  const declared = node.parameters.map((parameter) => parameter.name);
  const callerIndex = declared.indexOf('caller');
  if (used.has('caller') && callerIndex !== -1 && callerIndex < declared.length - node.defaults.length) {
    failAt(
      frame,
      node.at,
      'When defining macros or call blocks the special "caller" argument must be omitted or be given a default.',
    );
  }
  const declare = (name: string) =>
    used.has(name) && !declared.includes(name) ? frame.symbols.declareParameter(name) : undefined;
  return { caller: declare('caller'), kwargs: declare('kwargs'), varargs: declare('varargs') };
}

/** Puts what was given into the parameters' slots and evaluates the defaults of the others, in order. */
function compileParameters(
  frame: Frame,
  node: MacroNode | CallBlockNode,
): (activation: Activation, given: readonly (Value | undefined)[]) => void {
  const required = node.parameters.length - node.defaults.length;
  const parameters = node.parameters.map(({ name }, position) => {
    const fallback = node.defaults[position - required];
    return {
      name,
      index: frame.symbols.slot(name).index,
      fallback: fallback && frame.unit.expression(frame, fallback),
    };
  });
  return (activation, given) => {
    parameters.forEach(({ index }, position) => {
      activation.slots[index] = given[position];
    });
    for (const { name, index, fallback } of parameters) {
      if (activation.slots[index] !== undefined) continue;
      activation.slots[index] =
        fallback === undefined
          ? activation.undefined({ hint: `parameter '${name}' was not provided`, name })
          : fallback(activation);
    }
  };
}
