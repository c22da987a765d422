import { markupText, operate } from '../../values/arithmetic.ts';
import { capitalize } from '../../values/case.ts';
import { toIndex } from '../../values/convert.ts';
import { codePointLength, iterate, pyLength, toList } from '../../values/iteration.ts';
import { escapeHtml, Markup } from '../../values/markup.ts';
import { formatPercent } from '../../values/percent_format.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import { NO_KWARGS, type Value } from '../../values/py_object.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { checkText } from '../../values/repeat.ts';
import { pySlice } from '../../values/slice.ts';
import { isText, pyStr, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import { attributeGetter } from '../attribute_getter.ts';
import type { Filter, FilterScope } from '../filter_scope.ts';
import { jsonText } from '../json_text.ts';
import { methodOf } from '../methods.ts';
import { defineFilter } from '../signature.ts';
import { replaceText, splitLines, splitText } from '../str_split.ts';

/** `soft_str`: a str stays what it is, Markup included. */
function soft(value: Value): string | Markup {
  return isText(value) ? value : pyStr(value);
}

/** Calls a method of str on a text, which keeps Markup. */
function callMethod(value: Value, name: string, ...args: Value[]): Value {
  const self = soft(value);
  const method = methodOf(self, name);
  return method === undefined ? null : method(self, args, NO_KWARGS);
}

/** Same kind of text as `like`. */
function sameKind(like: Value, text: string): Value {
  return like instanceof Markup ? new Markup(text) : text;
}

function replace(scope: FilterScope, value: Value, from: Value, to: Value, count: Value): Value {
  const times = count === null ? -1 : toIndex(count);
  if (!scope.autoescape) return replaceText(pyStr(value), pyStr(from), pyStr(to), times);
  const escapes = from instanceof Markup || (to instanceof Markup && !(value instanceof Markup));
  const self = escapes ? new Markup(markupText(value)) : soft(value);
  if (!(self instanceof Markup)) return replaceText(textOf(self), pyStr(from), pyStr(to), times);
  return new Markup(replaceText(self.text, markupText(soft(from)), markupText(soft(to)), times));
}

function title(value: Value): Value {
  const text = textOf(soft(value));
  const words = text.split(/([-\s({[<]+)/).filter((word) => word !== '');
  const capital = (word: string) => {
    const [first = '', ...rest] = word;
    return first.toUpperCase() + rest.join('').toLowerCase();
  };
  return words.map(capital).join('');
}

/** What Python says to `value += '\n'` and `.splitlines()` of something that is not a str. */
function refuseIndent(value: Value): never {
  if (value instanceof Undefined) value.fail();
  if (Array.isArray(value)) throw new PyError('AttributeError', "'list' object has no attribute 'splitlines'");
  if (value instanceof PyTuple) operate('+', value, '\n');
  throw new PyError('TypeError', `unsupported operand type(s) for +=: '${typeName(value)}' and 'str'`);
}

function indent(value: Value, width: Value, first: Value, blank: Value): Value {
  if (!isText(value)) refuseIndent(value);
  const indention = isText(width) ? textOf(width) : pyStr(operate('*', ' ', width));
  const text = pyStr(operate('+', value, value instanceof Markup ? new Markup('\n') : '\n'));
  const lines = splitLines(text, false);
  checkText(text.length + lines.length * indention.length);
  let out: string;
  if (isTrue(blank)) {
    out = lines.join(`\n${indention}`);
  } else {
    const [head = '', ...rest] = lines;
    out = [head, ...rest.map((line) => (line === '' ? line : indention + line))].join('\n');
  }
  return sameKind(value, isTrue(first) ? indention + out : out);
}

function truncate(value: Value, length: Value, killWords: Value, end: Value, leeway: Value): Value {
  const size = toIndex(length);
  const ending = pyStr(end);
  const spare = leeway === null ? 5 : toIndex(leeway);
  if (size < codePointLength(ending)) {
    throw new PyError('AssertionError', `expected length >= ${codePointLength(ending)}, got ${size}`);
  }
  if (spare < 0) throw new PyError('AssertionError', `expected leeway >= 0, got ${spare}`);
  if (pyLength(value) <= size + spare) return value;
  const cut = pySlice(value, [null, size - codePointLength(ending), null]);
  if (isTrue(killWords)) return operate('+', cut, end);
  if (!isText(cut)) throw new PyError('AttributeError', `'${typeName(cut)}' object has no attribute 'rsplit'`);
  const text = textOf(cut);
  const space = text.lastIndexOf(' ');
  return sameKind(value, (space === -1 ? text : text.slice(0, space)) + ending);
}

function join(scope: FilterScope, value: Value, delimiter: Value, attribute: Value): Value {
  const getter = attribute === null ? undefined : attributeGetter(scope, attribute);
  const items: Value[] = [];
  let length = 0;
  const iterator = iterate(value);
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    const item = getter === undefined ? step.value : getter(step.value);
    items.push(item instanceof Markup ? item : pyStr(item));
    length += 1;
  }
  const texts = items.map((item) => pyStr(item));
  checkText(texts.reduce((sum, text) => sum + text.length, pyStr(delimiter).length * length));
  if (!scope.autoescape) return texts.join(pyStr(delimiter));
  if (!(delimiter instanceof Markup) && !items.some((item) => item instanceof Markup))
    return texts.join(pyStr(delimiter));
  return new Markup(items.map(markupText).join(markupText(delimiter)));
}

const format: Filter = (_scope, args, kwargs) => {
  const [value = null, ...rest] = args;
  if (rest.length > 0 && kwargs.size > 0) {
    throw new PyError('FilterArgumentError', "can't handle positional and keyword arguments at the same time");
  }
  return formatPercent(soft(value), kwargs.size > 0 ? new PyDict(kwargs) : new PyTuple(rest));
};

function stripTags(value: Value): Value {
  const text = withoutSpans(withoutSpans(pyStr(value), '<!--', '-->'), '<', '>');
  const collapsed = splitText(text, null, -1, false).map((word) => pyStr(word));
  return unescapeHtml(collapsed.join(' '));
}

/**
 * The text without what stands between two marks, and them; a pattern would look for the end of each of a million marks
 * without one.
 */
function withoutSpans(text: string, open: string, close: string): string {
  let kept = '';
  let from = 0;
  for (;;) {
    const start = text.indexOf(open, from);
    const end = start === -1 ? -1 : text.indexOf(close, start + open.length);
    if (end === -1) return kept + text.slice(from);
    kept += text.slice(from, start);
    from = end + close.length;
  }
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\xa0',
};

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|(\w+));?/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return (Object.hasOwn(NAMED_ENTITIES, name) ? NAMED_ENTITIES[name] : undefined) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

function xmlAttributes(scope: FilterScope, value: Value, autospace: Value): Value {
  if (!(value instanceof PyDict)) {
    if (value instanceof Undefined) value.fail();
    throw new PyError('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
  }
  const parts: string[] = [];
  for (const [key, item] of value.entries()) {
    if (item === null || item instanceof Undefined) continue;
    if (!isText(key)) throw new PyError('TypeError', `expected string or bytes-like object, got '${typeName(key)}'`);
    parts.push(`${markupText(key)}="${markupText(item)}"`);
  }
  const text = (isTrue(autospace) && parts.length > 0 ? ' ' : '') + parts.join(' ');
  return scope.autoescape ? new Markup(text) : text;
}

function toJson(value: Value, indentation: Value): Value {
  const indentText =
    indentation === null
      ? undefined
      : isText(indentation)
        ? textOf(indentation)
        : ' '.repeat(Math.max(0, toIndex(indentation)));
  const text = jsonText(value, { indent: indentText, sortKeys: true });
  const safe = text.replace(/[<>&']/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return new Markup(safe);
}

/** Percent-encoding as urllib.parse.quote does it. */
function quoteUrl(value: Value, forQuery: boolean): string {
  const encoded = encodeURIComponent(pyStr(value).replace(/[\ud800-\udfff]/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return forQuery ? encoded.replaceAll('%20', '+') : encoded.replaceAll('%2F', '/');
}

function urlEncode(value: Value): Value {
  if (isText(value)) return quoteUrl(value, false);
  const pairs = value instanceof PyDict ? [...value.entries()] : undefined;
  if (pairs === undefined && !Array.isArray(value) && !(value instanceof PyTuple)) return quoteUrl(value, false);
  const items = pairs ?? toList(value).map((pair) => toList(pair));
  return items.map(([key = null, item = null]) => `${quoteUrl(key, true)}=${quoteUrl(item, true)}`).join('&');
}

const one = (name: string, run: (value: Value) => Value): Filter =>
  defineFilter({ name, required: ['s'] }, (_scope, value) => run(value ?? null));

/** Filters whose result is a text. */
export const TEXT_FILTERS: readonly (readonly [string, Filter])[] = [
  ['upper', one('do_upper', (value) => callMethod(value, 'upper'))],
  ['lower', one('do_lower', (value) => callMethod(value, 'lower'))],
  [
    'capitalize',
    one('do_capitalize', (value) =>
      value instanceof Markup ? callMethod(value, 'capitalize') : capitalize(pyStr(value)),
    ),
  ],
  ['title', one('do_title', title)],
  ['wordcount', one('do_wordcount', (value) => (textOf(soft(value)).match(/[\p{L}\p{N}_]+/gu) ?? []).length)],
  ['string', one('soft_str', soft)],
  ['striptags', one('do_striptags', stripTags)],
  ['escape', one('escape', (value) => new Markup(markupText(value)))],
  ['e', one('escape', (value) => new Markup(markupText(value)))],
  ['forceescape', one('do_forceescape', (value) => new Markup(escapeHtml(pyStr(value))))],
  ['safe', one('do_mark_safe', (value) => (value instanceof Markup ? value : new Markup(pyStr(value))))],
  ['urlencode', one('do_urlencode', urlEncode)],
  ['format', format],
  [
    'center',
    defineFilter(
      { name: 'do_center', required: ['value'], optional: { width: 80 } },
      (_scope, value = null, width = 80) => callMethod(value, 'center', width),
    ),
  ],
  [
    'trim',
    defineFilter(
      { name: 'do_trim', required: ['value'], optional: { chars: null } },
      (_scope, value = null, chars = null) => callMethod(value, 'strip', chars),
    ),
  ],
  [
    'replace',
    defineFilter(
      { name: 'do_replace', required: ['s', 'old', 'new'], optional: { count: null }, hidden: 1 },
      (scope, value = null, from = null, to = null, count = null) => replace(scope, value, from, to, count),
    ),
  ],
  [
    'indent',
    defineFilter(
      { name: 'do_indent', required: ['s'], optional: { width: 4, first: false, blank: false } },
      (_scope, value = null, width = 4, first = false, blank = false) => indent(value, width, first, blank),
    ),
  ],
  [
    'truncate',
    defineFilter(
      {
        name: 'do_truncate',
        required: ['s'],
        optional: { length: 255, killwords: false, end: '...', leeway: null },
        hidden: 1,
      },
      (_scope, value = null, length = 255, kill = false, end = '...', leeway = null) =>
        truncate(value, length, kill, end, leeway),
    ),
  ],
  [
    'join',
    defineFilter(
      { name: 'sync_do_join', required: ['value'], optional: { d: '', attribute: null }, hidden: 1 },
      (scope, value = null, delimiter = '', attribute = null) => join(scope, value, delimiter, attribute),
    ),
  ],
  [
    'xmlattr',
    defineFilter(
      { name: 'do_xmlattr', required: ['d'], optional: { autospace: true }, hidden: 1 },
      (scope, value = null, autospace = true) => xmlAttributes(scope, value, autospace),
    ),
  ],
  [
    'tojson',
    defineFilter(
      { name: 'do_tojson', required: ['value'], optional: { indent: null }, hidden: 1 },
      (_scope, value = null, indentation = null) => toJson(value, indentation),
    ),
  ],
];
