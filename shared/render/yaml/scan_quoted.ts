import { CODE_LENGTHS, CONTROLS } from '../values/escape_letters.ts';
import { type Cursor, END, isBreak } from './cursor.ts';

const run = /[^'"\\\0 \t\r\n\x85\u2028\u2029]*/y;
const blanks = /[ \t]*/y;

const escapes: Readonly<Record<string, string>> = {
  ...CONTROLS,
  '0': '\0',
  '\t': '\t',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '\\': '\\',
  '/': '/',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};

/** Reads a scalar in single or double quotes; the cursor stands on the opening one. */
export function scanQuoted(cursor: Cursor, quote: "'" | '"'): string {
  const start = cursor.index;
  cursor.skip();
  let text = scanRun(cursor, quote, start);
  while (cursor.peek() !== quote) {
    text += scanSpace(cursor, start);
    text += scanRun(cursor, quote, start);
  }
  cursor.skip();
  return text;
}

/** Up to the next blank, line break or closing quote. */
function scanRun(cursor: Cursor, quote: string, start: number): string {
  let text = '';
  for (;;) {
    text += cursor.take(run);
    const character = cursor.peek();
    if (quote === "'" && character === "'" && cursor.peek(1) === "'") {
      text += "'";
      cursor.skip(2);
    } else if (quote === '"' && character === '\\') {
      text += scanEscape(cursor, start);
    } else if (character !== quote && (character === "'" || character === '"' || character === '\\')) {
      text += character;
      cursor.skip();
    } else {
      return text;
    }
  }
}

function scanEscape(cursor: Cursor, start: number): string {
  cursor.skip();
  const character = cursor.peek();
  const replacement = escapes[character];
  if (replacement !== undefined) {
    cursor.skip();
    return replacement;
  }
  const length = CODE_LENGTHS[character];
  if (length !== undefined) return scanCode(cursor, length, start);
  if (!isBreak(character)) {
    return cursor.fail(
      `found unknown escape character ${cursor.shown()}`,
      'while scanning a double-quoted scalar',
      start,
    );
  }
  cursor.takeBreak();
  return scanBreaks(cursor, start);
}

function scanCode(cursor: Cursor, length: number, start: number): string {
  cursor.skip();
  let digits = '';
  while (digits.length < length) {
    const digit = cursor.peek(digits.length);
    if (!/[0-9A-Fa-f]/.test(digit)) {
      const problem = `expected escape sequence of ${length} hexadecimal numbers, but found ${cursor.shown(digits.length)}`;
      cursor.fail(problem, 'while scanning a double-quoted scalar', start);
    }
    digits += digit;
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) cursor.fail('chr() arg not in range(0x110000)', 'while scanning a double-quoted scalar', start);
  cursor.skip(length);
  return String.fromCodePoint(code);
}

function scanSpace(cursor: Cursor, start: number): string {
  const space = cursor.take(blanks);
  const character = cursor.peek();
  if (character === END) cursor.fail('found unexpected end of stream', 'while scanning a quoted scalar', start);
  if (!isBreak(character)) return space;
  const first = cursor.takeBreak();
  const more = scanBreaks(cursor, start);
  if (first !== '\n') return first + more;
  return more === '' ? ' ' : more;
}

function scanBreaks(cursor: Cursor, start: number): string {
  let breaks = '';
  for (;;) {
    if (cursor.atDocumentMark()) {
      cursor.fail('found unexpected document separator', 'while scanning a quoted scalar', start);
    }
    cursor.take(blanks);
    if (!isBreak(cursor.peek())) return breaks;
    breaks += cursor.takeBreak();
  }
}
