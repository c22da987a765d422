import type { YamlError } from './yaml_error.ts';

/** What to do about a problem, by the words it begins with. */
const advice: readonly (readonly [problem: string, hint: string])[] = [
  [
    'found unacceptable key [(',
    'double braces in YAML are a dict as a key: quote the value, or render the file with jinja first',
  ],
  ["found character '\\t'", 'indent with spaces'],
  ['mapping values are not allowed here', "quote a value that holds ': ', or check the indentation"],
  ["found character '@'", "quote a value that begins with '@'"],
  ["found character '`'", "quote a value that begins with '`'"],
  ["found character '%'", "quote a value that begins with '%'"],
  ['found undefined alias', "quote a value that begins with '*'"],
  [
    'could not determine a constructor for the tag',
    "quote a value that begins with '!'; tags of Python are not allowed",
  ],
  ['expected <block end>', 'check the indentation of this line and of those before'],
  ['expected a single document', "a file holds one document: remove the '---'"],
  ['but found another document', "a file holds one document: remove the '---'"],
];

/** A sentence that helps with an error, or undefined. `lineOf` gives a line of the text the number that its reader knows. */
export function yamlHint(error: YamlError, lineOf = (line: number): number | undefined => line): string | undefined {
  const known = advice.find(([start]) => error.problem.startsWith(start))?.[1];
  if (known !== undefined) return known;
  if (error.relatedPlace !== undefined) return repeatedKey(error, lineOf);
  const begun = error.contextPlace;
  if (error.context === undefined || begun === undefined || begun.line === error.place.line) return undefined;
  const line = lineOf(begun.line);
  return line === undefined ? undefined : `${error.context}, which begins in line ${line}`;
}

function repeatedKey({ place, relatedPlace }: YamlError, lineOf: (line: number) => number | undefined): string {
  const first = lineOf(relatedPlace?.line ?? 0);
  if (first === undefined) return `it stands in line ${relatedPlace?.line} of what was rendered already`;
  return first === lineOf(place.line)
    ? `line ${first} makes it more than once, as in a loop: give it a name of its own each time`
    : `it stands in line ${first} already`;
}
