import * as v from 'valibot';
import { pyStr } from '../python_text.ts';

/**
 * Schemas of arguments as operators type them. The command line reads every value as YAML (CLI-18), so `test.echo 5`
 * arrives as a number: each schema takes what a Python function would have made of it.
 */

/** Anything at all. */
export const Value = v.unknown();

/** Text; numbers and booleans become their Python text (`True`, `5`). */
export const Text = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], 'must be text'),
  v.transform((value) => (typeof value === 'string' ? value : pyStr(value))),
);

/** Text for files in which a line end would begin something else. */
export const Line = v.pipe(Text, v.regex(/^[^\r\n]*$/, 'must be one line'));

export const AbsolutePath = v.pipe(
  Text,
  v.check((path) => path.startsWith('/') || path.startsWith('~'), 'must be an absolute path'),
);

const NumberLike = v.pipe(
  v.union(
    [v.number(), v.pipe(v.string(), v.regex(/^\s*[-+]?\d+(\.\d+)?\s*$/), v.transform(Number))],
    'must be a number',
  ),
  v.finite('must be a number'),
);
export const Real = NumberLike;
export const Integer = v.pipe(NumberLike, v.integer('must be a whole number'));
/** A whole number, zero or more. */
export const Count = v.pipe(Integer, v.minValue(0, 'must not be negative'));

/** True and False, and the words and numbers Salt takes for them. */
export const Flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.union([v.string(), v.number()]),
      v.check((value) => /^(true|false|yes|no|on|off|0|1)$/i.test(String(value)), 'must be True or False'),
      v.transform((value) => /^(true|yes|on|1)$/i.test(String(value))),
    ),
  ],
  'must be True or False',
);

/** A list; one text is split at its commas, any other single value is a list of one. */
export const List = v.union([
  v.array(v.unknown()),
  v.pipe(
    v.string(),
    v.transform((text): unknown[] =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
  ),
  v.pipe(
    v.union([v.number(), v.boolean()]),
    v.transform((value): unknown[] => [value]),
  ),
]);

/** A list of texts, by the rules of List. */
export const TextList = v.pipe(
  List,
  v.transform((items) => items.map((item) => pyStr(item))),
);

export const Dict = v.pipe(
  v.unknown(),
  // Before the record, which makes a mapping of a list.
  v.check((value) => !Array.isArray(value), 'must be a mapping'),
  v.record(v.string(), v.unknown(), 'must be a mapping'),
);

/** A file mode: `0644`, `644` or the number 644, as four octal digits with a leading zero. */
export const Mode = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform((mode) => String(mode).replace(/^0o?/, '')),
  v.regex(/^[0-7]{1,4}$/, 'must be a file mode such as 0644'),
  v.transform((digits) => digits.padStart(4, '0')),
);
