import { affirm, markupText, negate, operate } from '../values/arithmetic.ts';
import { pyEquals } from '../values/equality.ts';
import { pyContains } from '../values/iteration.ts';
import { Markup } from '../values/markup.ts';
import { pyOrder } from '../values/order.ts';
import { PyDict } from '../values/py_dict.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pySlice } from '../values/slice.ts';
import { pyRepr, pyStr } from '../values/text.ts';
import { isTrue } from '../values/truth.ts';
import { Undefined } from '../values/undefined.ts';
import type { Activation } from './activation.ts';
import { getAttribute, getItem } from './attribute.ts';
import { compileCall, compileFilter, compileTest } from './compile_call.ts';
import { compileRead, type Evaluate, type Frame, failAt } from './compile_frame.ts';
import type { CompareOperator, Expression } from './nodes.ts';
import { suggest } from './suggest.ts';
import { placeOf } from './template_error.ts';

type Node<T extends Expression['type']> = Extract<Expression, { type: T }>;

/** Compiles an expression. */
export function compileExpression(frame: Frame, node: Expression): Evaluate {
  switch (node.type) {
    case 'Const':
      return () => node.value;
    case 'Name':
      return compileName(frame, node);
    case 'Attribute':
      return compileAttribute(frame, node);
    case 'Item':
      return compileItem(frame, node);
    case 'Call':
      return compileCall(frame, node);
    case 'Filter':
      return compileFilter(frame, node);
    case 'Test':
      return compileTest(frame, node);
    case 'Binary':
    case 'Unary':
    case 'Concat':
      return compileArithmetic(frame, node);
    case 'And':
    case 'Or':
    case 'Not':
    case 'Condition':
      return compileLogic(frame, node);
    case 'Compare':
      return compileCompare(frame, node);
    default:
      return compileCollection(frame, node);
  }
}

function compileName(frame: Frame, { name, at }: Node<'Name'>): Evaluate {
  const read = compileRead(frame.symbols.shape, frame.symbols.slot(name));
  return (activation) => {
    const value = read(activation);
    if (value !== undefined) return value;
    activation.state.at = at;
    return activation.undefined({ name, suggestion: () => nearVariable(activation, name) });
  };
}

/** A variable, or the filter that somebody has called as a function. */
function nearVariable({ context, state }: Activation, name: string): string | undefined {
  const { filters } = state.engine;
  if (filters.has(name)) return `'${name}' is a filter: value | ${name}`;
  return suggest(name, context.all().keys()) ?? suggest(name, filters.keys(), 'the filter ');
}

function compileAttribute(frame: Frame, node: Node<'Attribute'>): Evaluate {
  const { name, at } = node;
  const owner = compileExpression(frame, node.owner);
  return (activation) => {
    const value = owner(activation);
    activation.state.at = at;
    return getAttribute(value, name, activation.state.engine.strict);
  };
}

function compileItem(frame: Frame, node: Node<'Item'>): Evaluate {
  const { at } = node;
  const owner = compileExpression(frame, node.owner);
  if (node.key.type === 'Slice') {
    const parts = node.key.parts.map((part) => (part === undefined ? () => null : compileExpression(frame, part)));
    return (activation) => {
      const value = owner(activation);
      const bounds = parts.map((part) => part(activation));
      activation.state.at = at;
      return pySlice(value, bounds);
    };
  }
  const key = compileExpression(frame, node.key);
  return (activation) => {
    const value = owner(activation);
    const index = key(activation);
    activation.state.at = at;
    if (value instanceof PyDict && typeof index === 'string') {
      const item = value.get(index);
      if (item !== undefined) return item;
    }
    return getItem(value, index, activation.state.engine.strict);
  };
}

function compileArithmetic(frame: Frame, node: Node<'Binary' | 'Unary' | 'Concat'>): Evaluate {
  const { at } = node;
  if (node.type === 'Concat') return compileConcat(frame, node);
  if (node.type === 'Unary') {
    const operand = compileExpression(frame, node.operand);
    const apply = node.operator === '-' ? negate : affirm;
    return (activation) => {
      const value = operand(activation);
      activation.state.at = at;
      return apply(value);
    };
  }
  const { operator, left: base } = node;
  if (operator === '**' && base.type === 'Unary' && isConstant(base) && !isConstant(node.right)) {
    return compileArithmetic(frame, { ...base, operand: { ...node, left: base.operand } });
  }
  const left = compileExpression(frame, node.left);
  const right = compileExpression(frame, node.right);
  return (activation) => {
    const a = left(activation);
    const b = right(activation);
    activation.state.at = at;
    return operate(operator, a, b);
  };
}

/**
 * Jinja works out such expressions while it compiles, and writes what comes of it into Python's source without brackets: there
 * `-2 ** n` is the negative of a power.
 */
