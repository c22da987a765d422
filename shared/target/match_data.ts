import { valueAt } from '../data/value_path.ts';
import { isDict, pyStr } from '../python_text.ts';

/** A test of one value as Python writes it: `True`, `None`, `3`. */
export type ValueTest = (text: string) => boolean;

/** How values are compared: `os:Deb*` makes a test of `Deb*`. Case should not count. */
export type MakeTest = (pattern: string) => ValueTest;

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
 * Salt's `subdict_match` (TGT-4): each delimiter may be the one before the value, mappings and lists are walked through,
 * a value that is a list matches with any member, a mapping with any key, and `*` stands for any name at the top.
 */
export function compileDataMatcher(expression: string, delimiter: string, makeTest: MakeTest): DataMatcher {
  const steps = expression.split(delimiter);
  // A deeper path first: a value may contain the delimiter.
  const cuts = steps
    .slice(1)
    .map((_, index): Cut => {
      const pattern = steps.slice(index + 1).join(delimiter);
      return { path: steps.slice(0, index + 1).join(delimiter), pattern, test: makeTest(pattern) };
    })
    .reverse();
  const [first] = cuts;
  const isSimple = cuts.length === 1 && first !== undefined && first.path !== '*' && first.pattern !== '*';
  return {
    matches: (data) =>
      cuts.some((cut) =>
        cut.path === '*'
          ? mappingMatches(data, `*${delimiter}${cut.pattern}`, delimiter, makeTest)
          : cutMatches(data, cut, delimiter, makeTest),
      ),
    simple: isSimple ? { name: first.path, test: first.test, pattern: first.pattern } : undefined,
  };
}

function cutMatches(data: unknown, cut: Cut, delimiter: string, makeTest: MakeTest): boolean {
  const value = valueAt(data, cut.path, delimiter);
  if (value === undefined) return false;
  const inMapping = (mapping: Readonly<Record<string, unknown>>) =>
    mappingMatches(mapping, cut.pattern, delimiter, makeTest);
  if (isDict(value)) return Object.keys(value).length > 0 && inMapping(value);
  if (Array.isArray(value))
    return value.some((member) => (isDict(member) && inMapping(member)) || valueMatches(member, cut.test));
  return valueMatches(value, cut.test);
}

function mappingMatches(
  mapping: Readonly<Record<string, unknown>>,
  expression: string,
  delimiter: string,
  makeTest: MakeTest,
): boolean {
  const isWild = expression.startsWith(`*${delimiter}`);
  const pattern = isWild ? expression.slice(1 + delimiter.length) : expression;
  if (pattern === '*' || Object.hasOwn(mapping, pattern)) return true;
  if (pattern.includes(delimiter) && compileDataMatcher(pattern, delimiter, makeTest).matches(mapping)) return true;
  if (!isWild) return false;
  const test = makeTest(pattern);
  return Object.values(mapping).some((value) => {
    if (isDict(value)) return mappingMatches(value, pattern, delimiter, makeTest);
    return Array.isArray(value) ? value.some((item) => valueMatches(item, test)) : valueMatches(value, test);
  });
}

function valueMatches(value: unknown, test: ValueTest): boolean {
  return test(pyStr(value));
}
