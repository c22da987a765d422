import type { Arguments, DataNode, Expression, Statement, Target } from './nodes.ts';

/** Any node of a template. */
export type Node = Expression | Statement | DataNode | Target;

/** A node's direct children, in the order Jinja visits them. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.type) {
    case 'Output':
    case 'List':
    case 'Tuple':
    case 'TargetTuple':
    case 'Concat':
      return node.items;
    case 'Dict':
      return node.pairs.flat();
    case 'Unary':
    case 'Not':
      return [node.operand];
    case 'Binary':
    case 'And':
    case 'Or':
      return [node.left, node.right];
    case 'Compare':
      return [node.first, ...node.rest.map(([, operand]) => operand)];
    case 'Condition':
      return present([node.test, node.value, node.otherwise]);
    case 'Attribute':
      return [node.owner];
    case 'Item':
      return [node.owner, node.key];
    case 'Slice':
      return present(node.parts);
    case 'Call':
      return [node.callee, ...argumentsOf(node.args)];
    case 'Filter':
    case 'Test':
      return [...present([node.target ?? undefined]), ...argumentsOf(node.args)];
    case 'Name':
    case 'Const':
    case 'Data':
    case 'NamespaceSlot':
    case 'Break':
    case 'Continue':
      return [];
    default:
      return childrenOfStatement(node);
  }
}

type Compound = Exclude<Statement, { type: 'Output' | 'Break' | 'Continue' }>;

function childrenOfStatement(node: Compound): readonly Node[] {
  switch (node.type) {
    case 'For':
      return present([node.target, node.iterable, ...node.body, ...node.otherwise, node.test]);
    case 'If':
      return [...node.branches.flatMap(({ test, body }) => [test, ...body]), ...node.otherwise];
    case 'Macro':
      return [...node.parameters, ...node.defaults, ...node.body];
    case 'CallBlock':
      return [node.call, ...node.parameters, ...node.defaults, ...node.body];
    case 'Set':
      return [node.target, node.value];
    case 'SetBlock':
      return present([node.target, node.filter, ...node.body]);
    case 'FilterBlock':
      return [...node.body, node.filter];
    case 'With':
      return [...node.targets, ...node.values, ...node.body];
    case 'Autoescape':
      return [node.enabled, ...node.body];
    case 'Custom':
      return [...node.expressions, ...node.body];
    case 'Block':
      return node.body;
    case 'Include':
    case 'Import':
    case 'FromImport':
    case 'Extends':
      return [node.template];
    case 'Do':
      return [node.expression];
  }
}

function argumentsOf(args: Arguments): Expression[] {
  return present([...args.positional, ...args.keywords.map(([, value]) => value), args.star, args.starStar]);
}

function present<T>(nodes: readonly (T | undefined)[]): T[] {
  return nodes.filter((node) => node !== undefined);
}

/** Every node of a type below `nodes`. */
export function* findAll<T extends Node['type']>(
  nodes: readonly Node[],
  type: T,
): Generator<Extract<Node, { type: T }>> {
  for (const node of nodes) {
    if (node.type === type) yield node as Extract<Node, { type: T }>;
    yield* findAll(childrenOf(node), type);
  }
}

/** Which of `names` are read before they are assigned; blocks are functions of their own and not looked into. */
export function findUndeclared(nodes: readonly Node[], names: readonly string[]): ReadonlySet<string> {
  const open = new Set(names);
  const undeclared = new Set<string>();
  const visit = (node: Node, stores: boolean) => {
    if (node.type === 'Block') return;
    if (node.type === 'Name' && open.has(node.name)) {
      if (stores) open.delete(node.name);
      else undeclared.add(node.name);
    }
    const declared = declaredIn(node);
    for (const child of childrenOf(node)) visit(child, stores || declared.includes(child));
  };
  for (const node of nodes) visit(node, false);
  return undeclared;
}

/** The children of a node that are assigned, not read. */
function declaredIn(node: Node): readonly Node[] {
  switch (node.type) {
    case 'For':
    case 'Set':
    case 'SetBlock':
      return [node.target];
    case 'With':
      return node.targets;
    case 'Macro':
    case 'CallBlock':
      return node.parameters;
    default:
      return [];
  }
}
