import type { TargetType } from '../protocol/fields.ts';

/** What a single word of a target looks at (TGT-1 to TGT-9). */
export type LeafKind = Exclude<TargetType, 'nodegroup' | 'compound'>;

/** One question about one minion. */
export interface TargetLeaf {
  readonly op: 'match';
  readonly kind: LeafKind;
  /** Ids for a list, else what was written behind the `@`. */
  readonly pattern: string | readonly string[];
  /** Between the steps of a path of grains and its value. */
  readonly delimiter: string;
}

/** A target as a tree: `not` binds closer than `and`, `and` closer than `or` (TGT-14). */
export type TargetNode =
  | TargetLeaf
  | { readonly op: 'not'; readonly node: TargetNode }
  | { readonly op: 'and' | 'or'; readonly left: TargetNode; readonly right: TargetNode };

/** How it would be written as a word of a compound target. */
export function leafText({ kind, pattern, delimiter }: TargetLeaf): string {
  const text = typeof pattern === 'string' ? pattern : pattern.join(',');
  const letter = letterOf(kind);
  if (letter === undefined) return text;
  return `${letter}${takesDelimiter(kind) && delimiter !== ':' ? delimiter : ''}@${text}`;
}

/** The words of a compound target that says the same, without node groups. */
export function wordsOfTarget(node: TargetNode): string[] {
  switch (node.op) {
    case 'match':
      return [leafText(node)];
    case 'not':
      return ['not', ...nested(node.node)];
    default:
      return [...nested(node.left), node.op, ...nested(node.right)];
  }
}

function nested(node: TargetNode): string[] {
  const words = wordsOfTarget(node);
  return node.op === 'match' ? words : ['(', ...words, ')'];
}

/** Salt's letters in front of the `@`. */
export const matcherLetters: Readonly<Record<string, LeafKind | 'nodegroup'>> = {
  G: 'grain',
  P: 'grain_pcre',
  I: 'pillar',
  J: 'pillar_pcre',
  L: 'list',
  S: 'ipcidr',
  E: 'pcre',
  N: 'nodegroup',
};

function letterOf(kind: LeafKind): string | undefined {
  return Object.keys(matcherLetters).find((letter) => matcherLetters[letter] === kind);
}

export function takesDelimiter(kind: LeafKind | 'nodegroup'): boolean {
  return kind.startsWith('grain') || kind.startsWith('pillar');
}
