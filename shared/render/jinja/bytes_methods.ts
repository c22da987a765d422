import { decodeBytes } from '../values/bytes.ts';
import { toIndex } from '../values/convert.ts';
import { PyError } from '../values/py_error.ts';
import { isInt } from '../values/py_int.ts';
import { PyObject, type Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyStr, typeName } from '../values/text.ts';
import { defineMethod, type Method, type MethodTable } from './method.ts';
import { STR_METHODS } from './str_methods.ts';

// Methods that bytes and str share; those of bytes know only the letters, digits and spaces of ASCII.
const SHARED = (
  'capitalize center count endswith expandtabs find index isalnum isalpha isascii isdigit islower isspace istitle isupper join ' +
  'ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines ' +
  'startswith strip swapcase title upper zfill'
).split(' ');

// Those that look for a part, which may also be one byte as a number.
const SEARCHES: readonly string[] = ['count', 'find', 'index', 'rfind', 'rindex'];

// Bytes that mean something else to str stand aside as private characters, which are no letters, digits or spaces.
const ASIDE = 0xe000;

/** Methods of bytes. */
export const BYTES_METHODS: MethodTable = new Map<string, Method>([
  ...SHARED.map((name): [string, Method] => [name, sharedMethod(name)]),
  [
    'decode',
    defineMethod<Uint8Array>(
      'bytes.decode',
      { least: 0, most: 2, names: ['encoding', 'errors'] },
      (self, encoding = 'utf-8') => decodeBytes(self, pyStr(encoding)),
    ),
  ],
  [
    'hex',
    defineMethod<Uint8Array>(
      'bytes.hex',
      { least: 0, most: 2, names: ['sep', 'bytes_per_sep'] },
      (self, separator = '', group = 1) => hexOf(self, pyStr(separator), toIndex(group)),
    ),
  ],
]);

function sharedMethod(name: string): Method {
  const linesOnly = name === 'splitlines';
  const byNumber = SEARCHES.includes(name);
  const argument = (value: Value): Value => {
    if (value instanceof Uint8Array) return toText(value, linesOnly);
    if (isText(value)) throw new PyError('TypeError', needsBytes(name));
    if (byNumber && isInt(value)) return toText(Uint8Array.of(Number(value)), false);
    if (name === 'join' && !(value instanceof PyObject) && !Array.isArray(value)) {
      throw new PyError('TypeError', 'can only join an iterable');
    }
    if (Array.isArray(value)) return value.map(argument);
    return value instanceof PyTuple ? new PyTuple(value.items.map(argument)) : value;
  };
  return (self, args, kwargs) => {
    const method = STR_METHODS.get(name);
    if (method === undefined || !(self instanceof Uint8Array)) {
      throw new PyError('TypeError', `bytes.${name}() needs bytes, not '${typeName(self)}'`);
    }
    const named = new Map([...kwargs].map(([key, value]) => [key, argument(value)]));
    // Only the first argument of a search is what it looks for; the others are places.
    const given = args.map((value, index) => (byNumber && index > 0 ? value : argument(value)));
    try {
      return toBytes(method(toText(self, linesOnly), given, named));
    } catch (error) {
      const isAbsent = error instanceof PyError && error.message === 'substring not found';
      throw isAbsent ? new PyError('ValueError', 'subsection not found') : error;
    }
  };
}

function needsBytes(name: string): string {
  if (SEARCHES.includes(name)) return "argument should be integer or bytes-like object, not 'str'";
  return /^(?:starts|ends)with$/.test(name)
    ? `${name} first arg must be bytes or a tuple of bytes, not str`
    : "a bytes-like object is required, not 'str'";
}

/** `bytes.hex(sep, bytes_per_sep)`: groups count from the right, or from the left when negative. */
function hexOf(bytes: Uint8Array, separator: string, group: number): string {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const size = Math.abs(group);
  const first = group < 0 ? 0 : size - (pairs.length % size);
  return pairs
    .map((pair, index) => (size > 0 && index > 0 && (index + first) % size === 0 ? separator : '') + pair)
    .join('');
}

function toText(bytes: Uint8Array, linesOnly: boolean): string {
  const isAside = (byte: number) =>
    byte > 127 || (byte >= 28 && byte <= 31) || (linesOnly && (byte === 11 || byte === 12));
  return Array.from(bytes, (byte) => String.fromCharCode(isAside(byte) ? ASIDE + byte : byte)).join('');
}

function toBytes(value: Value): Value {
  if (typeof value === 'string') return Uint8Array.from(value, (character) => character.charCodeAt(0) & 0xff);
  if (Array.isArray(value)) return value.map(toBytes);
  return value instanceof PyTuple ? new PyTuple(value.items.map(toBytes)) : value;
}
