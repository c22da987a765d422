import { capitalize, caseFold, isLower, isTitle, isUpper, swapCase, toTitle } from '../values/case.ts';
import { toIndex } from '../values/convert.ts';
import { codePointLength, toList, tryIterate } from '../values/iteration.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { isInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { isSpace, stripEnd, stripStart } from '../values/py_space.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { checkText } from '../values/repeat.ts';
import { resolveSlice } from '../values/slice.ts';
import { isText, pyStr, textOf, typeName } from '../values/text.ts';
import { defineMethod, type Method, type MethodParameters, type MethodTable } from './method.ts';
import { partition, replaceText, splitLines, splitText } from './str_split.ts';

type Run = (self: string, ...args: (Value | undefined)[]) => Value;

function method(name: string, least: number, most: number, run: Run, names: readonly string[] = []): [string, Method] {
  const parameters: MethodParameters = { least, most, names };
  return [name, defineMethod<string>(`str.${name}`, parameters, run)];
}

function text(value: Value | undefined, message: (type: string) => string): string {
  if (value !== undefined && isText(value)) return textOf(value);
  throw new PyError('TypeError', message(typeName(value ?? null)));
}

const mustBeStr = (type: string) => `must be str, not ${type}`;
const TRIM_ARGUMENT = (name: string) => () => `${name} arg must be None or str`;

/** Methods of str. */
export const STR_METHODS: MethodTable = new Map([
  method('upper', 0, 0, (self) => self.toUpperCase()),
  method('lower', 0, 0, (self) => self.toLowerCase()),
  method('casefold', 0, 0, (self) => caseFold(self)),
  method('capitalize', 0, 0, (self) => capitalize(self)),
  method('title', 0, 0, (self) => toTitle(self)),
  method('swapcase', 0, 0, (self) => swapCase(self)),
  method('strip', 0, 1, (self, characters) => strip(self, characters, 'strip', true, true)),
  method('lstrip', 0, 1, (self, characters) => strip(self, characters, 'lstrip', true, false)),
  method('rstrip', 0, 1, (self, characters) => strip(self, characters, 'rstrip', false, true)),
  method('split', 0, 2, (self, separator = null, limit = -1) => splitText(self, separator, toIndex(limit), false), [
    'sep',
    'maxsplit',
  ]),
  method('rsplit', 0, 2, (self, separator = null, limit = -1) => splitText(self, separator, toIndex(limit), true), [
    'sep',
    'maxsplit',
  ]),
  method('splitlines', 0, 1, (self, keep = false) => splitLines(self, keep === true || keep === 1), ['keepends']),
  method('partition', 1, 1, (self, separator) => partition(self, text(separator, mustBeStr), false)),
  method('rpartition', 1, 1, (self, separator) => partition(self, text(separator, mustBeStr), true)),
  method('join', 1, 1, (self, items) => join(self, items ?? null)),
  method('replace', 2, 3, (self, from, to, count = -1) =>
    replaceText(
      self,
      text(from, (type) => `replace() argument 1 must be str, not ${type}`),
      text(to, (type) => `replace() argument 2 must be str, not ${type}`),
      toIndex(count),
    ),
  ),
  method('startswith', 1, 3, (self, prefix, start, end) => hasAffix(self, 'startswith', prefix ?? null, start, end)),
  method('endswith', 1, 3, (self, suffix, start, end) => hasAffix(self, 'endswith', suffix ?? null, start, end)),
  method('find', 1, 3, (self, part, start, end) => find(self, text(part, mustBeStr), start, end, false)),
  method('rfind', 1, 3, (self, part, start, end) => find(self, text(part, mustBeStr), start, end, true)),
  method('index', 1, 3, (self, part, start, end) => found(find(self, text(part, mustBeStr), start, end, false))),
  method('rindex', 1, 3, (self, part, start, end) => found(find(self, text(part, mustBeStr), start, end, true))),
  method('count', 1, 3, (self, part, start, end) => count(window(self, start, end).text, text(part, mustBeStr))),
  method('center', 1, 2, (self, width, fill) => justify(self, width, fill, 'center')),
  method('ljust', 1, 2, (self, width, fill) => justify(self, width, fill, 'ljust')),
  method('rjust', 1, 2, (self, width, fill) => justify(self, width, fill, 'rjust')),
  method('zfill', 1, 1, (self, width) => zeroFill(self, toIndex(width ?? null))),
  method('expandtabs', 0, 1, (self, size = 8) => expandTabs(self, toIndex(size)), ['tabsize']),
  method('removeprefix', 1, 1, (self, prefix) => {
    const start = text(prefix, (type) => `removeprefix() argument must be str, not ${type}`);
    return self.startsWith(start) ? self.slice(start.length) : self;
  }),
  method('removesuffix', 1, 1, (self, suffix) => {
    const end = text(suffix, (type) => `removesuffix() argument must be str, not ${type}`);
    return end !== '' && self.endsWith(end) ? self.slice(0, -end.length) : self;
  }),
  method('encode', 0, 2, (self, encoding = 'utf-8') => encode(self, pyStr(encoding)), ['encoding', 'errors']),
  method('isalnum', 0, 0, (self) => /^[\p{L}\p{N}]+$/u.test(self)),
  method('isalpha', 0, 0, (self) => /^\p{L}+$/u.test(self)),
  method('isascii', 0, 0, (self) => [...self].every((character) => character < '\x80')),
  method('isdecimal', 0, 0, (self) => /^\p{Nd}+$/u.test(self)),
  method('isdigit', 0, 0, (self) => /^[\p{Nd}\xb2\xb3\xb9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468]+$/u.test(self)),
  method('isnumeric', 0, 0, (self) => /^\p{N}+$/u.test(self)),
  method('isidentifier', 0, 0, (self) => /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(self)),
  method('islower', 0, 0, (self) => isLower(self)),
  method('isupper', 0, 0, (self) => isUpper(self)),
  method('istitle', 0, 0, (self) => isTitle(self)),
  method('isspace', 0, 0, (self) => isSpace(self)),
  method('isprintable', 0, 0, (self) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(self)),
  method('translate', 1, 1, (self, table) => translate(self, table ?? null)),
]);

