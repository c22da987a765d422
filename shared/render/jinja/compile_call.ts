import { iterate, tryIterate } from '../values/iteration.ts';
import { Markup } from '../values/markup.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { type Kwargs, NO_KWARGS, type Value } from '../values/py_object.ts';
import { isText, pyRepr, textOf, typeName } from '../values/text.ts';
import { Undefined } from '../values/undefined.ts';
import type { Activation } from './activation.ts';
import { getAttribute } from './attribute.ts';
import { type Evaluate, type Frame, failAt } from './compile_frame.ts';
import { methodOf } from './methods.ts';
import type { Arguments, CallNode, Expression, FilterNode } from './nodes.ts';
import { suggest } from './suggest.ts';

type Apply = (activation: Activation, args: Value[], kwargs: Kwargs) => Value;

/** A compiled call, given what makes the leading argument (if any) and what to do with all of them. */
function compileArguments(frame: Frame, node: Arguments, lead: Evaluate | undefined, apply: Apply): Evaluate {
  const compile = (expression: Expression) => frame.unit.expression(frame, expression);
  const positional = [...(lead === undefined ? [] : [lead]), ...node.positional.map(compile)];
  const [first, second] = positional;
  if (node.keywords.length === 0 && node.star === undefined && node.starStar === undefined) {
    if (first === undefined) return (activation) => apply(activation, [], NO_KWARGS);
    if (second === undefined) return (activation) => apply(activation, [first(activation)], NO_KWARGS);
    return (activation) =>
      apply(
        activation,
        positional.map((evaluate) => evaluate(activation)),
        NO_KWARGS,
      );
  }
  const keywords = node.keywords.map(([name, value]) => [name, compile(value)] as const);
  const star = node.star && compile(node.star);
  const starStar = node.starStar && compile(node.starStar);
  const doubled = keywords.find(([name], index) => keywords.findIndex(([other]) => other === name) < index);
  if (doubled !== undefined) failAt(frame, 0, `keyword argument repeated: ${doubled[0]}`);
  return (activation) => {
    const args = positional.map((evaluate) => evaluate(activation));
    if (star !== undefined) spread(args, star(activation));
    const kwargs = new Map<string, Value>();
    for (const [name, value] of keywords) kwargs.set(name, value(activation));
    if (starStar !== undefined) spreadKeywords(kwargs, starStar(activation));
    return apply(activation, args, kwargs);
  };
}

// Where Jinja calls functions, as Python's messages name the place.
const CALLER = 'jinja2.sandbox.SandboxedEnvironment.call()';

function spread(args: Value[], value: Value): void {
  if (!(value instanceof Undefined) && tryIterate(value) === undefined) {
    throw new PyError('TypeError', `Value after * must be an iterable, not ${typeName(value)}`);
  }
  const iterator = iterate(value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) args.push(step.value);
}

function spreadKeywords(kwargs: Map<string, Value>, value: Value): void {
  if (value instanceof Undefined) value.fail();
  if (!(value instanceof PyDict)) {
    throw new PyError('TypeError', `${CALLER} argument after ** must be a mapping, not ${typeName(value)}`);
  }
  for (const [key, item] of value.entries()) {
    if (!isText(key)) throw new PyError('TypeError', 'keywords must be strings');
    const name = textOf(key);
    if (kwargs.has(name))
      throw new PyError('TypeError', `${CALLER} got multiple values for keyword argument ${pyRepr(name)}`);
    kwargs.set(name, item);
  }
}

/** Compiles a call; `caller` adds the call block's body as a keyword argument. */
export function compileCall(frame: Frame, node: CallNode, caller?: Evaluate): Evaluate {
  if (node.callee.type === 'Attribute' && caller === undefined) return compileMethodCall(frame, node, node.callee);
  const { at } = node;
  const callee = frame.unit.expression(frame, node.callee);
  const apply: Apply = (activation, args, kwargs) => {
    const [target = null, ...rest] = args;
    activation.state.at = at;
    return activation.call(target, rest, caller === undefined ? kwargs : withCaller(kwargs, caller(activation)));
  };
  return compileArguments(frame, node.args, callee, apply);
}

function withCaller(kwargs: Kwargs, caller: Value): Kwargs {
  if (kwargs.has('caller')) throw new PyError('TypeError', "got multiple values for keyword argument 'caller'");
  return new Map([...kwargs, ['caller', caller]]);
}

/** `owner.name(…)`: methods of built-in types are called without making a bound method first. */
function compileMethodCall(frame: Frame, node: CallNode, callee: Extract<Expression, { type: 'Attribute' }>): Evaluate {
  const { name } = callee;
  const { at } = node;
  const owner = frame.unit.expression(frame, callee.owner);
  // An undefined owner is an error before the arguments are looked at.
  const lead: Evaluate = (activation) => {
    const self = owner(activation);
    activation.state.at = callee.at;
    if (self instanceof Undefined) self.fail();
    return self;
  };
  return compileArguments(frame, node.args, lead, (activation, args, kwargs) => {
    const self = args.shift() ?? null;
    activation.state.at = at;
    const method = methodOf(self, name);
    if (method !== undefined) return method(self, args, kwargs);
    return activation.call(getAttribute(self, name, activation.state.engine.strict), args, kwargs);
  });
}

/** Compiles a filter; `block` makes the text of a filter block. */
export function compileFilter(frame: Frame, node: FilterNode, block?: Evaluate): Evaluate {
  const { name, at } = node;
  const filter = frame.unit.filters.get(name);
  if (filter === undefined && !frame.soft) {
    failAt(frame, at, `No filter named ${pyRepr(name)}.`, suggest(name, frame.unit.filters.keys()));
  }
  const target =
    node.target === null
      ? block
      : node.target.type === 'Filter' && block !== undefined
        ? compileFilter(frame, node.target, block)
        : frame.unit.expression(frame, node.target);
  return compileArguments(frame, node.args, target, (activation, args, kwargs) => {
    activation.state.at = at;
    return (filter ?? activation.state.filter(name))(activation, args, kwargs);
  });
}

/** Compiles a test. */
export function compileTest(frame: Frame, node: Extract<Expression, { type: 'Test' }>): Evaluate {
  const { name, at } = node;
  const test = frame.unit.tests.get(name);
  if (test === undefined && !frame.soft) {
    failAt(frame, at, `No test named ${pyRepr(name)}.`, suggest(name, frame.unit.tests.keys()));
  }
  const target = frame.unit.expression(frame, node.target);
  return compileArguments(frame, node.args, target, (activation, args, kwargs) => {
    activation.state.at = at;
    return (test ?? activation.state.test(name))(activation, args, kwargs);
  });
}

/** A captured text as a value: safe HTML where escaping is on. */
export function capturedValue(activation: Activation, text: string): Value {
  return activation.context.autoescape ? new Markup(text) : text;
}
