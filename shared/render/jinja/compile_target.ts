import { iterate } from '../values/iteration.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PyObject } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, typeName } from '../values/text.ts';
import type { Activation } from './activation.ts';
import { compileRead, type Frame } from './compile_frame.ts';
import { Namespace } from './namespace.ts';
import type { Target } from './nodes.ts';

/** A compiled assignment. */
export type Assign = (activation: Activation, value: Value) => void;

/** Compiles what an assignment assigns to; its names belong to this very frame. */
export function compileTarget(frame: Frame, target: Target): Assign {
  if (target.type === 'Name') {
    const { index } = frame.symbols.slot(target.name);
    return (activation, value) => {
      activation.slots[index] = value;
    };
  }
  if (target.type === 'TargetTuple') return compileUnpacking(frame, target.items, target.at);
  const check = compileNamespaceCheck(frame, target);
  return (activation, value) => check(activation).assign(target.attribute, value);
}

/** The namespace that `{% set ns.x = … %}` assigns to, checked. */
export function compileNamespaceCheck(
  frame: Frame,
  target: Extract<Target, { type: 'NamespaceSlot' }>,
): (activation: Activation) => Namespace {
  const read = compileRead(frame.symbols.shape, frame.symbols.slot(target.name));
  return (activation) => {
    activation.state.at = target.at;
    const namespace = read(activation);
    if (namespace instanceof Namespace) return namespace;
    throw new PyError('TemplateRuntimeError', 'cannot assign attribute on non-namespace object');
  };
}

function compileUnpacking(frame: Frame, targets: readonly Target[], at: number): Assign {
  const assigns = targets.map((target) => compileTarget(frame, target));
  const [first, second] = assigns;
  if (first !== undefined && second !== undefined && assigns.length === 2) {
    return (activation, value) => {
      activation.state.at = at;
      // Pairs of a dict's items are what nearly every loop unpacks.
      const items = value instanceof PyTuple && value.items.length === 2 ? value.items : unpack(value, 2);
      first(activation, items[0] ?? null);
      second(activation, items[1] ?? null);
    };
  }
  return (activation, value) => {
    activation.state.at = at;
    const items = unpack(value, assigns.length);
    assigns.forEach((assign, index) => {
      assign(activation, items[index] ?? null);
    });
  };
}

function unpack(value: Value, wanted: number): readonly Value[] {
  const iterable =
    Array.isArray(value) ||
    isText(value) ||
    value instanceof Uint8Array ||
    (value instanceof PyObject && value.iterate() !== undefined);
  if (!iterable) throw new PyError('TypeError', `cannot unpack non-iterable ${typeName(value)} object`);
  const items: Value[] = [];
  const iterator = iterate(value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    if (items.length === wanted) throw new PyError('ValueError', `too many values to unpack (expected ${wanted})`);
    items.push(step.value);
  }
  if (items.length < wanted) {
    throw new PyError('ValueError', `not enough values to unpack (expected ${wanted}, got ${items.length})`);
  }
  return items;
}