function strip(self: string, characters: Value | undefined, name: string, start: boolean, end: boolean): string {
  if (characters === undefined || characters === null) {
    const left = start ? stripStart(self) : self;
    return end ? stripEnd(left) : left;
  }
  const set = new Set(text(characters, TRIM_ARGUMENT(name)));
  const units = [...self];
  let from = 0;
  let to = units.length;
  while (start && from < to && set.has(units[from] ?? '')) from++;
  while (end && to > from && set.has(units[to - 1] ?? '')) to--;
  return units.slice(from, to).join('');
}

function join(self: string, items: Value): string {
  if (tryIterate(items) === undefined) throw new PyError('TypeError', 'can only join an iterable');
  const texts = toList(items).map((item, index) => {
    if (isText(item)) return textOf(item);
    throw new PyError('TypeError', `sequence item ${index}: expected str instance, ${typeName(item)} found`);
  });
  checkText(texts.reduce((sum, item) => sum + item.length + self.length, 0));
  return texts.join(self);
}

/** The part of a text between two bounds, with its start in code points. */
function window(self: string, start: Value = null, end: Value = null): { text: string; start: number; valid: boolean } {
  if (start === null && end === null) return { text: self, start: 0, valid: true };
  const units = [...self];
  const span = resolveSlice([start, end, null], units.length);
  const given = isInt(start) ? Number(start) : 0;
  const valid = given <= units.length && span.start <= span.stop;
  return { text: units.slice(span.start, Math.max(span.start, span.stop)).join(''), start: span.start, valid };
}

