import { PyFloat } from '../values/py_float.ts';
import { decimalInt, normalInt } from '../values/py_int.ts';
import { PY_SPACE, stripEnd } from '../values/py_space.ts';
import { pyRepr } from '../values/text.ts';
import { errorAt, TemplateError, type TemplateSource } from './template_error.ts';
import type { Operator, Token, TokenType } from './tokens.ts';
import { unescapeLiteral } from './unescape.ts';

/** White space control of an environment. */
export interface LexerOptions {
  readonly trimBlocks: boolean;
  readonly lstripBlocks: boolean;
  readonly keepTrailingNewline: boolean;
}

const S = `[${PY_SPACE}]`;
const OPENING = new RegExp(`\\{%([-+]?)${S}*raw${S}*(?:-%\\}${S}*|%\\})|\\{([%{#])([-+]?)`, 'y');
const SPACES = new RegExp(`${S}+`, 'y');
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const WORD = /[\p{L}\p{N}\p{M}\p{Pc}]+/uy;
const IDENTIFIER = /^[\p{ID_Start}_]\p{ID_Continue}*$/u;
const STRING = /'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)"/sy;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '(': ')', '[': ']' };

/** A source as the lexer reads it: one kind of line break, the last one dropped unless it is kept. */
export function normalizeSource(text: string, keepTrailingNewline: boolean): string {
  const unified = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  return !keepTrailingNewline && unified.endsWith('\n') ? unified.slice(0, -1) : unified;
}

/** The tokens of a template (its text already normalized), ending with `eof` or `error`. */
export function tokenize(source: TemplateSource, options: LexerOptions): Token[] {
  const lexer = new Lexer(source, options);
  lexer.run();
  return lexer.tokens;
}

class Lexer {
  readonly tokens: Token[] = [];
  readonly #source: TemplateSource;
  readonly #text: string;
  readonly #options: LexerOptions;
  readonly #blockEnd: RegExp;
  readonly #commentEnd: RegExp;
  readonly #endRaw: RegExp;
  #position = 0;
  #lineStarting = true;

  constructor(source: TemplateSource, options: LexerOptions) {
    const suffix = options.trimBlocks ? '\\n?' : '';
    this.#source = source;
    this.#text = source.text;
    this.#options = options;
    this.#blockEnd = new RegExp(`\\+%\\}|-%\\}${S}*|%\\}${suffix}`, 'y');
    this.#commentEnd = new RegExp(`\\+#\\}|-#\\}${S}*|#\\}${suffix}`, 'g');
    this.#endRaw = new RegExp(`\\{%([-+]?)${S}*endraw${S}*(?:\\+%\\}|-%\\}${S}*|%\\}${suffix})`, 'g');
  }

  run(): void {
    try {
      while (this.#position < this.#text.length) this.#root();
      this.#push('eof', '', this.#text.length);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.tokens.push({ type: 'error', text: '', at: this.#position, error });
    }
  }

  #root(): void {
    const start = this.#position;
    const opening = this.#nextOpening(start);
    if (opening === null) {
      this.#push('data', this.#text.slice(start), start);
      this.#position = this.#text.length;
      return;
    }
    const [tag, rawSign, kind, tagSign] = opening;
    this.#data(start, opening.index, rawSign ?? tagSign ?? '', kind === '{');
    this.#advance(opening.index + tag.length);
    if (kind === undefined) this.#raw(opening.index);
    else if (kind === '#') this.#comment(opening.index);
    else this.#tag(kind === '{', opening.index);
  }

  #nextOpening(from: number): RegExpExecArray | null {
    for (let index = this.#text.indexOf('{', from); index !== -1; index = this.#text.indexOf('{', index + 1)) {
      OPENING.lastIndex = index;
      const match = OPENING.exec(this.#text);
      if (match !== null) return match;
    }
    return null;
  }

