import { asks, type CompiledTarget, type TargetFacts } from './target.ts';
import { leafText } from './target_node.ts';

/** Why a minion is selected or not, term by term. */
export interface Explained {
  readonly term: string;
  readonly matches: boolean;
  readonly of?: readonly Explained[];
}

export function explainTarget(target: CompiledTarget, facts: TargetFacts): Explained {
  const matches = asks(target, facts);
  switch (target.op) {
    case 'match':
      return { term: leafText(target.leaf), matches };
    case 'not':
      return { term: 'not', matches, of: [explainTarget(target.node, facts)] };
    default:
      return { term: target.op, matches, of: [target.left, target.right].map((part) => explainTarget(part, facts)) };
  }
}
