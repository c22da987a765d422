import { type Cursor, END, isBreak, isBreakOrEnd, isSpaceOrEnd } from './cursor.ts';

const spaces = / */y;
const comment = /#[^\0\r\n\x85\u2028\u2029]*/y;
const line = /[^\0\r\n\x85\u2028\u2029]*/y;

interface Header {
  readonly chomping: 'strip' | 'clip' | 'keep';
  /** Columns deeper than the parent; undefined when the first line tells. */
  readonly increment: number | undefined;
}

/** Reads a literal (`|`) or folded (`>`) scalar inside a collection that stands at column `parentIndent`. */
export function scanBlock(cursor: Cursor, folded: boolean, parentIndent: number): string {
  const { chomping, increment } = scanHeader(cursor);
  const least = Math.max(parentIndent + 1, 1);
  const measured = increment === undefined ? measureIndent(cursor) : undefined;
  const indent = measured === undefined ? least + (increment as number) - 1 : Math.max(least, measured.indent);
  let breaks = measured === undefined ? scanBreaks(cursor, indent) : measured.breaks;
  let text = '';
  let lineBreak = '';
  while (cursor.column === indent && cursor.peek() !== END) {
    text += breaks;
    const startsWithText = !isSpaceOrTab(cursor.peek());
    text += cursor.take(line);
    lineBreak = cursor.takeBreak();
    breaks = scanBreaks(cursor, indent);
    if (cursor.column !== indent || cursor.peek() === END) break;
    if (folded && lineBreak === '\n' && startsWithText && !isSpaceOrTab(cursor.peek())) {
      if (breaks === '') text += ' ';
    } else {
      text += lineBreak;
    }
  }
  if (chomping !== 'strip') text += lineBreak;
  return chomping === 'keep' ? text + breaks : text;
}

function isSpaceOrTab(character: string): boolean {
  return character === ' ' || character === '\t';
}

function scanHeader(cursor: Cursor): Header {
  const start = cursor.index;
  const fail = (problem: string) => cursor.fail(problem, 'while scanning a block scalar', start);
  cursor.skip();
  const before = cursor.take(/[+-]?/y);
  const digit = cursor.take(/[1-9]?/y);
  if (digit === '' && cursor.peek() === '0') {
    fail('expected indentation indicator in the range 1-9, but found 0');
  }
  const sign = before !== '' || digit === '' ? before : cursor.take(/[+-]?/y);
  if (!isSpaceOrEnd(cursor.peek())) {
    fail(`expected chomping or indentation indicators, but found ${cursor.shown()}`);
  }
  cursor.take(spaces);
  cursor.take(comment);
  if (!isBreakOrEnd(cursor.peek())) fail(`expected a comment or a line break, but found ${cursor.shown()}`);
  cursor.takeBreak();
  const chomping = sign === '+' ? 'keep' : sign === '-' ? 'strip' : 'clip';
  return { chomping, increment: digit === '' ? undefined : Number(digit) };
}

/** Goes over empty lines; the widest of them counts too. */
function measureIndent(cursor: Cursor): { breaks: string; indent: number } {
  let breaks = '';
  let indent = 0;
  for (;;) {
    cursor.take(spaces);
    indent = Math.max(indent, cursor.column);
    if (!isBreak(cursor.peek())) return { breaks, indent };
    breaks += cursor.takeBreak();
  }
}

function scanBreaks(cursor: Cursor, indent: number): string {
  let breaks = '';
  for (;;) {
    while (cursor.column < indent && cursor.peek() === ' ') cursor.skip();
    if (!isBreak(cursor.peek())) return breaks;
    breaks += cursor.takeBreak();
  }
}
