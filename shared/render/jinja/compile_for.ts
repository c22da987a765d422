import { iterate } from '../values/iteration.ts';
import { PyIterator } from '../values/py_iterator.ts';
import type { Value } from '../values/py_object.ts';
import { Activation } from './activation.ts';
import { capturedValue } from './compile_call.ts';
import { compileTruth } from './compile_expression.ts';
import {
  BREAK,
  compileEnter,
  DONE,
  type Execute,
  type Frame,
  failAt,
  functionFrame,
  innerFrame,
  type Outcome,
} from './compile_frame.ts';
import { type Assign, compileTarget } from './compile_target.ts';
import { guarded } from './guard.ts';
import { LoopContext, type Recurse } from './loop_context.ts';
import type { ForNode, Target } from './nodes.ts';
import { analyse, analyseLoopBody, analyseTarget } from './symbols.ts';
import { findAll, findUndeclared } from './walk.ts';

/** The compiled parts of a loop. */
interface LoopParts {
  readonly enter: (activation: Activation) => void;
  readonly assign: Assign;
  readonly body: Execute;
  readonly filter: ((activation: Activation, items: Iterator<Value>) => Iterator<Value>) | undefined;
  /** Where the variable `loop` lives, when the loop has one. */
  readonly loopIndex: number | undefined;
  readonly otherwise: Execute | undefined;
  readonly at: number;
}

/** Compiles `{% for %}`. */
export function compileFor(frame: Frame, node: ForNode): Execute {
  refuseLoopAsTarget(frame, node);
  const iterable = frame.unit.expression(frame, node.iterable);
  if (node.recursive) return compileRecursive(frame, node);
  const parts = compileParts(frame, node, innerFrame(frame, { inLoop: true }), innerFrame(frame));
  return (activation) => {
    const items = iterable(activation);
    activation.state.at = node.at;
    return runLoop(activation, parts, items);
  };
}

function refuseLoopAsTarget(frame: Frame, node: ForNode): void {
  const targets: Target[] = [node.target];
  for (const set of findAll([node], 'Set')) targets.push(set.target);
  for (const set of findAll([node], 'SetBlock')) targets.push(set.target);
  for (const inner of findAll(node.body, 'For')) targets.push(inner.target);
  for (const name of findAll(targets, 'Name')) {
    if (name.name === 'loop') failAt(frame, name.at, "Can't assign to special loop variable in for-loop target");
  }
}

function compileParts(frame: Frame, node: ForNode, loopFrame: Frame, elseFrame: Frame): LoopParts {
  const hasLoopVariable =
    node.recursive ||
    findUndeclared(node.body, ['loop']).has('loop') ||
    [...findAll([node], 'Block')].some((block) => block.scoped);
  const loopSlot = hasLoopVariable ? loopFrame.symbols.declareParameter('loop') : undefined;
  analyseLoopBody(loopFrame.symbols, node);
  analyse(elseFrame.symbols, node.otherwise);
  const filter = compileLoopFilter(loopFrame === frame ? frame : loopFrame, frame, node);
  const enterElse = compileEnter(elseFrame.symbols);
  const elseBody = node.otherwise.length === 0 ? undefined : frame.unit.body(elseFrame, node.otherwise);
  return {
    enter: compileEnter(loopFrame.symbols),
    assign: compileTarget(loopFrame, node.target),
    body: frame.unit.body(loopFrame, node.body),
    filter,
    loopIndex: loopSlot?.index,
    otherwise:
      elseBody &&
      ((activation) => {
        enterElse(activation);
        return elseBody(activation);
      }),
    at: node.at,
  };
}

/** `for … if test`: the items that pass, tested one by one as the loop asks for them. */
function compileLoopFilter(loopFrame: Frame, outer: Frame, node: ForNode): LoopParts['filter'] {
  if (node.test === undefined) return undefined;
  const symbolsParent = loopFrame.symbols.shape === outer.symbols.shape ? outer : loopFrame;
  const testFrame = innerFrame(symbolsParent);
  analyseTarget(testFrame.symbols, node.target, true);
  analyse(testFrame.symbols, [node.test]);
  const enter = compileEnter(testFrame.symbols);
  const assign = compileTarget(testFrame, node.target);
  const test = compileTruth(testFrame, node.test);
  return function* (activation, items) {
    enter(activation);
    for (let step = items.next(); !step.done; step = items.next()) {
      assign(activation, step.value);
      if (test(activation)) yield step.value;
    }
  };
}

function runLoop(activation: Activation, parts: LoopParts, items: Value, depth = 0, recurse?: Recurse): Outcome {
  const { state } = activation;
  const source = parts.filter === undefined ? items : new PyIterator(parts.filter(activation, iterate(items)));
  const next =
    parts.loopIndex === undefined
      ? plainNext(source)
      : loopNext(activation, parts.loopIndex, new LoopContext(source, state.engine.strict, depth, recurse));
  let completed = false;
  for (let item = next(); item !== undefined; item = next()) {
    state.budget.step(state.out);
    parts.assign(activation, item);
    parts.enter(activation);
    const outcome = parts.body(activation);
    if (outcome === BREAK) break;
    if (outcome === DONE) completed = true;
    state.at = parts.at;
  }
  return completed || parts.otherwise === undefined ? DONE : parts.otherwise(activation);
}

function plainNext(source: Value): () => Value | undefined {
  if (Array.isArray(source)) {
    let index = 0;
    return () => source[index++];
  }
  const iterator = iterate(source);
  return () => {
    const step = iterator.next();
    return step.done ? undefined : step.value;
  };
}

function loopNext(activation: Activation, index: number, loop: LoopContext): () => Value | undefined {
  return () => {
    const item = loop.next();
    activation.slots[index] = loop;
    return item;
  };
}

/** `{% for … recursive %}`: the loop is a function that `loop(…)` calls again. */
function compileRecursive(frame: Frame, node: ForNode): Execute {
  const iterable = frame.unit.expression(frame, node.iterable);
  const loopFrame = functionFrame(frame, { inLoop: true });
  const { shape } = loopFrame.symbols;
  const elseFrame = innerFrame(loopFrame, { inLoop: false });
  const parts = compileParts(frame, node, loopFrame, elseFrame);
  const { source } = frame.unit;
  return (outer) => {
    const recurse: Recurse = (items, depth) =>
      guarded(outer.state, source, () => {
        const activation = new Activation(shape.slotCount, outer.context, outer.state, outer);
        const text = outer.state.capture(() => {
          runLoop(activation, parts, items, depth, recurse);
        });
        return capturedValue(outer, text);
      });
    const items = iterable(outer);
    outer.state.at = node.at;
    const text = recurse(items, 0);
    outer.state.out += outer.state.engine.finalize(text);
    return DONE;
  };
}
