import { PyError } from '../values/py_error.ts';

const SPACE = '[\\t\\n\\v\\f\\r ]';
const WORD = '[\\p{L}\\p{N}_!"\'&.,?]';
const LETTER = '[\\p{L}_]';
const NAME = '[\\p{L}\\p{N}_]';

// Where textwrap may break: at white space, after the hyphens of compound words, around dashes.
const PIECES = new RegExp(
  `(${SPACE}+|(?<=${WORD})-{2,}(?=${NAME})|[^\\t\\n\\v\\f\\r ]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${WORD}-))(?=${LETTER}-?${LETTER})|(?=${SPACE}|$)|(?<=${WORD})(?=-{2,}${NAME})))`,
  'u',
);
const SPACES = new RegExp(`(${SPACE}+)`);
const BLANK = new RegExp(`^${SPACE}*$`);

/** How to wrap. */
export interface WrapStyle {
  readonly width: number;
  readonly breakLongWords: boolean;
  readonly breakOnHyphens: boolean;
}

/** `textwrap.wrap(text)` without touching tabs and other white space; lengths in UTF-16 units. */
export function wrapText(text: string, style: WrapStyle): string[] {
  if (style.width <= 0) throw new PyError('ValueError', `invalid width ${style.width} (must be > 0)`);
  const pieces = text.split(style.breakOnHyphens ? PIECES : SPACES).filter((piece) => piece !== '');
  const rest = pieces.reverse();
  const lines: string[] = [];
  while (rest.length > 0) {
    if (lines.length > 0 && BLANK.test(rest.at(-1) ?? '')) rest.pop();
    const line = takeLine(rest, style);
    if (BLANK.test(line.at(-1) ?? 'x')) line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

/** Takes the pieces of one line from the end of `rest`. */
function takeLine(rest: string[], style: WrapStyle): string[] {
  const line: string[] = [];
  let length = 0;
  let next = rest.at(-1);
  while (next !== undefined && length + next.length <= style.width) {
    line.push(next);
    rest.pop();
    length += next.length;
    next = rest.at(-1);
  }
  if (next !== undefined && next.length > style.width) breakWord(rest, line, style.width - length, style);
  return line;
}

function breakWord(rest: string[], line: string[], room: number, style: WrapStyle): void {
  const word = rest.at(-1) ?? '';
  if (style.breakLongWords) {
    const space = room;
    const hyphen = style.breakOnHyphens && word.length > space ? word.lastIndexOf('-', space - 1) : -1;
    const afterHyphen = hyphen > 0 && /[^-]/.test(word.slice(0, hyphen)) ? hyphen + 1 : space;
    line.push(word.slice(0, afterHyphen));
    rest[rest.length - 1] = word.slice(afterHyphen);
  } else if (line.length === 0) {
    line.push(word);
    rest.pop();
  }
}
