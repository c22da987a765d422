import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import { decimalInt, normalInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';

interface Reader {
  readonly text: string;
  index: number;
  depth: number;
  values: number;
}

/** Collections inside one another: Python's own limit is its recursion limit. */
const DEPTH_MAX = 500;
/** Values in one text: far above what people write, below what fills the memory. */
const VALUES_MAX = 1_000_000;

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const word = /null|true|false|NaN|-?Infinity/y;
const controls = '\\u0000-\\u001f';
const plainText = new RegExp(`[^"\\\\${controls}]*`, 'y');

const words: Readonly<Record<string, Value>> = {
  null: null,
  true: true,
  false: false,
  NaN: new PyFloat(Number.NaN),
  Infinity: new PyFloat(Number.POSITIVE_INFINITY),
  '-Infinity': new PyFloat(Number.NEGATIVE_INFINITY),
};

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * The value of a JSON text as Python's `json.loads` reads it: whole numbers stay exact ints, others become floats.
 * @throws PyError ValueError
 */
export function loadJson(text: string): Value {
  const reader: Reader = { text, index: 0, depth: 0, values: 0 };
  const value = readValue(reader);
  take(reader, space);
  if (reader.index < text.length) fail(reader, 'Extra data');
  return value;
}

function readValue(reader: Reader): Value {
  reader.values += 1;
  if (reader.values > VALUES_MAX) fail(reader, `more than ${VALUES_MAX} values`);
  take(reader, space);
  const first = reader.text[reader.index];
  if (first === '{') return readNested(reader, readObject);
  if (first === '[') return readNested(reader, readList);
  if (first === '"') return readText(reader);
  const name = take(reader, word);
  if (name !== '') return words[name] as Value;
  const digits = take(reader, number);
  if (digits === '') return fail(reader, 'Expecting value');
  return /[.eE]/.test(digits) ? new PyFloat(Number(digits)) : signedInt(digits);
}

function signedInt(digits: string): number | bigint {
  return digits.startsWith('-') ? normalInt(-BigInt(decimalInt(digits.slice(1)))) : decimalInt(digits);
}

function readNested(reader: Reader, read: (reader: Reader) => Value): Value {
  reader.depth += 1;
  if (reader.depth > DEPTH_MAX) fail(reader, `more than ${DEPTH_MAX} collections inside one another`);
  reader.index += 1;
  const value = read(reader);
  reader.depth -= 1;
  return value;
}

function readList(reader: Reader): Value[] {
  const items: Value[] = [];
  if (takeSign(reader, ']')) return items;
  do items.push(readValue(reader));
  while (takeSign(reader, ','));
  if (!takeSign(reader, ']')) fail(reader, "Expecting ',' delimiter");
  return items;
}

function readObject(reader: Reader): PyDict {
  const dict = new PyDict();
  if (takeSign(reader, '}')) return dict;
  do {
    take(reader, space);
    if (reader.text[reader.index] !== '"') fail(reader, 'Expecting property name enclosed in double quotes');
    const key = readText(reader);
    if (!takeSign(reader, ':')) fail(reader, "Expecting ':' delimiter");
    dict.set(key, readValue(reader));
  } while (takeSign(reader, ','));
  if (!takeSign(reader, '}')) fail(reader, "Expecting ',' delimiter");
  return dict;
}

function readText(reader: Reader): string {
  const start = reader.index;
  reader.index += 1;
  let text = '';
  for (;;) {
    text += take(reader, plainText);
    const character = reader.text[reader.index];
    if (character === undefined) fail(reader, 'Unterminated string starting at', start);
    if (character !== '"' && character !== '\\') fail(reader, 'Invalid control character at');
    reader.index += 1;
    if (character === '"') return text;
    text += readEscape(reader, start);
  }
}

function readEscape(reader: Reader, start: number): string {
  const letter = reader.text[reader.index];
  if (letter === undefined) return fail(reader, 'Unterminated string starting at', start);
  if (letter === 'u') {
    const digits = take(reader, /u[0-9a-fA-F]{4}/y);
    return digits === ''
      ? fail(reader, 'Invalid \\uXXXX escape', reader.index + 1)
      : String.fromCharCode(Number.parseInt(digits.slice(1), 16));
  }
  const escaped = escapes[letter];
  if (escaped === undefined) return fail(reader, 'Invalid \\escape', reader.index - 1);
  reader.index += 1;
  return escaped;
}

function takeSign(reader: Reader, sign: string): boolean {
  take(reader, space);
  if (reader.text[reader.index] !== sign) return false;
  reader.index += 1;
  return true;
}

function take(reader: Reader, sticky: RegExp): string {
  sticky.lastIndex = reader.index;
  const taken = sticky.exec(reader.text)?.[0] ?? '';
  reader.index += taken.length;
  return taken;
}

function fail(reader: Reader, problem: string, at = reader.index): never {
  const before = reader.text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  throw new PyError('ValueError', `${problem}: line ${line} column ${column} (char ${at})`);
}
