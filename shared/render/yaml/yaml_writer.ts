import { codePointLength } from '../values/iteration.ts';

const breaks = '\n\x85\u2028\u2029';

const unescaped = /^[ !#-[\]-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/;

const escapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

/** Writes signs and scalars with PyYAML's line breaks, and knows the column it has come to. */
export class YamlWriter {
  readonly #width: number;
  readonly #ascii: boolean;
  #text = '';
  #column = 0;
  /** The last thing written was white space or needs none after it. */
  #spaced = true;
  /** This line has held nothing but white space, `-`, `?` and `:`. */
  #fresh = true;
  /** Columns at which a broken line goes on. */
  indent: number | undefined;

  /** Lines are broken at the first space after `width` columns; `ascii`: double quotes escape all else. */
  constructor(width: number, { ascii = false } = {}) {
    this.#width = width;
    this.#ascii = ascii;
  }

  get text(): string {
    return this.#text;
  }

  get isFresh(): boolean {
    return this.#fresh;
  }

  get isBeyondWidth(): boolean {
    return this.#column > this.#width;
  }

  sign(sign: string, { apart = false, spaced = false, fresh = false } = {}): void {
    this.#write(this.#spaced || !apart ? sign : ` ${sign}`);
    this.#spaced = spaced;
    this.#fresh = this.#fresh && fresh;
  }

  /** Moves to the indent, on a new line when this one is in use. */
  startLine(): void {
    const indent = this.indent ?? 0;
    if (!this.#fresh || this.#column > indent || (this.#column === indent && !this.#spaced)) this.#break();
    if (this.#column >= indent) return;
    this.#spaced = true;
    this.#write(' '.repeat(indent - this.#column));
  }

  plain(text: string, mayBreak: boolean): void {
    if (text === '') return;
    if (!this.#spaced) this.#write(' ');
    this.#spaced = false;
    this.#fresh = false;
    for (const part of text.split(/( +)/)) {
      if (part === ' ' && mayBreak && this.isBeyondWidth) this.#continueLine();
      else this.#write(part);
    }
  }

  singleQuoted(text: string, mayBreak: boolean): void {
    this.sign("'", { apart: true });
    let rest = text.length;
    for (const part of text.split(/( +|[\n\x85\u2028\u2029]+)/)) {
      const isFirst = rest === text.length;
      rest -= part.length;
      if (part === ' ' && mayBreak && this.isBeyondWidth && !isFirst && rest > 0) this.startLine();
      else if (part !== '' && breaks.includes(part[0] as string)) this.#foldedBreaks(part);
      else this.#write(part.replaceAll("'", "''"));
    }
    this.sign("'");
  }

  doubleQuoted(text: string, mayBreak: boolean): void {
    this.sign('"', { apart: true });
    const characters = Array.from(text);
    let run = '';
    for (const [index, character] of characters.entries()) {
      const escaped = escapeCharacter(character, this.#ascii);
      if (escaped !== undefined) {
        this.#write(run + escaped);
        run = '';
      }
      const isInside = index > 0 && index < characters.length - 1;
      // PyYAML looks one column back after an escape.
      const column = this.#column + (escaped === undefined ? codePointLength(run) : -1);
      if (mayBreak && isInside && (character === ' ' || run === '') && column > this.#width) {
        this.#write(`${run}\\`);
        run = '';
        this.#continueLine();
        if ((escaped === undefined ? character : characters[index + 1]) === ' ') this.#write('\\');
      }
      if (escaped === undefined) run += character;
    }
    this.#write(run);
    this.sign('"');
  }

  literal(text: string): void {
    this.sign(`|${chompingHint(text)}`, { apart: true });
    this.#break();
    for (const line of text.replace(/\n$/, '').split('\n')) {
      if (line !== '') this.startLine();
      this.#write(line);
      this.#break();
    }
  }

  /** A break inside a plain or double-quoted scalar: what follows is text, not the start of something. */
  #continueLine(): void {
    this.startLine();
    this.#spaced = false;
    this.#fresh = false;
  }

  /** A single line break would be read as a space, so one more is written. */
  #foldedBreaks(text: string): void {
    if (text.startsWith('\n')) this.#break();
    for (const character of text) this.#break(character);
    this.startLine();
  }

  #break(character = '\n'): void {
    this.#text += character;
    this.#column = 0;
    this.#spaced = true;
    this.#fresh = true;
  }

  #write(text: string): void {
    this.#text += text;
    this.#column += codePointLength(text);
  }
}

function chompingHint(text: string): string {
  if (!text.endsWith('\n')) return '-';
  return text === '\n' || text.endsWith('\n\n') ? '+' : '';
}

/** Undefined when the character may stand as it is. PyYAML escapes what is above U+FFFF, though it need not. */
function escapeCharacter(character: string, ascii: boolean): string | undefined {
  if (ascii ? /^[ !#-[\]-~]$/.test(character) : unescaped.test(character)) return undefined;
  const short = escapes[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) as number;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
