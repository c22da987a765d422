import type { ScalarStyle } from './token.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  tag: string;
  readonly text: string;
  readonly style: ScalarStyle;
  /** Offset in the text. */
  readonly start: number;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  tag: string;
  readonly items: Node[];
  readonly start: number;
}

export interface MappingNode {
  readonly kind: 'mapping';
  tag: string;
  pairs: [key: Node, value: Node][];
  readonly start: number;
}

/** A YAML node. An alias is the very node it stands for. Tags and pairs change when merge keys are resolved. */
export type Node = ScalarNode | SequenceNode | MappingNode;

export const TAG_PREFIX = 'tag:yaml.org,2002:';
