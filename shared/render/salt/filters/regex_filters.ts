import { compileRegex, type PythonRegex, type RegexMatch } from '../../regex/python_regex.ts';
import { PyError } from '../../values/py_error.ts';
import type { Value } from '../../values/py_object.ts';
import { PyTuple } from '../../values/py_tuple.ts';
import { isText, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';

const flags = { ignorecase: false, multiline: false };

/** Python's regular expressions. */
export const regexFilters: readonly NamedFilter[] = [
  pureFilter('regex_escape', ['value'], {}, (value) =>
    escapedText(value).replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&'),
  ),
  pureFilter('regex_search', ['txt', 'rgx'], flags, (text, pattern, ignoreCase, multiline) =>
    groupsOf(pythonRegex(pattern, ignoreCase, multiline).search(requireText(text))),
  ),
  pureFilter('regex_match', ['txt', 'rgx'], flags, (text, pattern, ignoreCase, multiline) =>
    groupsOf(pythonRegex(pattern, ignoreCase, multiline).match(requireText(text))),
  ),
  pureFilter('regex_replace', ['txt', 'rgx', 'val'], flags, (text, pattern, value, ignoreCase, multiline) =>
    pythonRegex(pattern, ignoreCase, multiline).replace(requireText(text), requireText(value)),
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

// `re.escape` takes what is no str for bytes.
function escapedText(value: Value): string {
  if (isText(value)) return textOf(value);
  if (value instanceof Undefined) value.fail();
  throw new PyError('TypeError', `decoding to str: need a bytes-like object, ${typeName(value)} found`);
}

function groupsOf(match: RegexMatch | undefined): Value {
  return match === undefined ? null : new PyTuple(match.groups.slice(1).map((group) => group ?? null));
}
