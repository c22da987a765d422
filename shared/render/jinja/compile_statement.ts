import { markupText } from '../values/arithmetic.ts';
import type { Value } from '../values/py_object.ts';
import { isTrue } from '../values/truth.ts';
import type { Activation } from './activation.ts';
import { capturedValue, compileFilter } from './compile_call.ts';
import { compileTruth } from './compile_expression.ts';
import { compileFor } from './compile_for.ts';
import {
  BREAK,
  CONTINUE,
  compileEnter,
  DONE,
  type Evaluate,
  type Execute,
  type Frame,
  failAt,
  innerFrame,
  type Outcome,
} from './compile_frame.ts';
import { compileFromImport, compileImport, compileInclude } from './compile_import.ts';
import { compileBlockCall, compileExtends } from './compile_inheritance.ts';
import { compileCallBlock, compileMacro } from './compile_macro.ts';
import { compileNamespaceCheck, compileTarget } from './compile_target.ts';
import type { CustomNode, Expression, FilterNode, OutputNode, Statement, Target, WithNode } from './nodes.ts';
import { analyse, analyseTarget } from './symbols.ts';
import { findAll } from './walk.ts';

type Node<T extends Statement['type']> = Extract<Statement, { type: T }>;

/** Compiles statements that belong to a frame. */
export function compileBody(frame: Frame, statements: readonly Statement[]): Execute {
  const steps = statements.map((statement) => compileStatement(frame, statement));
  const [first, second] = steps;
  if (first === undefined) return () => DONE;
  if (second === undefined) return first;
  return (activation) => {
    for (const step of steps) {
      const outcome = step(activation);
      if (outcome !== DONE) return outcome;
    }
    return DONE;
  };
}

function compileStatement(frame: Frame, node: Statement): Execute {
  switch (node.type) {
    case 'Output':
      return compileOutput(frame, node);
    case 'If':
      return compileIf(frame, node);
    case 'For':
      return compileFor(frame, node);
    case 'Set':
      return compileSet(frame, node);
    case 'SetBlock':
      return compileSetBlock(frame, node);
    case 'With':
      return compileWith(frame, node);
    case 'Macro':
      return compileMacro(frame, node);
    case 'CallBlock':
      return compileCallBlock(frame, node);
    case 'Include':
      return compileInclude(frame, node);
    case 'Import':
      return compileImport(frame, node);
    case 'FromImport':
      return compileFromImport(frame, node);
    case 'Block':
      return compileBlockCall(frame, node);
    case 'Extends':
      return compileExtends(frame, node);
    case 'FilterBlock':
      return compileFilterBlock(frame, node);
    case 'Autoescape':
      return compileAutoescape(frame, node);
    case 'Do':
      return compileDo(frame, node);
    case 'Custom':
      return compileCustom(frame, node);
    case 'Break':
    case 'Continue':
      return compileJump(frame, node);
  }
}

type Print = (activation: Activation) => void;

function compileOutput(frame: Frame, node: OutputNode): Execute {
  if (frame.checksOutput && frame.unit.extendsForSure) return () => DONE;
  const parts = node.items.map((item): Print => {
    if (item.type !== 'Data') return compilePrint(frame, frame.unit.expression(frame, item), item);
    const { text } = item;
    return (activation) => {
      activation.state.out += text;
    };
  });
  const [only] = parts;
  const print: Print =
    only !== undefined && parts.length === 1
      ? only
      : (activation) => {
          for (const part of parts) part(activation);
        };
  const { checksOutput } = frame;
  return (activation) => {
    if (!checksOutput || activation.inheritance.template === undefined) print(activation);
    return DONE;
  };
}

function compilePrint(frame: Frame, evaluate: Evaluate, { at, type }: Expression): Print {
  // Jinja prints constants at compile time, where an autoescape only known at run time counts as off.
  const autoescape = type === 'Const' ? (frame.autoescape ?? false) : frame.autoescape;
  return (activation) => {
    const { state } = activation;
    const value = evaluate(activation);
    if (typeof value === 'string' && autoescape === false) {
      state.out += value;
      return;
    }
    state.at = at;
    const escapes = autoescape ?? activation.context.autoescape;
    state.out += escapes ? markupText(value) : state.engine.finalize(value);
  };
}

function compileIf(outer: Frame, node: Node<'If'>): Execute {
  const frame: Frame = { ...outer, soft: true, rootlevel: false };
  const branches = node.branches.map(({ test, body }) => ({
    test: compileTruth(frame, test),
    body: frame.unit.body(frame, body),
  }));
  const otherwise = frame.unit.body(frame, node.otherwise);
  return (activation) => {
    for (const { test, body } of branches) if (test(activation)) return body(activation);
    return otherwise(activation);
  };
}

/** Makes assignments at the template's top visible to its context, its blocks and those who import it. */
function compileExport(frame: Frame, target: Target): (activation: Activation) => void {
  if (!frame.toplevel) return () => undefined;
  const slots = [...findAll([target], 'Name')].map(({ name }) => ({ name, index: frame.symbols.slot(name).index }));
  return ({ slots: values, context }) => {
    for (const { name, index } of slots) {
      const value = values[index];
      if (value !== undefined) context.own.set(name, value);
      if (!name.startsWith('_')) context.exported.add(name);
    }
  };
}

