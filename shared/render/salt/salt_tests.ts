import type { Test } from '../jinja/filter_scope.ts';
import { bindArguments } from '../jinja/signature.ts';
import { pyEquals } from '../values/equality.ts';
import { pythonRegex, requireText } from './filters/regex_filters.ts';

/** Tests that Salt adds to Jinja's, or has another meaning for. */
export const saltTests: readonly (readonly [string, Test])[] = [
  [
    'match',
    (_scope, args, kwargs) => {
      const list = { name: 'match', required: ['txt', 'rgx'], optional: { ignorecase: false, multiline: false } };
      const [text = null, pattern = null, ignoreCase = null, multiline = null] = bindArguments(list, args, kwargs);
      return pythonRegex(pattern, ignoreCase, multiline).match(requireText(text)) !== undefined;
    },
  ],
  [
    'equalto',
    (_scope, args, kwargs) => {
      const [value = null, other = null] = bindArguments(
        { name: 'equalto', required: ['value', 'other'] },
        args,
        kwargs,
      );
      return pyEquals(value, other);
    },
  ],
  ['list', (_scope, args) => Array.isArray(args[0])],
];
