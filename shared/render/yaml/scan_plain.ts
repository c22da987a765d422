import { type Cursor, isBreak } from './cursor.ts';

const wordInBlock =
  /[^\0 \t\r\n\x85\u2028\u2029:]*(?::(?![\0 \t\r\n\x85\u2028\u2029])[^\0 \t\r\n\x85\u2028\u2029:]*)*/y;
const wordInFlow =
  /[^\0 \t\r\n\x85\u2028\u2029:,?[\]{}]*(?::(?![\0 \t\r\n\x85\u2028\u2029,[\]{}])[^\0 \t\r\n\x85\u2028\u2029:,?[\]{}]*)*/y;
const spaces = / */y;

export interface PlainScalar {
  readonly text: string;
  /** Offset after the last character. */
  readonly end: number;
  /** The scan went over a line break, so that a key may follow. */
  readonly keyMayFollow: boolean;
}

/** Reads an unquoted scalar. In block context it ends before a line that is not indented by `indent` columns. */
export function scanPlain(cursor: Cursor, inFlow: boolean, indent: number): PlainScalar {
  let text = '';
  let gap = '';
  let end = cursor.index;
  let keyMayFollow = false;
  while (cursor.peek() !== '#') {
    const word = cursor.take(inFlow ? wordInFlow : wordInBlock);
    if (word === '') break;
    text += gap + word;
    end = cursor.index;
    const space = scanGap(cursor);
    keyMayFollow = space.broken;
    gap = space.text;
    if (gap === '' || (!inFlow && cursor.column < indent)) break;
  }
  return { text, end, keyMayFollow };
}

/** Spaces, or a line break with the empty lines after it, folded. Text '' ends the scalar. */
function scanGap(cursor: Cursor): { text: string; broken: boolean } {
  const space = cursor.take(spaces);
  if (!isBreak(cursor.peek())) return { text: space, broken: false };
  const first = cursor.takeBreak();
  if (cursor.atDocumentMark()) return { text: '', broken: true };
  let more = '';
  for (;;) {
    cursor.take(spaces);
    if (!isBreak(cursor.peek())) break;
    more += cursor.takeBreak();
    if (cursor.atDocumentMark()) return { text: '', broken: true };
  }
  if (first !== '\n') return { text: first + more, broken: true };
  return { text: more === '' ? ' ' : more, broken: true };
}