function compileSet(frame: Frame, node: Node<'Set'>): Execute {
  const value = frame.unit.expression(frame, node.value);
  const check = node.target.type === 'NamespaceSlot' ? compileNamespaceCheck(frame, node.target) : undefined;
  const assign = compileTarget(frame, node.target);
  const expose = compileExport(frame, node.target);
  return (activation) => {
    check?.(activation);
    assign(activation, value(activation));
    expose(activation);
    return DONE;
  };
}

/** A body whose text is captured, with the outcome when it broke out of its loop; `outer` is what it stands in. */
function compileCapture(
  outer: Frame,
  frame: Frame,
  statements: readonly Statement[],
): (activation: Activation) => { text: string; outcome: Outcome } {
  const enter = compileEnter(frame.symbols);
  const body = frame.unit.body(frame, statements);
  return (activation) => {
    let outcome: Outcome = DONE;
    const text = activation.state.capture(() => {
      enter(activation);
      outcome = body(activation);
    });
    if (!outer.captured) activation.state.printAside();
    return { text, outcome };
  };
}

function compileSetBlock(frame: Frame, node: Node<'SetBlock'>): Execute {
  const inner = innerFrame(frame, { checksOutput: false, captured: true });
  analyse(inner.symbols, node.body);
  const filter = node.filter && compileTextFilter(inner, node.filter);
  const capture = compileCapture(frame, inner, node.body);
  const assign = compileTarget(frame, node.target);
  const expose = compileExport(frame, node.target);
  return (activation) => {
    const { text, outcome } = capture(activation);
    if (outcome !== DONE) return outcome;
    const value = capturedValue(activation, text);
    assign(activation, filter === undefined ? value : filter(activation, value));
    expose(activation);
    return DONE;
  };
}

/** A block's filter chain, given the block's text. */
function compileTextFilter(frame: Frame, node: FilterNode): (activation: Activation, text: Value) => Value {
  const { index } = frame.symbols.declareHidden();
  for (const { args } of findAll([node], 'Filter')) {
    analyse(frame.symbols, [...args.positional, ...args.keywords.map(([, value]) => value)]);
    analyse(
      frame.symbols,
      [args.star, args.starStar].filter((argument) => argument !== undefined),
    );
  }
  const apply = compileFilter(frame, node, (activation) => activation.slots[index] ?? null);
  return (activation, text) => {
    activation.slots[index] = text;
    return apply(activation);
  };
}

function compileFilterBlock(frame: Frame, node: Node<'FilterBlock'>): Execute {
  const inner = innerFrame(frame, { captured: true });
  analyse(inner.symbols, node.body);
  const filter = compileTextFilter(inner, node.filter);
  const capture = compileCapture(frame, inner, node.body);
  return (activation) => {
    const { text, outcome } = capture(activation);
    if (outcome !== DONE) return outcome;
    const value = filter(activation, capturedValue(activation, text));
    activation.state.at = node.at;
    activation.state.out += activation.state.engine.finalize(value);
    return DONE;
  };
}

function compileWith(frame: Frame, node: WithNode): Execute {
  const inner = innerFrame(frame);
  for (const target of node.targets) analyseTarget(inner.symbols, target, true);
  analyse(inner.symbols, node.body);
  const enter = compileEnter(inner.symbols);
  const assignments = node.targets.map((target, index) => {
    const value = node.values[index];
    if (value === undefined) throw new Error('a with target has a value');
    return { assign: compileTarget(inner, target), value: frame.unit.expression(frame, value) };
  });
  const body = frame.unit.body(inner, node.body);
  return (activation) => {
    enter(activation);
    for (const { assign, value } of assignments) assign(activation, value(activation));
    return body(activation);
  };
}

function compileAutoescape(frame: Frame, node: Node<'Autoescape'>): Execute {
  const known = node.enabled.type === 'Const' ? isTrue(node.enabled.value) : undefined;
  const inner = innerFrame(frame, { autoescape: known });
  analyse(inner.symbols, [node.enabled, ...node.body]);
  const enter = compileEnter(inner.symbols);
  const enabled = compileTruth(inner, node.enabled);
  const body = frame.unit.body(inner, node.body);
  return (activation) => {
    const { context } = activation;
    enter(activation);
    const before = context.autoescape;
    context.autoescape = enabled(activation);
    const outcome = body(activation);
    context.autoescape = before;
    return outcome;
  };
}

function compileDo(frame: Frame, node: Node<'Do'>): Execute {
  const evaluate = frame.unit.expression(frame, node.expression);
  return (activation) => {
    evaluate(activation);
    return DONE;
  };
}

function compileJump(frame: Frame, node: Node<'Break' | 'Continue'>): Execute {
  const isBreak = node.type === 'Break';
  if (!frame.inLoop) {
    failAt(frame, node.at, isBreak ? "'break' outside loop" : "'continue' not properly in loop");
  }
  return () => (isBreak ? BREAK : CONTINUE);
}

function compileCustom(frame: Frame, node: CustomNode): Execute {
  const inner = innerFrame(frame, { checksOutput: false, inLoop: false, captured: true });
  analyse(inner.symbols, node.body);
  const values = node.expressions.map((expression) => frame.unit.expression(frame, expression));
  const capture = compileCapture(frame, inner, node.body);
  return (activation) => {
    const evaluated = values.map((value) => value(activation));
    activation.state.at = node.at;
    activation.state.out += node.run(activation, evaluated, () => capture(activation).text);
    return DONE;
  };
}
