/** A member of a character set: a range of code points, or a class with a letter of its own. */
export type SetItem = { readonly from: number; readonly to: number } | { readonly class: ClassLetter };

/** `\d`, `\w`, `\s`; upper case: everything else. */
export type ClassLetter = 'd' | 'D' | 'w' | 'W' | 's' | 'S';

/** Where something must be: line or text start and end, word boundaries. */
export type AnchorKind = '^' | '$' | 'A' | 'Z' | 'b' | 'B' | '^m' | '$m';

export type RegexNode =
  | { readonly type: 'char'; readonly code: number; readonly ignoreCase: boolean }
  | { readonly type: 'any'; readonly lineBreaks: boolean }
  | {
      readonly type: 'set';
      readonly items: readonly SetItem[];
      readonly negated: boolean;
      readonly ignoreCase: boolean;
    }
  | { readonly type: 'sequence'; readonly nodes: readonly RegexNode[] }
  | { readonly type: 'choice'; readonly nodes: readonly RegexNode[] }
  | { readonly type: 'group'; readonly number: number; readonly node: RegexNode }
  | { readonly type: 'reference'; readonly number: number; readonly ignoreCase: boolean }
  | {
      readonly type: 'repeat';
      readonly node: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
    }
  | { readonly type: 'anchor'; readonly kind: AnchorKind }
  | { readonly type: 'look'; readonly node: RegexNode; readonly negated: boolean; readonly behind: number | undefined }
  | { readonly type: 'condition'; readonly number: number; readonly yes: RegexNode; readonly no: RegexNode };

export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
}

export interface ParsedRegex {
  readonly node: RegexNode;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
}

/** The number of characters that the node matches, or undefined when that varies. */
export function fixedWidth(node: RegexNode): number | undefined {
  switch (node.type) {
    case 'char':
    case 'any':
    case 'set':
      return 1;
    case 'anchor':
    case 'look':
      return 0;
    case 'group':
      return fixedWidth(node.node);
    case 'sequence':
      return node.nodes.reduce<number | undefined>((sum, part) => add(sum, fixedWidth(part)), 0);
    case 'choice':
      return same(node.nodes.map(fixedWidth));
    case 'repeat':
      return node.min === node.max ? times(fixedWidth(node.node), node.min) : undefined;
    case 'condition':
      return same([fixedWidth(node.yes), fixedWidth(node.no)]);
    case 'reference':
      return undefined;
  }
}

function add(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left + right;
}

function times(width: number | undefined, count: number): number | undefined {
  return width === undefined ? undefined : width * count;
}

function same(widths: readonly (number | undefined)[]): number | undefined {
  return widths.every((width) => width === widths[0]) ? widths[0] : undefined;
}
