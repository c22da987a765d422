import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRegex, type RegexMatch } from '../../shared/render/regex/python_regex.ts';
import { PyError } from '../../shared/render/values/py_error.ts';
import { askOracle, hasOracle } from '../support/python_oracle.ts';

const seed = Number(process.env.SEED ?? 1);

const atoms = [
  ...[
    'a',
    'b',
    '.',
    '\\d',
    '\\w',
    '\\s',
    '\\W',
    '[ab]',
    '[^a]',
    '[a-c]',
    '[\\w-]',
    '\\b',
    '\\B',
    '^',
    '$',
    '(a)',
    '(b|c)',
  ],
  ...[
    '(?:ab)',
    '(?P<n>a+)',
    '\\1',
    '(?=b)',
    '(?!a)',
    '(?<=a)',
    '(?<!b)',
    '\\.',
    'é',
    '(a*)',
    '(a|ab)',
    '(?i:A)',
    '\\A',
    '\\Z',
  ],
  ...['(?(1)b|c)', '(?P=n)', '{', '😀', '[]a]', '(', '*', ')', '[', '\\', '\\x41', '\\u0061', '(?#x)', 'A', '\\n'],
];
const repeats = ['', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{,2}', '{0,}', '{1,2}?'];
const templates = ['-', '\\1', '[\\g<0>]', '<\\g<n>>', '\\\\', '\\n', 'x\\2', '\\q', '', '\\0', '$1'];

const request = fc.record({
  pattern: fc
    .array(fc.tuple(fc.constantFrom(...atoms), fc.constantFrom(...repeats)), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.flat().join('')),
  text: fc.array(fc.constantFrom(...'aabbc A1_-./\né', '😀'), { maxLength: 12 }).map((parts) => parts.join('')),
  template: fc.constantFrom(...templates),
  ignoreCase: fc.boolean(),
  multiline: fc.boolean(),
});

interface Answer {
  readonly match?: (string | null)[] | null;
  readonly search?: (string | null)[] | null;
  readonly replaced?: string;
  readonly error?: string;
}

function orError<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof PyError) return undefined;
    throw error;
  }
}

const groups = (match: RegexMatch | undefined) => match?.groups.map((group) => group ?? null) ?? null;

test.skipIf(!hasOracle)("random patterns find and replace what Python's find", () => {
  // Possessive repeats came with Python 3.11: which Python is asked must not matter.
  const requests = fc.sample(request, { numRuns: 5000, seed }).filter(({ pattern }) => !/[*+?}]\+/.test(pattern));
  const answers = askOracle<Answer>('regex_oracle.py', requests);
  const differences = requests.filter(({ pattern, text, template, ...flags }, index) => {
    const { error, match, search, replaced } = answers[index]!;
    const regex = orError(() => compileRegex(pattern, flags));
    if (regex === undefined || error !== undefined) return (regex === undefined) !== (error !== undefined);
    const ours = { match: groups(regex.match(text)), search: groups(regex.search(text)) };
    const same = JSON.stringify(ours) === JSON.stringify({ match, search });
    return !same || orError(() => regex.replace(text, template)) !== replaced;
  });
  expect(differences).toEqual([]);
});
