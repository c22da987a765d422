import { decodeBytes } from '../values/bytes.ts';
import { PyError } from '../values/py_error.ts';
import { type Cursor, isBlankOrEnd, isBreakOrEnd, isSpaceOrEnd } from './cursor.ts';
import { makeToken, type Token } from './token.ts';

const spaces = / */y;
const restOfLine = /[^\0\r\n\x85\u2028\u2029]*/y;
const name = /[0-9A-Za-z_-]*/y;
const digits = /[0-9]*/y;
const uriRun = /[0-9A-Za-z\-;/?:@&=+$,_.!~*'()[\]]*/y;

/** Reads `&name` or `*name`. */
export function scanAnchor(cursor: Cursor): Token {
  const start = cursor.index;
  const isAlias = cursor.peek() === '*';
  cursor.skip();
  const text = cursor.take(name);
  const next = cursor.peek();
  if (text === '' || !(isBlankOrEnd(next) || '?:,]}%@`'.includes(next))) {
    const problem = `expected alphabetic or numeric character, but found ${cursor.shown()}`;
    cursor.fail(problem, `while scanning an ${isAlias ? 'alias' : 'anchor'}`, start);
  }
  return makeToken(isAlias ? '<alias>' : '<anchor>', start, cursor.index, { text });
}

/** Reads `!suffix`, `!!suffix`, `!handle!suffix`, `!<uri>` or a lone `!`. */
export function scanTag(cursor: Cursor): Token {
  const start = cursor.index;
  const tag = scanTagParts(cursor, start);
  if (!isSpaceOrEnd(cursor.peek())) {
    cursor.fail(`expected ' ', but found ${cursor.shown()}`, 'while scanning a tag', start);
  }
  return makeToken('<tag>', start, cursor.index, tag);
}

function scanTagParts(cursor: Cursor, start: number): Pick<Token, 'handle' | 'text'> {
  const next = cursor.peek(1);
  if (next === '<') {
    cursor.skip(2);
    const text = scanUri(cursor, 'tag', start);
    if (cursor.peek() !== '>') {
      cursor.fail(`expected '>', but found ${cursor.shown()}`, 'while parsing a tag', start);
    }
    cursor.skip();
    return { handle: undefined, text };
  }
  if (isBlankOrEnd(next)) {
    cursor.skip();
    return { handle: undefined, text: '!' };
  }
  let handle = '!';
  if (hasNamedHandle(cursor)) handle = scanHandle(cursor, 'tag', start);
  else cursor.skip();
  return { handle, text: scanUri(cursor, 'tag', start) };
}

function hasNamedHandle(cursor: Cursor): boolean {
  for (let ahead = 1; ; ahead += 1) {
    const character = cursor.peek(ahead);
    if (isSpaceOrEnd(character)) return false;
    if (character === '!') return true;
  }
}

function scanHandle(cursor: Cursor, what: string, start: number): string {
  const context = `while scanning a ${what}`;
  if (cursor.peek() !== '!') cursor.fail(`expected '!', but found ${cursor.shown()}`, context, start);
  cursor.skip();
  if (cursor.peek() === ' ') return '!';
  const text = cursor.take(name);
  if (cursor.peek() !== '!') cursor.fail(`expected '!', but found ${cursor.shown()}`, context, start);
  cursor.skip();
  return `!${text}!`;
}

function scanUri(cursor: Cursor, what: string, start: number): string {
  let uri = '';
  for (;;) {
    uri += cursor.take(uriRun);
    if (cursor.peek() !== '%') break;
    uri += scanUriEscapes(cursor, what, start);
  }
  if (uri === '') cursor.fail(`expected URI, but found ${cursor.shown()}`, `while parsing a ${what}`, start);
  return uri;
}

function scanUriEscapes(cursor: Cursor, what: string, start: number): string {
  const bytes: number[] = [];
  const at = cursor.index;
  while (cursor.peek() === '%') {
    cursor.skip();
    const wrong = [0, 1].find((ahead) => !/[0-9A-Fa-f]/.test(cursor.peek(ahead)));
    if (wrong !== undefined) {
      const problem = `expected URI escape sequence of 2 hexadecimal numbers, but found ${cursor.shown(wrong)}`;
      cursor.fail(problem, `while scanning a ${what}`, start);
    }
    bytes.push(Number.parseInt(cursor.take(/../y), 16));
  }
  try {
    return decodeBytes(Uint8Array.from(bytes), 'utf-8');
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    return cursor.failAt(at, error.message, `while scanning a ${what}`, start);
  }
}

/** Reads a `%YAML` or `%TAG` line, or one that means nothing to us. */
export function scanDirective(cursor: Cursor): Token {
  const start = cursor.index;
  const fail = (problem: string) => cursor.fail(problem, 'while scanning a directive', start);
  cursor.skip();
  const text = cursor.take(name);
  if (text === '' || !isSpaceOrEnd(cursor.peek())) {
    fail(`expected alphabetic or numeric character, but found ${cursor.shown()}`);
  }
  let args: readonly string[] = [];
  if (text === 'YAML') args = scanVersion(cursor, fail);
  else if (text === 'TAG') args = scanTagPrefix(cursor, start, fail);
  const end = cursor.index;
  if (args.length === 0) cursor.take(restOfLine);
  cursor.take(spaces);
  if (cursor.peek() === '#') cursor.take(restOfLine);
  if (!isBreakOrEnd(cursor.peek())) fail(`expected a comment or a line break, but found ${cursor.shown()}`);
  cursor.takeBreak();
  return makeToken('<directive>', start, end, { text, args });
}

type Fail = (problem: string) => never;

function scanVersion(cursor: Cursor, fail: Fail): readonly string[] {
  cursor.take(spaces);
  const major = scanNumber(cursor, fail);
  if (cursor.peek() !== '.') fail(`expected a digit or '.', but found ${cursor.shown()}`);
  cursor.skip();
  const minor = scanNumber(cursor, fail);
  if (!isSpaceOrEnd(cursor.peek())) fail(`expected a digit or ' ', but found ${cursor.shown()}`);
  return [major, minor];
}

function scanNumber(cursor: Cursor, fail: Fail): string {
  const number = cursor.take(digits);
  return number === '' ? fail(`expected a digit, but found ${cursor.shown()}`) : number;
}

function scanTagPrefix(cursor: Cursor, start: number, fail: Fail): readonly string[] {
  cursor.take(spaces);
  const handle = scanHandle(cursor, 'directive', start);
  if (cursor.peek() !== ' ') fail(`expected ' ', but found ${cursor.shown()}`);
  cursor.take(spaces);
  const prefix = scanUri(cursor, 'directive', start);
  if (!isSpaceOrEnd(cursor.peek())) fail(`expected ' ', but found ${cursor.shown()}`);
  return [handle, prefix];
}
