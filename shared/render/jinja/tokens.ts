import type { PyFloat } from '../values/py_float.ts';
import type { TemplateError } from './template_error.ts';

/** Kinds of tokens; an operator's type is the operator itself. */
export type TokenType =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'eof'
  | 'error'
  | Operator;

export type Operator =
  | '+'
  | '-'
  | '/'
  | '//'
  | '*'
  | '%'
  | '**'
  | '~'
  | '['
  | ']'
  | '('
  | ')'
  | '{'
  | '}'
  | '=='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | '='
  | '.'
  | ':'
  | '|'
  | ','
  | ';';

/** One token and where it starts. */
export interface Token {
  readonly type: TokenType;
  /** The text of data, names and strings (unescaped). */
  readonly text: string;
  /** The number of an integer or float literal. */
  readonly number?: number | bigint | PyFloat;
  /** Offset in the source. */
  readonly at: number;
  /** What is wrong from here on, of the type `error`: raised when the parser gets here, after what it finds wrong before. */
  readonly error?: TemplateError;
}

const DESCRIPTIONS: Partial<Record<TokenType, string>> = {
  block_begin: 'begin of statement block',
  block_end: 'end of statement block',
  variable_begin: 'begin of print statement',
  variable_end: 'end of print statement',
  data: 'template data / text',
  eof: 'end of template',
};

/** A token as messages name it. */
export function describeToken(token: Token): string {
  return token.type === 'name' ? token.text : describeType(token.type);
}

/** A kind of token as messages name it. */
export function describeType(type: TokenType): string {
  return DESCRIPTIONS[type] ?? type;
}
