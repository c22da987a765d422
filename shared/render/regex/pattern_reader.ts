import { PyError } from '../values/py_error.ts';

/** A reading position in the text of a pattern. */
export class PatternReader {
  readonly source: string;
  index = 0;

  constructor(source: string) {
    this.source = source;
  }

  get atEnd(): boolean {
    return this.index >= this.source.length;
  }

  /** The character here, '' at the end. */
  peek(ahead = 0): string {
    const code = this.source.codePointAt(this.index + ahead);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  take(): string {
    const character = this.peek();
    this.index += character.length;
    return character;
  }

  takeIf(text: string): boolean {
    if (!this.source.startsWith(text, this.index)) return false;
    this.index += text.length;
    return true;
  }

  takeWhile(characters: RegExp, max = Number.POSITIVE_INFINITY): string {
    let taken = '';
    while (taken.length < max && !this.atEnd && characters.test(this.peek())) taken += this.take();
    return taken;
  }

  /** Up to `end`, which is stepped over; undefined when it does not come. */
  takeUntil(end: string): string | undefined {
    const at = this.source.indexOf(end, this.index);
    if (at === -1) return undefined;
    const text = this.source.slice(this.index, at);
    this.index = at + end.length;
    return text;
  }

  /** @throws PyError always, with the words of Python's `re`. */
  fail(problem: string, at = this.index): never {
    throw new PyError('ValueError', `regular expression ${JSON.stringify(this.source)}: ${problem} at position ${at}`);
  }
}