function isConstant(node: Expression): boolean {
  if (node.type === 'Unary') return isConstant(node.operand);
  return node.type === 'Const' || (node.type === 'Binary' && isConstant(node.left) && isConstant(node.right));
}

function compileConcat(frame: Frame, { items, at }: Node<'Concat'>): Evaluate {
  const parts = items.map((item) => compileExpression(frame, item));
  const joinsMarkup = frame.autoescape === true;
  return (activation) => {
    const values = parts.map((part) => part(activation));
    activation.state.at = at;
    if (joinsMarkup && values.some((value) => value instanceof Markup)) {
      return new Markup(values.map(markupText).join(''));
    }
    let text = '';
    for (const value of values) text += typeof value === 'string' ? value : pyStr(value);
    return text;
  };
}

function compileLogic(frame: Frame, node: Node<'And' | 'Or' | 'Not' | 'Condition'>): Evaluate {
  if (node.type === 'Condition') return compileCondition(frame, node);
  if (node.type === 'Not') {
    const operand = compileTruth(frame, node.operand);
    return (activation) => !operand(activation);
  }
  const { at } = node;
  const stopsAt = node.type === 'Or';
  const left = compileExpression(frame, node.left);
  const right = compileExpression(frame, node.right);
  return (activation) => {
    const value = left(activation);
    activation.state.at = at;
    return isTrue(value) === stopsAt ? value : right(activation);
  };
}

/** Compiles an expression of which only the truth matters. */
export function compileTruth(frame: Frame, node: Expression): (activation: Parameters<Evaluate>[0]) => boolean {
  const { at } = node;
  const evaluate = compileExpression(frame, node);
  return (activation) => {
    const value = evaluate(activation);
    if (typeof value === 'boolean') return value;
    activation.state.at = at;
    return isTrue(value);
  };
}

function compileCondition(outer: Frame, node: Node<'Condition'>): Evaluate {
  const frame = { ...outer, soft: true };
  const test = compileTruth(frame, node.test);
  const then = compileExpression(frame, node.value);
  if (node.otherwise === undefined) {
    const hint = `the inline if-expression on ${positionText(frame, node.at)} evaluated to false and no else section was defined.`;
    // Jinja answers the lenient kind of undefined here, also when it is strict.
    return (activation) => (test(activation) ? then(activation) : new Undefined({ hint }, false));
  }
  const otherwise = compileExpression(frame, node.otherwise);
  return (activation) => (test(activation) ? then(activation) : otherwise(activation));
}

/** `line 3 in 'name'`, as Jinja's messages say it. */
export function positionText(frame: Frame, at: number): string {
  const { source } = frame.unit;
  const line = `line ${placeOf(source, at).line}`;
  return source.inline ? line : `${line} in ${pyRepr(source.name)}`;
}

function compileCompare(frame: Frame, node: Node<'Compare'>): Evaluate {
  const { at } = node;
  const first = compileExpression(frame, node.first);
  const rest = node.rest.map(([operator, operand]) => ({ operator, operand: compileExpression(frame, operand) }));
  const [only] = rest;
  if (only !== undefined && rest.length === 1) {
    const { operator, operand } = only;
    return (activation) => {
      const left = first(activation);
      const right = operand(activation);
      activation.state.at = at;
      return compare(operator, left, right);
    };
  }
  return (activation) => {
    let left = first(activation);
    for (const { operator, operand } of rest) {
      const right = operand(activation);
      activation.state.at = at;
      if (!compare(operator, left, right)) return false;
      left = right;
    }
    return true;
  };
}

function compare(operator: CompareOperator, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return pyEquals(left, right);
    case '!=':
      return !pyEquals(left, right);
    case 'in':
      return pyContains(right, left);
    case 'not in':
      return !pyContains(right, left);
    default:
      return pyOrder(operator, left, right);
  }
}

function compileCollection(frame: Frame, node: Node<'List' | 'Tuple' | 'Dict' | 'Slice'>): Evaluate {
  const { at } = node;
  if (node.type === 'Dict') {
    const pairs = node.pairs.map(
      ([key, value]) => [compileExpression(frame, key), compileExpression(frame, value)] as const,
    );
    return (activation) => {
      const dict = new PyDict();
      for (const [key, value] of pairs) {
        const evaluated = key(activation);
        const item = value(activation);
        activation.state.at = at;
        dict.set(evaluated, item);
      }
      return dict;
    };
  }
  // Python has no word for a slice among several subscripts (`x[1:2, 3]`) outside one.
  if (node.type === 'Slice') failAt(frame, at, 'invalid syntax');
  const items = node.items.map((item) => compileExpression(frame, item));
  if (node.type === 'List') return (activation) => items.map((item) => item(activation));
  return (activation) => new PyTuple(items.map((item) => item(activation)));
}
