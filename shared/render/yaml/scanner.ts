import { type Cursor, END, isBlankOrEnd } from './cursor.ts';
import { scanBlock } from './scan_block.ts';
import { scanPlain } from './scan_plain.ts';
import { scanAnchor, scanDirective, scanTag } from './scan_property.ts';
import { scanQuoted } from './scan_quoted.ts';
import { makeToken, type Token, type TokenKind } from './token.ts';

const spaces = / */y;
const comment = /#[^\0\r\n\x85\u2028\u2029]*/y;

/** Signs that no plain scalar starts with. */
const indicators = '\0 \t\r\n\x85\u2028\u2029-?:,[]{}#&*!|>\'"%@`';

/** PyYAML's limit for a key without `?`, in characters. */
const KEY_LENGTH_MAX = 1024;

/** A place where a key may have begun, which only a later `:` tells. */
interface PossibleKey {
  /** Number of the token it starts with, counted from the start of the text. */
  readonly tokenNumber: number;
  /** It stands where the enclosing block mapping must have a key. */
  readonly required: boolean;
  readonly index: number;
  readonly line: number;
  readonly column: number;
}

/** Cuts a YAML 1.1 text into tokens, as PyYAML's scanner does: the same tokens and the same complaints. */
export class Scanner {
  readonly #cursor: Cursor;
  readonly #tokens: Token[] = [];
  #taken = 0;
  #done = false;
  #flowLevel = 0;
  #indent = -1;
  readonly #indents: number[] = [];
  #keyAllowed = true;
  /** At most one for each flow level. */
  readonly #possibleKeys = new Map<number, PossibleKey>();

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** The next token, which stays. After the end of the stream: the end of the stream. */
  peek(): Token {
    while (this.#needsMore()) this.#fetch();
    return this.#tokens[0] as Token;
  }

  take(): Token {
    const token = this.peek();
    if (token.kind === '<stream end>') return token;
    this.#tokens.shift();
    this.#taken += 1;
    return token;
  }

  #needsMore(): boolean {
    if (this.#done) return false;
    if (this.#tokens.length === 0) return true;
    this.#dropStaleKeys();
    for (const key of this.#possibleKeys.values()) {
      if (key.tokenNumber === this.#taken) return true;
    }
    return false;
  }

  #fetch(): void {
    const cursor = this.#cursor;
    this.#skipToToken();
    this.#dropStaleKeys();
    this.#unwindIndent(cursor.column);
    const character = cursor.peek();
    if (character === END) this.#fetchEnd();
    else if (cursor.column === 0 && this.#fetchDocumentSign(character)) return;
    else if (this.#fetchSign(character)) return;
    else if (this.#startsPlain(character)) this.#fetchPlain();
    else {
      cursor.fail(`found character ${cursor.shown()} that cannot start any token`, 'while scanning for the next token');
    }
  }

  #fetchDocumentSign(character: string): boolean {
    if (character === '%') {
      this.#closeBlocks();
      this.#tokens.push(scanDirective(this.#cursor));
      return true;
    }
    if (!this.#cursor.atDocumentMark()) return false;
    this.#closeBlocks();
    this.#fetchIndicator(character === '-' ? '<document start>' : '<document end>', 3);
    return true;
  }

  #fetchSign(character: string): boolean {
    const followedByBlank = isBlankOrEnd(this.#cursor.peek(1));
    if (character === '[' || character === '{') this.#fetchFlowStart(character);
    else if (character === ']' || character === '}') this.#fetchFlowEnd(character);
    else if (character === ',') this.#fetchFlowEntry();
    else if (character === '-' && followedByBlank) this.#fetchBlockEntry();
    else if (character === '?' && (this.#flowLevel !== 0 || followedByBlank)) this.#fetchKey();
    else if (character === ':' && (this.#flowLevel !== 0 || followedByBlank)) this.#fetchValue();
    else if (character === '*' || character === '&') this.#fetchKeyStart(() => scanAnchor(this.#cursor));
    else if (character === '!') this.#fetchKeyStart(() => scanTag(this.#cursor));
    else if ((character === '|' || character === '>') && this.#flowLevel === 0) this.#fetchBlockScalar(character);
    else if (character === "'" || character === '"') this.#fetchKeyStart(() => this.#scanQuotedToken(character));
    else return false;
    return true;
  }

  #skipToToken(): void {
    for (;;) {
      this.#cursor.take(spaces);
      this.#cursor.take(comment);
      if (this.#cursor.takeBreak() === '') return;
      if (this.#flowLevel === 0) this.#keyAllowed = true;
    }
  }

  /** A key without `?` ends in its line, and has a limit. */
  #dropStaleKeys(): void {
    for (const [level, key] of this.#possibleKeys) {
      if (key.line === this.#cursor.line && this.#cursor.index - key.index <= KEY_LENGTH_MAX) continue;
      this.#dropKey(level);
    }
  }

  #savePossibleKey(): void {
    if (!this.#keyAllowed) return;
    const { index, line, column } = this.#cursor;
    this.#dropKey(this.#flowLevel);
    const required = this.#flowLevel === 0 && this.#indent === column;
    const tokenNumber = this.#taken + this.#tokens.length;
    this.#possibleKeys.set(this.#flowLevel, { tokenNumber, required, index, line, column });
  }

  #dropKey(level: number): void {
    const key = this.#possibleKeys.get(level);
    if (key?.required) this.#cursor.fail("could not find expected ':'", 'while scanning a simple key', key.index);
    this.#possibleKeys.delete(level);
  }

  #unwindIndent(column: number): void {
    if (this.#flowLevel !== 0) return;
    while (this.#indent > column) {
      this.#indent = this.#indents.pop() as number;
      this.#push('<block end>');
    }
  }

  #addIndent(column: number): boolean {
    if (this.#indent >= column) return false;
    this.#indents.push(this.#indent);
    this.#indent = column;
    return true;
  }

  /** Adds a token without length at the cursor. */
  #push(kind: TokenKind): void {
    this.#tokens.push(makeToken(kind, this.#cursor.index, this.#cursor.index));
  }

  #fetchIndicator(kind: TokenKind, length = 1): void {
    const start = this.#cursor.index;
    this.#cursor.skip(length);
    this.#tokens.push(makeToken(kind, start, this.#cursor.index));
  }

  #fetchEnd(): void {
    this.#closeBlocks();
    this.#possibleKeys.clear();
    this.#push('<stream end>');
    this.#done = true;
  }

  #closeBlocks(): void {
    this.#unwindIndent(-1);
    this.#dropKey(this.#flowLevel);
    this.#keyAllowed = false;
  }

  #fetchFlowStart(kind: '[' | '{'): void {
    this.#savePossibleKey();
    this.#flowLevel += 1;
    this.#keyAllowed = true;
    this.#fetchIndicator(kind);
  }

  #fetchFlowEnd(kind: ']' | '}'): void {
    this.#dropKey(this.#flowLevel);
    this.#flowLevel -= 1;
    this.#keyAllowed = false;
    this.#fetchIndicator(kind);
  }

  #fetchFlowEntry(): void {
    this.#keyAllowed = true;
    this.#dropKey(this.#flowLevel);
    this.#fetchIndicator(',');
  }

  #fetchBlockEntry(): void {
    this.#startBlock('<block sequence start>', 'sequence entries are not allowed here');
    this.#keyAllowed = true;
    this.#dropKey(this.#flowLevel);
    this.#fetchIndicator('-');
  }

  #fetchKey(): void {
    this.#startBlock('<block mapping start>', 'mapping keys are not allowed here');
    this.#keyAllowed = this.#flowLevel === 0;
    this.#dropKey(this.#flowLevel);
    this.#fetchIndicator('?');
  }

  #fetchValue(): void {
    const key = this.#possibleKeys.get(this.#flowLevel);
    if (key === undefined) {
      this.#startBlock('<block mapping start>', 'mapping values are not allowed here');
      this.#keyAllowed = this.#flowLevel === 0;
      this.#fetchIndicator(':');
      return;
    }
    this.#possibleKeys.delete(this.#flowLevel);
    const place = key.tokenNumber - this.#taken;
    this.#tokens.splice(place, 0, makeToken('?', key.index, key.index));
    if (this.#flowLevel === 0 && this.#addIndent(key.column)) {
      this.#tokens.splice(place, 0, makeToken('<block mapping start>', key.index, key.index));
    }
    this.#keyAllowed = false;
    this.#fetchIndicator(':');
  }

