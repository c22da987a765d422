import { valueAt } from '../data/value_path.ts';
import { isDict, pyStr } from '../python_text.ts';

/** A test of one value as Python writes it: `True`, `None`, `3`. */
export type ValueTest = (text: string) => boolean;

/** How values are compared: `os:Deb*` makes a test of `Deb*`. Case should not count. */
export type MakeTest = (pattern: string) => ValueTest;

/**
 * What one minion's data may cost, in comparisons and in characters that are compared: with `*` for names, the ways to
 * read an expression multiply, and both may be a stranger's. What lies beyond does not match.
 */
const EFFORT_MAX = 100_000;
/** A longer value matches no pattern but `*`. */
const TEXT_CHARACTERS_MAX = 4096;

interface Effort {
  left: number;
}

/** `os:Debian` cut at one of its delimiters. */
interface Cut {
  readonly path: string;
  readonly pattern: string;
  readonly test: ValueTest;
}

/** A path of grains and its value, compiled. */
export interface DataMatcher {
  matches(data: Readonly<Record<string, unknown>>): boolean;
  /** The one grain and the test of its values, when there is only one way to read the expression. */
  readonly simple: { readonly name: string; readonly test: ValueTest; readonly pattern: string } | undefined;
}

/**
 * Salt's `subdict_match` (TGT-4): each delimiter may be the one before the value, mappings and lists are walked
 * through, a value that is a list matches with any member, a mapping with any key, and `*` stands for any name at the
 * top.
 */
export function compileDataMatcher(expression: string, delimiter: string, makeTest: MakeTest): DataMatcher {
  const { cuts, matchesWithin } = compile(expression, delimiter, remember(limitText(makeTest)));
  const [first] = cuts;
  const isSimple = cuts.length === 1 && first !== undefined && first.path !== '*' && first.pattern !== '*';
  return {
    matches: (data) => matchesWithin(data, { left: EFFORT_MAX }),
    simple: isSimple ? { name: first.path, test: first.test, pattern: first.pattern } : undefined,
  };
}

/** Makes each test once: the same end of an expression is met again in every mapping. */
function remember(makeTest: MakeTest): MakeTest {
  const known = new Map<string, ValueTest>();
  return (pattern) => {
    const test = known.get(pattern) ?? makeTest(pattern);
    known.set(pattern, test);
    return test;
  };
}

function limitText(makeTest: MakeTest): MakeTest {
  return (pattern) => {
    const test = makeTest(pattern);
    return (text) => (text.length <= TEXT_CHARACTERS_MAX || pattern === '*') && test(text);
  };
}

interface Compiled {
  readonly cuts: readonly Cut[];
  matchesWithin(data: unknown, effort: Effort): boolean;
}

function compile(expression: string, delimiter: string, makeTest: MakeTest): Compiled {
  const steps = expression.split(delimiter);
  // A deeper path first: a value may contain the delimiter.
  const cuts = steps
    .slice(1)
    .map((_, index): Cut => {
      const pattern = steps.slice(index + 1).join(delimiter);
      return { path: steps.slice(0, index + 1).join(delimiter), pattern, test: makeTest(pattern) };
    })
    .reverse();
  return {
    cuts,
    matchesWithin: (data, effort) =>
      cuts.some((cut) =>
        cut.path === '*'
          ? mappingMatches(data, `*${delimiter}${cut.pattern}`, delimiter, makeTest, effort)
          : cutMatches(data, cut, delimiter, makeTest, effort),
      ),
  };
}

function cutMatches(data: unknown, cut: Cut, delimiter: string, makeTest: MakeTest, effort: Effort): boolean {
  const value = valueAt(data, cut.path, delimiter);
  if (value === undefined) return false;
  const inMapping = (mapping: Readonly<Record<string, unknown>>) =>
    mappingMatches(mapping, cut.pattern, delimiter, makeTest, effort);
  if (isDict(value)) return Object.keys(value).length > 0 && inMapping(value);
  if (Array.isArray(value))
    return value.some((member) => (isDict(member) && inMapping(member)) || valueMatches(member, cut.test, effort));
  return valueMatches(value, cut.test, effort);
}

function mappingMatches(
  mapping: unknown,
  expression: string,
  delimiter: string,
  makeTest: MakeTest,
  effort: Effort,
): boolean {
  if (!isDict(mapping) || effort.left-- <= 0) return false;
  const isWild = expression.startsWith(`*${delimiter}`);
  const pattern = isWild ? expression.slice(1 + delimiter.length) : expression;
  if (pattern === '*' || Object.hasOwn(mapping, pattern)) return true;
  if (pattern.includes(delimiter) && compile(pattern, delimiter, makeTest).matchesWithin(mapping, effort)) return true;
  if (!isWild) return false;
  const test = makeTest(pattern);
  return Object.values(mapping).some((value) => {
    if (isDict(value)) return mappingMatches(value, pattern, delimiter, makeTest, effort);
    return Array.isArray(value)
      ? value.some((item) => valueMatches(item, test, effort))
      : valueMatches(value, test, effort);
  });
}

function valueMatches(value: unknown, test: ValueTest, effort: Effort): boolean {
  if (effort.left <= 0) return false;
  const text = pyStr(value);
  effort.left -= 1 + Math.min(text.length, TEXT_CHARACTERS_MAX);
  return test(text);
}
