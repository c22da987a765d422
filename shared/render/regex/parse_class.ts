import { CODE_LENGTHS, CONTROLS } from '../values/escape_letters.ts';
import type { PatternReader } from './pattern_reader.ts';
import type { ClassLetter, SetItem } from './regex_node.ts';

/** Reads the inside of `[…]`; the reader stands after the bracket. */
export function parseSet(reader: PatternReader): { items: SetItem[]; negated: boolean } {
  const start = reader.index - 1;
  const negated = reader.takeIf('^');
  const items: SetItem[] = [];
  for (;;) {
    if (reader.atEnd) reader.fail('unterminated character set', start);
    if (reader.peek() === ']' && items.length > 0) break;
    items.push(parseMember(reader, start));
  }
  reader.take();
  return { items, negated };
}

function parseMember(reader: PatternReader, setStart: number): SetItem {
  const start = reader.index;
  const first = parseSetCharacter(reader);
  if (reader.peek() !== '-' || reader.peek(1) === ']') return asItem(first);
  reader.take();
  if (reader.atEnd) reader.fail('unterminated character set', setStart);
  const last = parseSetCharacter(reader);
  const range = reader.source.slice(start, reader.index);
  if (typeof first !== 'number' || typeof last !== 'number' || last < first) {
    return reader.fail(`bad character range ${range}`, start);
  }
  return { from: first, to: last };
}

function asItem(member: number | ClassLetter): SetItem {
  return typeof member === 'number' ? { from: member, to: member } : { class: member };
}

function parseSetCharacter(reader: PatternReader): number | ClassLetter {
  const start = reader.index;
  const character = reader.take();
  if (character !== '\\') return character.codePointAt(0) as number;
  const letter = reader.peek();
  if (isClassLetter(letter)) {
    reader.take();
    return letter;
  }
  return parseEscapedCode(reader, start, true);
}

export function isClassLetter(letter: string): letter is ClassLetter {
  return letter !== '' && 'dDwWsS'.includes(letter);
}

/** The code point of an escape; the reader stands after the backslash at `start`. */
export function parseEscapedCode(reader: PatternReader, start: number, inSet: boolean): number {
  if (reader.atEnd) reader.fail('bad escape (end of pattern)', start);
  const letter = reader.take();
  const length = CODE_LENGTHS[letter];
  if (length !== undefined) return parseHex(reader, start, length);
  if (/[0-7]/.test(letter) && (letter === '0' || inSet)) {
    const digits = letter + reader.takeWhile(/[0-7]/, 2);
    const code = Number.parseInt(digits, 8);
    return code > 0o377 ? reader.fail(`octal escape value \\${digits} outside of range 0-0o377`, start) : code;
  }
  const control = CONTROLS[letter];
  if (control !== undefined && (letter !== 'b' || inSet)) return control.charCodeAt(0);
  if (/[0-9A-Za-z]/.test(letter)) return reader.fail(`bad escape \\${letter}`, start);
  return letter.codePointAt(0) as number;
}

function parseHex(reader: PatternReader, start: number, length: number): number {
  const digits = reader.takeWhile(/[0-9A-Fa-f]/, length);
  if (digits.length < length) reader.fail(`incomplete escape ${reader.source.slice(start, reader.index)}`, start);
  return Number.parseInt(digits, 16);
}
