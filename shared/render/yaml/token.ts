/** The names of tokens are those that error messages show. */
export type TokenKind =
  | '<stream end>'
  | '<directive>'
  | '<document start>'
  | '<document end>'
  | '<block sequence start>'
  | '<block mapping start>'
  | '<block end>'
  | '['
  | ']'
  | '{'
  | '}'
  | ','
  | '-'
  | '?'
  | ':'
  | '<alias>'
  | '<anchor>'
  | '<tag>'
  | '<scalar>';

/** How a scalar is written: plain, quoted, literal or folded. */
export type ScalarStyle = '' | "'" | '"' | '|' | '>';

export interface Token {
  readonly kind: TokenKind;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** The value of a scalar, the name of an anchor, alias or directive, the suffix of a tag. */
  readonly text: string;
  readonly style: ScalarStyle;
  /** The handle of a tag (`!`, `!!`, `!e!`); undefined for a verbatim tag. */
  readonly handle: string | undefined;
  /** The values of a directive. */
  readonly args: readonly string[];
}

export function makeToken(kind: TokenKind, start: number, end: number, rest: Partial<Token> = {}): Token {
  return { kind, start, end, text: '', style: '', handle: undefined, args: [], ...rest };
}
