import { pyRepr } from '../values/text.ts';
import { YamlError } from './yaml_error.ts';

/** What the text is followed by, so that looking ahead needs no bounds. */
export const END = '\0';

const unprintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** A reading position in a YAML text that knows its line and column. */
export class Cursor {
  readonly source: string;
  readonly #text: string;
  index = 0;
  line = 0;
  #lineStart = 0;
  /** Some characters are two UTF-16 units, or none wide. */
  readonly #hasOddWidths: boolean;
  #counted = { index: 0, column: 0 };

  /** @throws YamlError for control characters, which no YAML text may hold. */
  constructor(source: string) {
    this.source = source;
    this.#text = source + END;
    this.#hasOddWidths = /[\ufeff\ud800-\udfff]/.test(source);
    const match = unprintable.exec(source);
    if (match !== null) {
      const code = (match[0].codePointAt(0) as number).toString(16).padStart(4, '0');
      const problem = `unacceptable character #x${code}: special characters are not allowed`;
      throw new YamlError(source, { stage: 'reader', problem, at: match.index });
    }
    if (source.startsWith('\ufeff')) {
      this.index = 1;
      this.#lineStart = 1;
    }
  }

  /** In characters; byte order marks have no width. */
  get column(): number {
    if (!this.#hasOddWidths) return this.index - this.#lineStart;
    if (this.#counted.index < this.#lineStart) this.#counted = { index: this.#lineStart, column: 0 };
    const { index, column } = this.#counted;
    // From where it was asked before: counting each time from the line's start takes for ever in a long line.
    const more = Array.from(this.source.slice(index, this.index).replaceAll('\ufeff', '')).length;
    this.#counted = { index: this.index, column: column + more };
    return column + more;
  }

  peek(ahead = 0): string {
    return this.#text[this.index + ahead] ?? END;
  }

  /** The character here as error messages show it: Python's `repr`. */
  shown(ahead = 0): string {
    const code = this.#text.codePointAt(this.index + ahead) ?? 0;
    return pyRepr(String.fromCodePoint(code));
  }

  startsWith(text: string): boolean {
    return this.#text.startsWith(text, this.index);
  }

  /** Moves over characters of which none is a line break. */
  skip(count = 1): void {
    this.index += count;
  }

  /** Moves over what a sticky pattern without line breaks matches here, and returns it. */
  take(sticky: RegExp): string {
    sticky.lastIndex = this.index;
    const taken = sticky.exec(this.#text)?.[0] ?? '';
    this.index += taken.length;
    return taken;
  }

  /** Moves over one line break and returns it as YAML sees it; '' when there is none. */
  takeBreak(): string {
    const character = this.peek();
    if (!isBreak(character)) return '';
    this.index += character === '\r' && this.peek(1) === '\n' ? 2 : 1;
    this.line += 1;
    this.#lineStart = this.index;
    return character === '\u2028' || character === '\u2029' ? character : '\n';
  }

  /** True before `---` and `...` at the start of a line. */
  atDocumentMark(): boolean {
    return (this.startsWith('---') || this.startsWith('...')) && isBlankOrEnd(this.peek(3));
  }

  /** @throws YamlError always. */
  fail(problem: string, context?: string, contextAt?: number): never {
    return this.failAt(this.index, problem, context, contextAt);
  }

  /** @throws YamlError always. */
  failAt(at: number, problem: string, context?: string, contextAt?: number): never {
    throw new YamlError(this.source, { stage: 'scanner', problem, at, context, contextAt });
  }
}

export function isBreak(character: string): boolean {
  return (
    character === '\n' || character === '\r' || character === '\x85' || character === '\u2028' || character === '\u2029'
  );
}

export function isBreakOrEnd(character: string): boolean {
  return character === END || isBreak(character);
}

/** A space, a tab, a line break or the end. */
export function isBlankOrEnd(character: string): boolean {
  return character === ' ' || character === '\t' || isBreakOrEnd(character);
}

export function isSpaceOrEnd(character: string): boolean {
  return character === ' ' || isBreakOrEnd(character);
}
