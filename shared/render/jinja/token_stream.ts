import { pyRepr } from '../values/text.ts';
import { errorAt, type TemplateSource } from './template_error.ts';
import { describeToken, describeType, type Token, type TokenType } from './tokens.ts';

/** A cursor over the tokens of one template. */
export class TokenStream {
  readonly source: TemplateSource;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(source: TemplateSource, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  /** The token under the cursor; at the end it stays `eof`. */
  get current(): Token {
    return this.#at(this.#index);
  }

  /** The token after the current one. */
  look(): Token {
    return this.#at(this.#index + 1);
  }

  /** Moves on and answers the token left behind. */
  next(): Token {
    const token = this.current;
    this.#index++;
    return token;
  }

  /** Is the current token of this type (and, for a name, this word)? */
  is(type: TokenType, text?: string): boolean {
    const { current } = this;
    return current.type === type && (text === undefined || current.text === text);
  }

  /** Is the current token one of these words? */
  isWord(...words: readonly string[]): boolean {
    return this.current.type === 'name' && words.includes(this.current.text);
  }

  /** Moves on when the current token fits. */
  skipIf(type: TokenType, text?: string): boolean {
    const fits = this.is(type, text);
    if (fits) this.#index++;
    return fits;
  }

  /** Moves on and answers the token, which must fit. */
  expect(type: TokenType, text?: string): Token {
    if (this.is(type, text)) return this.next();
    const wanted = pyRepr(text ?? describeType(type));
    if (this.current.type === 'eof') this.fail(`unexpected end of template, expected ${wanted}.`);
    this.fail(`expected token ${wanted}, got ${pyRepr(describeToken(this.current))}`);
  }

  /** Raises a syntax error, at the current token unless told otherwise. */
  fail(message: string, at = this.current.at, hint?: string): never {
    throw errorAt(this.source, at, 'TemplateSyntaxError', message, hint);
  }

  #at(index: number): Token {
    const token = this.#tokens[Math.min(index, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('a token stream holds at least eof');
    if (token.error !== undefined) throw token.error;
    return token;
  }
}
