import type { Value } from '../values/py_object.ts';

export type Comparator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A JMESPath expression. */
export type JmesNode =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'current' }
  | { readonly type: 'literal'; readonly value: Value }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'slice'; readonly parts: readonly (number | null)[] }
  /** The right side of what the left side gives. */
  | { readonly type: 'chain'; readonly left: JmesNode; readonly right: JmesNode }
  /** The right side of each item of a list, of each value of a dict, or of each item of a flattened list. */
  | { readonly type: 'each'; readonly of: 'list' | 'dict' | 'flat'; readonly left: JmesNode; readonly right: JmesNode }
  | { readonly type: 'filter'; readonly left: JmesNode; readonly condition: JmesNode; readonly right: JmesNode }
  | { readonly type: 'and' | 'or'; readonly left: JmesNode; readonly right: JmesNode }
  | { readonly type: 'not'; readonly operand: JmesNode }
  | { readonly type: 'compare'; readonly operator: Comparator; readonly left: JmesNode; readonly right: JmesNode }
  | { readonly type: 'list'; readonly items: readonly JmesNode[] }
  | { readonly type: 'dict'; readonly members: readonly (readonly [string, JmesNode])[] }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly JmesNode[] }
  /** `&expression`: an expression as an argument. */
  | { readonly type: 'reference'; readonly expression: JmesNode };