function hasAffix(self: string, name: string, affix: Value, start?: Value, end?: Value): boolean {
  const part = window(self, start, end);
  const options = affix instanceof PyTuple ? affix.items : [affix];
  return options.some((option) => {
    const wanted = text(option, (type) =>
      affix instanceof PyTuple
        ? `tuple for ${name} must only contain str, not ${type}`
        : `${name} first arg must be str or a tuple of str, not ${type}`,
    );
    return part.valid && (name === 'startswith' ? part.text.startsWith(wanted) : part.text.endsWith(wanted));
  });
}

function find(self: string, part: string, start: Value | undefined, end: Value | undefined, last: boolean): number {
  const area = window(self, start, end);
  if (!area.valid) return -1;
  const at = last ? area.text.lastIndexOf(part) : area.text.indexOf(part);
  return at === -1 ? -1 : area.start + codePointLength(area.text.slice(0, at));
}

function found(index: number): number {
  if (index === -1) throw new PyError('ValueError', 'substring not found');
  return index;
}

function count(self: string, part: string): number {
  return part === '' ? codePointLength(self) + 1 : self.split(part).length - 1;
}

function justify(self: string, width: Value | undefined, fill: Value | undefined, name: string): string {
  const wanted = toIndex(width ?? null);
  const filling =
    fill === undefined ? ' ' : text(fill, (type) => `The fill character must be a unicode character, not ${type}`);
  if ([...filling].length !== 1) {
    throw new PyError('TypeError', 'The fill character must be exactly one character long');
  }
  checkText(wanted);
  const missing = wanted - codePointLength(self);
  if (missing <= 0) return self;
  if (name === 'ljust') return self + filling.repeat(missing);
  if (name === 'rjust') return filling.repeat(missing) + self;
  // CPython puts the odd one left when the width is odd.
  const left = Math.floor(missing / 2) + (missing & wanted & 1);
  return filling.repeat(left) + self + filling.repeat(missing - left);
}

function zeroFill(self: string, width: number): string {
  checkText(width);
  const missing = width - codePointLength(self);
  if (missing <= 0) return self;
  const sign = /^[-+]/.test(self) ? self.charAt(0) : '';
  return sign + '0'.repeat(missing) + self.slice(sign.length);
}

function expandTabs(self: string, size: number): string {
  let out = '';
  let column = 0;
  for (const character of self) {
    if (character === '\t') {
      const spaces = size > 0 ? size - (column % size) : 0;
      out += ' '.repeat(spaces);
      column += spaces;
      checkText(out.length);
    } else {
      out += character;
      column = character === '\n' || character === '\r' ? 0 : column + 1;
    }
  }
  return out;
}

function encode(self: string, encoding: string): Uint8Array {
  const name = encoding.toLowerCase().replaceAll('_', '-');
  if (name === 'utf-8' || name === 'utf8') return new TextEncoder().encode(self);
  const limit = name === 'ascii' || name === 'us-ascii' ? 128 : name === 'latin-1' || name === 'iso-8859-1' ? 256 : 0;
  if (limit === 0) throw new PyError('LookupError', `unknown encoding: ${encoding}`);
  const codes = [...self].map((character) => character.codePointAt(0) ?? 0);
  const bad = codes.findIndex((code) => code >= limit);
  if (bad === -1) return Uint8Array.from(codes);
  throw new PyError(
    'UnicodeEncodeError',
    `'${encoding}' codec can't encode character at position ${bad}: ordinal not in range(${limit})`,
  );
}

function translate(self: string, table: Value): string {
  if (!(table instanceof PyDict)) throw new PyError('TypeError', `'${typeName(table)}' object is not subscriptable`);
  let out = '';
  for (const character of self) {
    const mapped = table.get(character.codePointAt(0) ?? 0);
    if (mapped === undefined) out += character;
    else if (typeof mapped === 'number') out += String.fromCodePoint(mapped);
    else if (mapped !== null) out += pyStr(mapped);
  }
  return out;
}