  /** Text before a tag, with the white space taken away that the tag's sign or lstrip_blocks says. */
  #data(start: number, end: number, sign: string, isVariable: boolean): void {
    let text = this.#text.slice(start, end);
    if (sign === '-') {
      text = stripEnd(text);
    } else if (sign !== '+' && this.#options.lstripBlocks && !isVariable) {
      const lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || this.#lineStarting) && stripEnd(text.slice(lineStart)) === '')
        text = text.slice(0, lineStart);
    }
    if (text !== '') this.#push('data', text, start);
  }

  #raw(at: number): void {
    // Python's lexer complains of an unclosed tag only when something follows it.
    if (this.#position === this.#text.length) return;
    this.#endRaw.lastIndex = this.#position;
    const end = this.#endRaw.exec(this.#text);
    if (end === null) this.#fail('Missing end of raw directive', at);
    this.#data(this.#position, end.index, end[1] ?? '', false);
    this.#advance(end.index + end[0].length);
  }

  #comment(at: number): void {
    if (this.#position === this.#text.length) return;
    this.#commentEnd.lastIndex = this.#position;
    const end = this.#commentEnd.exec(this.#text);
    if (end === null) this.#fail('Missing end of comment tag', at);
    this.#advance(end.index + end[0].length);
  }

  #tag(isVariable: boolean, at: number): void {
    this.#push(isVariable ? 'variable_begin' : 'block_begin', '', at);
    const endPattern = isVariable ? VARIABLE_END : this.#blockEnd;
    const open: string[] = [];
    while (this.#position < this.#text.length) {
      const start = this.#position;
      const end = open.length === 0 ? this.#match(endPattern) : undefined;
      if (end !== undefined) {
        this.#push(isVariable ? 'variable_end' : 'block_end', '', start);
        this.#lineStarting = end[0].endsWith('\n');
        return;
      }
      if (this.#match(SPACES) === undefined && !this.#literal(start)) this.#operator(start, open);
    }
  }

  #literal(at: number): boolean {
    const float = this.#match(FLOAT);
    if (float) return this.#push('float', float[0], at, new PyFloat(Number(float[0].replaceAll('_', ''))));
    const integer = this.#match(INTEGER);
    if (integer) return this.#push('integer', integer[0], at, this.#integer(integer[0].replaceAll('_', ''), at));
    const word = this.#match(WORD);
    if (word) {
      if (!IDENTIFIER.test(word[0])) this.#fail('Invalid character in identifier', at);
      return this.#push('name', word[0], at);
    }
    const string = this.#match(STRING);
    if (!string) return false;
    const raw = string[1] ?? string[2] ?? '';
    return this.#push(
      'string',
      unescapeLiteral(raw, (message) => this.#fail(message, at)),
      at,
    );
  }

  #integer(digits: string, at: number): number | bigint {
    if (/^0[box]/i.test(digits)) return normalInt(BigInt(digits));
    try {
      return decimalInt(digits);
    } catch (error) {
      return this.#fail((error as Error).message, at);
    }
  }

  #operator(at: number, open: string[]): void {
    const match = this.#match(OPERATOR);
    if (match === undefined) this.#fail(`unexpected char ${pyRepr(this.#text.charAt(at))} at ${at}`, at);
    const operator = match[0];
    const closing = CLOSING[operator];
    if (closing !== undefined) {
      open.push(closing);
    } else if (operator === '}' || operator === ')' || operator === ']') {
      const expected = open.pop();
      if (expected === undefined) this.#fail(`unexpected '${operator}'`, at);
      if (expected !== operator) this.#fail(`unexpected '${operator}', expected '${expected}'`, at);
    }
    this.#push(operator as Operator, operator, at);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#position += match[0].length;
    return match;
  }

  #advance(position: number): void {
    this.#lineStarting = this.#text.charAt(position - 1) === '\n';
    this.#position = position;
  }

  #push(type: TokenType, text: string, at: number, number?: Token['number']): true {
    this.tokens.push(number === undefined ? { type, text, at } : { type, text, at, number });
    return true;
  }

  #fail(message: string, at: number): never {
    throw errorAt(this.#source, at, 'TemplateSyntaxError', message);
  }
}

const VARIABLE_END = new RegExp(`-\\}\\}${S}*|\\}\\}`, 'y');
