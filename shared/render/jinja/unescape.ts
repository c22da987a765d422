import { CODE_LENGTHS, CONTROLS } from '../values/escape_letters.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  ...CONTROLS,
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const TRUNCATED: Readonly<Record<string, string>> = {
  x: 'truncated \\xXX escape',
  u: 'truncated \\uXXXX escape',
  U: 'truncated \\UXXXXXXXX escape',
};

/** A string literal's text between its quotes, with Python's escapes resolved; `fail` is told what is wrong with one. */
export function unescapeLiteral(raw: string, fail: (message: string) => never): string {
  if (!raw.includes('\\')) return raw;
  let out = '';
  let index = 0;
  while (index < raw.length) {
    const character = raw.charAt(index++);
    if (character !== '\\') {
      out += character;
      continue;
    }
    const letter = raw.charAt(index++);
    const length = CODE_LENGTHS[letter];
    const octal = /^[0-7]{1,3}/.exec(raw.slice(index - 1, index + 2))?.[0];
    if (length !== undefined) {
      out += fromHex(raw.slice(index, index + length), letter, length, fail);
      index += length;
    } else if (octal !== undefined) {
      out += String.fromCharCode(Number.parseInt(octal, 8));
      index += octal.length - 1;
    } else if (letter === 'N') {
      fail('malformed \\N character escape');
    } else {
      out += SIMPLE[letter] ?? `\\${letter}`;
    }
  }
  return out;
}

function fromHex(digits: string, letter: string, length: number, fail: (message: string) => never): string {
  if (digits.length < length || /[^0-9a-fA-F]/.test(digits)) fail(TRUNCATED[letter] ?? '');
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff) fail('illegal Unicode character');
  return String.fromCodePoint(code);
}
