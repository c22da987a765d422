import { markupText } from '../../values/arithmetic.ts';
import { toIndex } from '../../values/convert.ts';
import { toList } from '../../values/iteration.ts';
import { Markup } from '../../values/markup.ts';
import { prettyText } from '../../values/pretty.ts';
import { PyError } from '../../values/py_error.ts';
import type { Value } from '../../values/py_object.ts';
import { isText, pyRepr, pyStr, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import type { Filter, FilterScope } from '../filter_scope.ts';
import { defineFilter } from '../signature.ts';
import { splitLines, splitText } from '../str_split.ts';
import { linkAddresses } from '../urlize.ts';
import { wrapText } from '../wrap_text.ts';

function wordWrap(value: Value, width: Value, breakWords: Value, separator: Value, breakHyphens: Value): Value {
  for (const given of [value, width]) if (given instanceof Undefined) given.fail();
  if (!isText(value)) throw new PyError('AttributeError', `'${typeName(value)}' object has no attribute 'splitlines'`);
  const style = {
    width: toIndex(width),
    breakLongWords: isTrue(breakWords),
    breakOnHyphens: isTrue(breakHyphens),
  };
  const between = separator === null ? '\n' : pyStr(separator);
  return splitLines(textOf(value), false)
    .map((line) => wrapText(line, style).join(between))
    .join(between);
}

const SCHEME = /^[\w.+-]{2,}:\/{0,2}$/;

function urlize(scope: FilterScope, value: Value, options: readonly Value[]): Value {
  const [limit = null, noFollow = false, target = null, rel = null, schemes = null] = options;
  const rels = new Set(splitText(rel === null ? '' : pyStr(rel), null, -1, false).map((part) => pyStr(part)));
  if (isTrue(noFollow)) rels.add('nofollow');
  rels.add('noopener');
  const extraSchemes = schemes === null ? [] : toList(schemes).map((scheme) => pyStr(scheme));
  const bad = extraSchemes.find((scheme) => !SCHEME.test(scheme));
  if (bad !== undefined) throw new PyError('FilterArgumentError', `${pyRepr(bad)} is not a valid URI scheme prefix.`);
  const text = linkAddresses(markupText(value), {
    limit: limit === null ? undefined : toIndex(limit),
    rel: [...rels].sort().join(' '),
    target: target === null ? undefined : pyStr(target),
    extraSchemes,
  });
  return scope.autoescape ? new Markup(text) : text;
}

/** Filters that lay out text for people to read. */
export const LAYOUT_FILTERS: readonly (readonly [string, Filter])[] = [
  ['pprint', defineFilter({ name: 'do_pprint', required: ['value'] }, (_scope, value = null) => prettyText(value))],
  [
    'wordwrap',
    defineFilter(
      {
        name: 'do_wordwrap',
        required: ['s'],
        optional: { width: 79, break_long_words: true, wrapstring: null, break_on_hyphens: true },
        hidden: 1,
      },
      (_scope, value = null, width = 79, breakWords = true, separator = null, breakHyphens = true) =>
        wordWrap(value, width, breakWords, separator, breakHyphens),
    ),
  ],
  [
    'urlize',
    defineFilter(
      {
        name: 'do_urlize',
        required: ['value'],
        optional: { trim_url_limit: null, nofollow: false, target: null, rel: null, extra_schemes: null },
        hidden: 1,
      },
      (scope, value = null, ...options) => urlize(scope, value, options),
    ),
  ],
];
