import { codePointLength } from '../values/iteration.ts';
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

/** `textwrap.wrap(text)` without touching tabs and other white space. */
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
  while (next !== undefined && length + codePointLength(next) <= style.width) {
    line.push(next);
    rest.pop();
    length += codePointLength(next);
    next = rest.at(-1);
  }
  if (next !== undefined && codePointLength(next) > style.width) breakWord(rest, line, style.width - length, style);
  return line;
}

function breakWord(rest: string[], line: string[], room: number, style: WrapStyle): void {
  const word = rest.at(-1) ?? '';
  if (style.breakLongWords) {
    const letters = [...word];
    const hyphen = style.breakOnHyphens && letters.length > room ? letters.lastIndexOf('-', room - 1) : -1;
    const end = hyphen > 0 && letters.slice(0, hyphen).some((letter) => letter !== '-') ? hyphen + 1 : room;
    line.push(letters.slice(0, end).join(''));
    rest[rest.length - 1] = letters.slice(end).join('');
  } else if (line.length === 0) {
    line.push(word);
    rest.pop();
  }
}
