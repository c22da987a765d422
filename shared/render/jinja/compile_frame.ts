import type { Value } from '../values/py_object.ts';
import type { Activation } from './activation.ts';
import type { Filter, Test } from './filter_scope.ts';
import type { Expression, Statement } from './nodes.ts';
import { type FunctionShape, type Load, type Slot, Symbols } from './symbols.ts';
import { errorAt, type TemplateSource } from './template_error.ts';

/** A compiled expression. */
export type Evaluate = (activation: Activation) => Value;

/** How a statement ended. */
export const DONE = 0;
export const BREAK = 1;
export const CONTINUE = 2;
export type Outcome = typeof DONE | typeof BREAK | typeof CONTINUE;

/** A compiled statement. */
export type Execute = (activation: Activation) => Outcome;

/** One template being compiled. */
export interface Unit {
  readonly source: TemplateSource;
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
  readonly expression: (frame: Frame, node: Expression) => Evaluate;
  readonly body: (frame: Frame, statements: readonly Statement[]) => Execute;
  /** An `extends` at the very top was compiled: what follows outside blocks is not printed. */
  extendsForSure: boolean;
  extendsSoFar: number;
}

/** Where in a template the compiler is. */
export interface Frame {
  readonly unit: Unit;
  readonly symbols: Symbols;
  /** At the template's top, also inside `if`: assignments are exported. */
  readonly toplevel: boolean;
  /** At the template's top and not inside `if`. */
  readonly rootlevel: boolean;
  /** Inside `if`: an unknown filter is an error only when it is reached. */
  readonly soft: boolean;
  readonly inLoop: boolean;
  /** Inside a block whose text is captured. */
  readonly captured: boolean;
  /** Printing here must ask whether a parent template does the printing. */
  readonly checksOutput: boolean;
  /** HTML escaping as known here; undefined when only the render knows. */
  readonly autoescape: boolean | undefined;
}

/** A frame inside another, of the same function. */
export function innerFrame(frame: Frame, changes: Partial<Frame> = {}): Frame {
  const symbols = new Symbols(frame.symbols.shape, frame.symbols);
  return { ...frame, symbols, toplevel: false, rootlevel: false, soft: false, ...changes };
}

/** A frame inside another that becomes a function of its own. */
export function functionFrame(frame: Frame, changes: Partial<Frame> = {}): Frame {
  const shape: FunctionShape = { parent: frame.symbols.shape, slotCount: 0 };
  return innerFrame(frame, { symbols: new Symbols(shape, frame.symbols), inLoop: false, captured: false, ...changes });
}

/** A syntax error found while compiling. */
export function failAt(frame: Frame, at: number, message: string, hint?: string): never {
  throw errorAt(frame.unit.source, at, 'TemplateSyntaxError', message, hint);
}

/** How many functions out a slot lives. */
function hopsTo(shape: FunctionShape, slot: Slot): number {
  let hops = 0;
  for (let at: FunctionShape | undefined = shape; at !== undefined && at !== slot.owner; at = at.parent) hops++;
  return hops;
}

/** The activation some functions out. */
function outward(activation: Activation, hops: number): Activation {
  let at = activation;
  for (let left = hops; left > 0 && at.parent !== undefined; left--) at = at.parent;
  return at;
}

/** Reads a slot; undefined while it has no value. */
export function compileRead(shape: FunctionShape, slot: Slot): (activation: Activation) => Value | undefined {
  const { index } = slot;
  const hops = hopsTo(shape, slot);
  if (hops === 0) return (activation) => activation.slots[index];
  if (hops === 1) return (activation) => activation.parent?.slots[index];
  return (activation) => outward(activation, hops).slots[index];
}

/** Gives a frame's variables the values they start with. */
export function compileEnter(symbols: Symbols): (activation: Activation) => void {
  const steps = symbols.loads().flatMap(({ slot, load }) => compileLoad(symbols.shape, slot, load));
  const [first, second] = steps;
  if (first === undefined) return () => undefined;
  if (second === undefined) return first;
  return (activation) => {
    for (const step of steps) step(activation);
  };
}

function compileLoad(shape: FunctionShape, { index }: Slot, load: Load): ((activation: Activation) => void)[] {
  switch (load.from) {
    case 'parameter':
      return [];
    case 'missing':
      return [
        (activation) => {
          activation.slots[index] = undefined;
        },
      ];
    case 'context':
      return [
        (activation) => {
          activation.slots[index] = activation.context.resolve(load.name);
        },
      ];
    case 'alias': {
      const read = compileRead(shape, load.slot);
      return [
        (activation) => {
          activation.slots[index] = read(activation);
        },
      ];
    }
  }
}
