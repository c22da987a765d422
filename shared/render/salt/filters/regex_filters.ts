import type { Filter } from '../../jinja/filter_scope.ts';
import { compileRegex, type PythonRegex, type RegexMatch } from '../../regex/python_regex.ts';
import { PyError } from '../../values/py_error.ts';
import type { Value } from '../../values/py_object.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { isText, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { makeFilter, type Parameter } from '../bind_arguments.ts';

const flags: readonly Parameter[] = [
  ['ignorecase', false],
  ['multiline', false],
];

/** Python's regular expressions. */
export const regexFilters: readonly (readonly [string, Filter])[] = [
  makeFilter('regex_escape', ['value'], ([value]) =>
    requireText(value as Value).replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&'),
  ),
  makeFilter('regex_search', ['txt', 'rgx', ...flags], ([text, pattern, ignoreCase, multiline]) =>
    groupsOf(pythonRegex(pattern as Value, ignoreCase as Value, multiline as Value).search(requireText(text as Value))),
  ),
  makeFilter('regex_match', ['txt', 'rgx', ...flags], ([text, pattern, ignoreCase, multiline]) =>
    groupsOf(pythonRegex(pattern as Value, ignoreCase as Value, multiline as Value).match(requireText(text as Value))),
  ),
  makeFilter('regex_replace', ['txt', 'rgx', 'val', ...flags], ([text, pattern, value, ignoreCase, multiline]) =>
    pythonRegex(pattern as Value, ignoreCase as Value, multiline as Value).replace(
      requireText(text as Value),
      requireText(value as Value),
    ),
  ),
];

/** @throws PyError TypeError, ValueError */
export function pythonRegex(pattern: Value, ignoreCase: Value, multiline: Value): PythonRegex {
  return compileRegex(requireText(pattern), { ignoreCase: isTrue(ignoreCase), multiline: isTrue(multiline) });
}

export function requireText(value: Value): string {
  if (isText(value)) return textOf(value);
  throw new PyError('TypeError', `expected string or bytes-like object, got '${typeName(value)}'`);
}

function groupsOf(match: RegexMatch | undefined): Value {
  return match === undefined ? null : new PyTuple(match.groups.slice(1).map((group) => group ?? null));
}
