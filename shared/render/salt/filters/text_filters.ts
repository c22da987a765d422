import { compileRegex } from '../../regex/python_regex.ts';
import { toInt } from '../../values/convert.ts';
import { pyLength, toList } from '../../values/iteration.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import { PyFloat } from '../../values/py_float.ts';
import { intFromDouble, isInt } from '../../values/py_int.ts';
import type { Value } from '../../values/py_object.ts';
import { PySet } from '../../values/py_set.ts';
import { isSpace } from '../../values/py_space.ts';
import { isText, pyStr, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { matchesGlob } from '../glob.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';
import { toNumber, unlessValueError } from '../to_number.ts';
import { requireText } from './regex_filters.ts';

/** Texts: what they mean, how they are written. */
export const textFilters: readonly NamedFilter[] = [
  pureFilter('skip', ['data'], {}, () => ''),
  pureFilter('to_bool', ['val'], {}, toBool),
  pureFilter('to_num', ['text'], {}, toNumber),
  pureFilter('str_to_num', ['text'], {}, toNumber),
  pureFilter('quote', ['txt'], {}, (text) => (isTrue(text) ? shellQuote(requireText(text)) : "''")),
  pureFilter(
    'is_hex',
    ['value'],
    {},
    (value) => isText(value) && unlessValueError(() => toInt(value, 16)) !== undefined,
  ),
  pureFilter('contains_whitespace', ['text'], {}, (text) =>
    toList(text).some((part) => isText(part) && isSpace(textOf(part))),
  ),
  pureFilter('human_to_bytes', ['size'], { default_unit: 'B', handle_metric: false }, (size, unit, metric) =>
    humanToBytes(pyStr(size), pyStr(unit), isTrue(metric)),
  ),
  pureFilter('check_whitelist_blacklist', ['value'], { whitelist: null, blacklist: null }, (value, white, black) =>
    isAllowed(requireText(value), patterns(white, 'whitelist'), patterns(black, 'blacklist')),
  ),
  pureFilter('to_snake_case', ['camel_input'], {}, (text) => toSnakeCase(requireText(text))),
  pureFilter('to_camelcase', ['snake_input'], { uppercamel: false }, (text, upper) =>
    toCamelCase(requireText(text), isTrue(upper)),
  ),
  ['path_join', (_scope, args) => joinPaths(args.map(requireText))],
];

function toBool(value: Value): boolean {
  if (value === null) return false;
  if (typeof value === 'boolean') return value;
  if (isText(value)) return ['yes', '1', 'true'].includes(textOf(value).toLowerCase());
  if (isInt(value)) return value > 0;
  return (Array.isArray(value) || value instanceof PyDict || value instanceof PySet) && pyLength(value) > 0;
}

/** Python's `shlex.quote`. */
function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

const unitLetters = 'bkmgtpezy';

/** 0 for what is no size. `KB` counts by 1000 when `metric`; `K` and `KiB` always by 1024. */
function humanToBytes(size: string, defaultUnit: string, metric: boolean): Value {
  const [, digits = '', given = ''] = /^([0-9.]*)\s*(.*)$/.exec(size.trim()) ?? [];
  const unit = (given === '' ? defaultUnit : given).toLowerCase();
  const value = toNumber(digits);
  const isMetric = /^[kmgtpezy]b$/.test(unit);
  if (isText(value) || !(isMetric || /^(?:b|[kmgtpezy](?:ib)?)$/.test(unit))) return 0;
  const power = unitLetters.indexOf(unit[0] as string);
  const factor = isMetric && metric ? 1000 ** power : 1024 ** power;
  return intFromDouble((value instanceof PyFloat ? value.value : Number(value)) * factor);
}

function patterns(list: Value, name: string): readonly string[] {
  if (!isTrue(list)) return [];
  if (isText(list)) return [textOf(list)];
  if (Array.isArray(list) || typeof list === 'object') return toList(list).map(requireText);
  throw new PyError('TypeError', `Expecting iterable ${name}, but got ${typeName(list)} (${pyStr(list)})`);
}

/** The blacklist counts first; globs and regular expressions may stand in both. */
function isAllowed(value: string, whitelist: readonly string[], blacklist: readonly string[]): boolean {
  const isBlack = blacklist.some((pattern) => expressionMatches(value, pattern));
  const isWhite = whitelist.length === 0 || whitelist.some((pattern) => expressionMatches(value, pattern));
  return isWhite && !isBlack;
}

function expressionMatches(value: string, pattern: string): boolean {
  if (matchesGlob(value, pattern)) return true;
  return unlessValueError(() => compileRegex(`\\A(?:${pattern})\\Z`).match(value)) !== undefined;
}

function toSnakeCase(text: string): string {
  const isUpper = (letter: string | undefined) => letter !== undefined && /\p{Lu}/u.test(letter);
  const isLower = (letter: string | undefined) => letter !== undefined && /\p{Ll}/u.test(letter);
  const letters = Array.from(text);
  return letters
    .map((letter, index) => {
      const startsWord = index > 0 && isUpper(letter) && (isLower(letters[index - 1]) || isLower(letters[index + 1]));
      return (startsWord ? '_' : '') + letter.toLowerCase();
    })
    .join('');
}

function toCamelCase(text: string, upper: boolean): string {
  const capitalize = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
  return text
    .split('_')
    .map((word, index) => (index > 0 || upper ? capitalize(word) : word))
    .join('');
}

/** Parts that are absolute do not begin anew, as they do in Python's `os.path.join`. */
function joinPaths(parts: readonly string[]): string {
  const [root = '', ...rest] = parts.map((part) => part.normalize());
  const trimmed = rest
    .map((part) => part.replace(/^\/+/, ''))
    .filter((part, index) => part !== '' || index === rest.length - 1);
  return normalizePath([root, ...trimmed].join('/'));
}

function normalizePath(path: string): string {
  const isAbsolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (parts.length === 0 && !isAbsolute) || parts.at(-1) === '..') parts.push(part);
    else parts.pop();
  }
  return (isAbsolute ? '/' : '') + parts.join('/') || '.';
}
