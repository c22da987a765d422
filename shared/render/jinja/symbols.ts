import type { Expression, ForNode, Statement, Target } from './nodes.ts';
import { childrenOf, type Node } from './walk.ts';

/** A compiled function: a root, a block, a macro or a recursive loop, with the slots its variables live in. */
export interface FunctionShape {
  readonly parent: FunctionShape | undefined;
  slotCount: number;
}

/** Where a variable lives. */
export interface Slot {
  readonly owner: FunctionShape;
  readonly index: number;
}

/** How a slot gets its value when its frame is entered. */
export type Load =
  | { readonly from: 'parameter' }
  | { readonly from: 'missing' }
  | { readonly from: 'context'; readonly name: string }
  | { readonly from: 'alias'; readonly slot: Slot };

/**
 * The variables of one frame (the template's top, a loop's body, a macro …), decided before it is compiled as Jinja decides them:
 * a name read before it is assigned means the outer or context variable, once assigned it is the frame's own.
 */
export class Symbols {
  readonly shape: FunctionShape;
  readonly parent: Symbols | undefined;
  // One slot for a name of a frame, also when several branches of an `if` define it.
  readonly #slots: Map<string, Slot>;
  #refs = new Map<string, Slot>();
  #loads = new Map<string, Load>();
  #stores = new Set<string>();

  constructor(shape: FunctionShape, parent?: Symbols, slots = new Map<string, Slot>()) {
    this.shape = shape;
    this.parent = parent;
    this.#slots = slots;
  }

  /** The slot a name means here, or undefined when it was never analysed. */
  find(name: string): Slot | undefined {
    return this.#refs.get(name) ?? this.parent?.find(name);
  }

  /** The slot a name means here. */
  slot(name: string): Slot {
    const slot = this.find(name);
    if (slot === undefined) throw new Error(`the variable ${name} was not analysed`);
    return slot;
  }

