/** A place in a YAML text, as a reader counts: both numbers start at 1, columns are characters. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

const lineBreak = /\r\n|[\r\n\x85\u2028\u2029]/g;

/** Widest excerpt shown to each side of the place, in characters. */
const SIDE_WIDTH = 36;

/** `offset` counts UTF-16 units. */
export function placeAt(text: string, offset: number): SourcePlace {
  const start = lineStart(text, offset);
  const line = [...text.slice(0, start).matchAll(lineBreak)].length + 1;
  return { line, column: characters(text.slice(start, offset).replaceAll('\ufeff', '')).length + 1 };
}

/** The line of the text with a caret under the place, both indented by four columns. */
export function excerptAt(text: string, offset: number): string {
  const before = characters(text.slice(lineStart(text, offset), offset));
  const after = characters(restOfLine(text, offset));
  const head = before.length > SIDE_WIDTH ? [...characters(' ... '), ...before.slice(5 - SIDE_WIDTH - 1)] : before;
  const tail = after.length > SIDE_WIDTH ? [...after.slice(0, SIDE_WIDTH + 1 - 5), ' ... '] : after;
  return `    ${head.join('')}${tail.join('')}\n${' '.repeat(4 + head.length)}^`;
}

function characters(text: string): string[] {
  return Array.from(text);
}

function lineStart(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && !isLineEnd(text, start - 1)) start -= 1;
  return start;
}

function isLineEnd(text: string, index: number): boolean {
  const character = text[index] as string;
  return character === '\r' ? text[index + 1] !== '\n' : '\n\x85\u2028\u2029'.includes(character);
}

function restOfLine(text: string, offset: number): string {
  return /^[^\0\r\n\x85\u2028\u2029]*/.exec(text.slice(offset))?.[0] ?? '';
}
