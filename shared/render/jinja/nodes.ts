import type { BinaryOperator, OrderOperator, Value } from '../values/py_object.ts';
import type { FilterScope } from './filter_scope.ts';

/** Arguments of a call, filter or test. */
export interface Arguments {
  readonly positional: readonly Expression[];
  readonly keywords: readonly (readonly [string, Expression])[];
  readonly star?: Expression | undefined;
  readonly starStar?: Expression | undefined;
}

interface Placed {
  /** Offset in the source. */
  readonly at: number;
}

export interface NameNode extends Placed {
  readonly type: 'Name';
  readonly name: string;
}
export interface CallNode extends Placed {
  readonly type: 'Call';
  readonly callee: Expression;
  readonly args: Arguments;
}
export interface FilterNode extends Placed {
  readonly type: 'Filter';
  /** Null inside a filter block: the block's text. */
  readonly target: Expression | null;
  readonly name: string;
  readonly args: Arguments;
}
export interface SliceNode extends Placed {
  readonly type: 'Slice';
  readonly parts: readonly (Expression | undefined)[];
}
export interface TupleNode extends Placed {
  readonly type: 'Tuple';
  readonly items: readonly Expression[];
}
export type CompareOperator = OrderOperator | '==' | '!=' | 'in' | 'not in';

/** Expressions, as the parser gives them. */
export type Expression =
  | NameNode
  | CallNode
  | FilterNode
  | SliceNode
  | TupleNode
  | (Placed & { readonly type: 'Const'; readonly value: Value })
  | (Placed & { readonly type: 'List'; readonly items: readonly Expression[] })
  | (Placed & { readonly type: 'Dict'; readonly pairs: readonly (readonly [Expression, Expression])[] })
  | (Placed & { readonly type: 'Unary'; readonly operator: '-' | '+'; readonly operand: Expression })
  | (Placed & { readonly type: 'Not'; readonly operand: Expression })
  | (Placed & {
      readonly type: 'Binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Placed & { readonly type: 'And' | 'Or'; readonly left: Expression; readonly right: Expression })
  | (Placed & { readonly type: 'Concat'; readonly items: readonly Expression[] })
  | (Placed & {
      readonly type: 'Compare';
      readonly first: Expression;
      readonly rest: readonly (readonly [CompareOperator, Expression])[];
    })
  | (Placed & {
      readonly type: 'Condition';
      readonly test: Expression;
      readonly value: Expression;
      readonly otherwise: Expression | undefined;
    })
  | (Placed & { readonly type: 'Attribute'; readonly owner: Expression; readonly name: string })
  | (Placed & { readonly type: 'Item'; readonly owner: Expression; readonly key: Expression })
  | (Placed & { readonly type: 'Test'; readonly target: Expression; readonly name: string; readonly args: Arguments });

/** What can stand left of `=`. */
export type Target =
  | NameNode
  | (Placed & { readonly type: 'TargetTuple'; readonly items: readonly Target[] })
  | (Placed & { readonly type: 'NamespaceSlot'; readonly name: string; readonly attribute: string });

export interface Signature {
  readonly parameters: readonly NameNode[];
  /** Defaults of the last parameters. */
  readonly defaults: readonly Expression[];
}
export interface ForNode extends Placed {
  readonly type: 'For';
  readonly target: Target;
  readonly iterable: Expression;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
  readonly test: Expression | undefined;
  readonly recursive: boolean;
}
export interface IfNode extends Placed {
  readonly type: 'If';
  readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
  readonly otherwise: readonly Statement[];
}
export interface BlockNode extends Placed {
  readonly type: 'Block';
  readonly name: string;
  readonly body: readonly Statement[];
  readonly scoped: boolean;
  readonly required: boolean;
}
export interface MacroNode extends Placed, Signature {
  readonly type: 'Macro';
  readonly name: string;
  readonly body: readonly Statement[];
}
export interface CallBlockNode extends Placed, Signature {
  readonly type: 'CallBlock';
  readonly call: CallNode;
  readonly body: readonly Statement[];
}
export interface IncludeNode extends Placed {
  readonly type: 'Include';
  readonly template: Expression;
  readonly ignoreMissing: boolean;
  readonly withContext: boolean;
}
export interface ImportNode extends Placed {
  readonly type: 'Import';
  readonly template: Expression;
  readonly target: string;
  readonly withContext: boolean;
}
export interface FromImportNode extends Placed {
  readonly type: 'FromImport';
  readonly template: Expression;
  readonly names: readonly { readonly name: string; readonly alias: string }[];
  readonly withContext: boolean;
}
export interface WithNode extends Placed {
  readonly type: 'With';
  readonly targets: readonly Target[];
  readonly values: readonly Expression[];
  readonly body: readonly Statement[];
}
/** A tag of an extension that desugaring cannot express: `run` gets the values and prints what it answers. */
export interface CustomNode extends Placed {
  readonly type: 'Custom';
  readonly expressions: readonly Expression[];
  readonly body: readonly Statement[];
  readonly run: (scope: FilterScope, values: Value[], body: () => string) => string;
}
export interface DataNode extends Placed {
  readonly type: 'Data';
  readonly text: string;
}
export interface OutputNode extends Placed {
  readonly type: 'Output';
  readonly items: readonly (Expression | DataNode)[];
}

/** Statements, as the parser gives them. */
export type Statement =
  | OutputNode
  | ForNode
  | IfNode
  | BlockNode
  | MacroNode
  | CallBlockNode
  | IncludeNode
  | ImportNode
  | FromImportNode
  | WithNode
  | CustomNode
  | (Placed & { readonly type: 'Set'; readonly target: Target; readonly value: Expression })
  | (Placed & {
      readonly type: 'SetBlock';
      readonly target: Target;
      readonly filter: FilterNode | undefined;
      readonly body: readonly Statement[];
    })
  | (Placed & { readonly type: 'FilterBlock'; readonly filter: FilterNode; readonly body: readonly Statement[] })
  | (Placed & { readonly type: 'Autoescape'; readonly enabled: Expression; readonly body: readonly Statement[] })
  | (Placed & { readonly type: 'Extends'; readonly template: Expression })
  | (Placed & { readonly type: 'Do'; readonly expression: Expression })
  | (Placed & { readonly type: 'Break' | 'Continue' });