  /** What to load when the frame is entered. */
  loads(): { slot: Slot; load: Load }[] {
    return [...this.#loads].map(([name, load]) => ({ slot: this.slot(name), load }));
  }

  /** The names assigned in this frame itself. */
  get stores(): ReadonlySet<string> {
    return this.#stores;
  }

  /** All names assigned in this frame and around it, with their slots. */
  visibleStores(): Map<string, Slot> {
    const visible = new Map<string, Slot>();
    for (let symbols: Symbols | undefined = this; symbols !== undefined; symbols = symbols.parent) {
      for (const name of symbols.#stores) if (!visible.has(name)) visible.set(name, this.slot(name));
    }
    return visible;
  }

  declareParameter(name: string): Slot {
    this.#stores.add(name);
    return this.#define(name, { from: 'parameter' });
  }

  /** A slot of this function that no name reaches. */
  declareHidden(): Slot {
    return { owner: this.shape, index: this.shape.slotCount++ };
  }

  /** A name is read. */
  load(name: string): void {
    if (this.find(name) === undefined) this.#define(name, { from: 'context', name });
  }

  /** A name is assigned. */
  store(name: string): void {
    this.#stores.add(name);
    if (this.#refs.has(name)) return;
    const outer = this.parent?.find(name);
    this.#define(name, outer === undefined ? { from: 'missing' } : { from: 'alias', slot: outer });
  }

  #define(name: string, load: Load): Slot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { owner: this.shape, index: this.shape.slotCount++ };
      this.#slots.set(name, slot);
    }
    this.#refs.set(name, slot);
    this.#loads.set(name, load);
    return slot;
  }

  /** A copy for one branch of an `if`. */
  branch(): Symbols {
    const copy = new Symbols(this.shape, this.parent, this.#slots);
    copy.#refs = new Map(this.#refs);
    copy.#loads = new Map(this.#loads);
    copy.#stores = new Set(this.#stores);
    return copy;
  }

  /** Takes over what the branches of an `if` did: a name that not all of them assign keeps its outer value elsewhere. */
  mergeBranches(branches: readonly Symbols[]): void {
    const counts = new Map<string, number>();
    for (const branch of branches) {
      for (const name of branch.#stores) {
        if (!this.#stores.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    for (const branch of branches) {
      for (const [name, slot] of branch.#refs) this.#refs.set(name, slot);
      for (const [name, load] of branch.#loads) this.#loads.set(name, load);
      for (const name of branch.#stores) this.#stores.add(name);
    }
    for (const [name, count] of counts) {
      if (count === branches.length) continue;
      const outer = this.parent?.find(name);
      this.#loads.set(name, outer === undefined ? { from: 'context', name } : { from: 'alias', slot: outer });
    }
  }
}

/** Analyses nodes that belong to a frame. */
export function analyse(symbols: Symbols, nodes: readonly (Expression | Statement)[]): void {
  for (const node of nodes) visit(symbols, node);
}

/** Analyses an assignment's target; `asParameter` for loop variables and `with`. */
export function analyseTarget(symbols: Symbols, target: Target, asParameter = false): void {
  if (target.type === 'TargetTuple') {
    for (const item of target.items) analyseTarget(symbols, item, asParameter);
  } else if (target.type === 'NamespaceSlot') {
    symbols.load(target.name);
  } else if (asParameter) {
    symbols.declareParameter(target.name);
  } else {
    symbols.store(target.name);
  }
}

/** Analyses the inside of a loop's body. */
export function analyseLoopBody(symbols: Symbols, node: ForNode): void {
  analyseTarget(symbols, node.target, true);
  analyse(symbols, node.body);
}

// Frames of their own (loops, macros, blocks, with …) are analysed when they are compiled; here only what they ask of this one.
function visit(symbols: Symbols, node: Node): void {
  switch (node.type) {
    case 'If':
      visitIf(symbols, node);
      break;
    case 'Autoescape':
    case 'Block':
      break;
    default:
      for (const child of readHere(node)) visit(symbols, child);
      storeHere(symbols, node);
  }
}

/** The children of a node that are evaluated in the frame it stands in. */
function readHere(node: Node): readonly Node[] {
  switch (node.type) {
    case 'Macro':
    case 'SetBlock':
      return [];
    case 'Set':
      return [node.value];
    case 'For':
      return [node.iterable];
    case 'CallBlock':
      return [node.call];
    case 'FilterBlock':
      return [node.filter];
    case 'With':
      return node.values;
    case 'Custom':
      return node.expressions;
    default:
      return childrenOf(node);
  }
}

/** What a node reads or assigns in its frame by itself. */
function storeHere(symbols: Symbols, node: Node): void {
  if (node.type === 'Name') symbols.load(node.name);
  else if (node.type === 'Macro') symbols.store(node.name);
  else if (node.type === 'Import') symbols.store(node.target);
  else if (node.type === 'FromImport') for (const { alias } of node.names) symbols.store(alias);
  else if (node.type === 'Set' || node.type === 'SetBlock') analyseTarget(symbols, node.target);
}

function visitIf(symbols: Symbols, node: Extract<Statement, { type: 'If' }>): void {
  const [first, ...rest] = node.branches;
  if (first === undefined) return;
  visit(symbols, first.test);
  const body = symbols.branch();
  analyse(body, first.body);
  const elif = symbols.branch();
  for (const branch of rest) visitElif(elif, branch.test, branch.body);
  const otherwise = symbols.branch();
  analyse(otherwise, node.otherwise);
  symbols.mergeBranches([body, elif, otherwise]);
}

// Each elif is an `if` of its own inside the second branch, as Jinja nests them.
function visitElif(symbols: Symbols, test: Expression, statements: readonly Statement[]): void {
  visit(symbols, test);
  const body = symbols.branch();
  analyse(body, statements);
  symbols.mergeBranches([body, symbols.branch(), symbols.branch()]);
}