  /** A `-`, `?` or `:` of block context that is deeper than the last one opens a collection. */
  #startBlock(kind: TokenKind, refusal: string): void {
    if (this.#flowLevel !== 0) return;
    if (!this.#keyAllowed) this.#cursor.fail(refusal);
    if (this.#addIndent(this.#cursor.column)) this.#push(kind);
  }

  /** Tokens that a key may start with. */
  #fetchKeyStart(scan: () => Token): void {
    this.#savePossibleKey();
    this.#keyAllowed = false;
    this.#tokens.push(scan());
  }

  #fetchBlockScalar(style: '|' | '>'): void {
    this.#keyAllowed = true;
    this.#dropKey(this.#flowLevel);
    const start = this.#cursor.index;
    const text = scanBlock(this.#cursor, style === '>', this.#indent);
    this.#tokens.push(makeToken('<scalar>', start, this.#cursor.index, { text, style }));
  }

  #scanQuotedToken(style: "'" | '"'): Token {
    const start = this.#cursor.index;
    const text = scanQuoted(this.#cursor, style);
    return makeToken('<scalar>', start, this.#cursor.index, { text, style });
  }

  #startsPlain(character: string): boolean {
    if (!indicators.includes(character)) return true;
    if (isBlankOrEnd(this.#cursor.peek(1))) return false;
    return character === '-' || (this.#flowLevel === 0 && (character === '?' || character === ':'));
  }

  #fetchPlain(): void {
    this.#savePossibleKey();
    const start = this.#cursor.index;
    const { text, end, keyMayFollow } = scanPlain(this.#cursor, this.#flowLevel !== 0, this.#indent + 1);
    this.#keyAllowed = keyMayFollow;
    this.#tokens.push(makeToken('<scalar>', start, end, { text }));
  }
}
