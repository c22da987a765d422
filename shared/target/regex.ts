import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { type ErrorCode, FleetError } from '../errors.ts';
import { REGEX_SIZE_MAX, regexSize } from './regex_size.ts';

/**
 * Regular expressions that somebody typed, in Python's spelling. They run in time linear in the text, whatever the
 * pattern: a stranger's pattern must not be able to stop the process. The price is RE2's: no look-around and no
 * back-references within a pattern.
 */
export interface Regex {
  /** Python's `re.search`: somewhere in the text. */
  test(text: string): boolean;
  /** Python's `re.match`: from the start of the text, but not necessarily to its end. */
  matchesStart(text: string): boolean;
  /** The first match, or undefined. */
  search(text: string): RegexMatch | undefined;
  /** Python's `re.subn`: `\1` and `\g<name>` in the replacement are groups; a count of 0 replaces all. */
  replace(text: string, replacement: string, count?: number): { readonly text: string; readonly count: number };
}

export interface RegexMatch {
  /** Where it starts, in UTF-16 units. */
  readonly index: number;
  /** The whole match, then each group; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string | undefined>>;
}

export interface RegexOptions {
  /** Python's bits: see `pythonRegexFlags`. */
  readonly flags?: number;
  /** Of the error for a pattern that cannot be read. */
  readonly code?: ErrorCode;
}

const flagBits: Readonly<Record<string, number>> = {
  I: 2,
  IGNORECASE: 2,
  M: 8,
  MULTILINE: 8,
  S: 16,
  DOTALL: 16,
  U: 32,
  UNICODE: 32,
};
const UNICODE = 32;

const HINT = 'look-ahead, look-behind and back-references are not available';

/** Throws TARGET_INVALID, or the code that is asked for, naming the position of what cannot be read. */
export function compileRegex(pattern: string, { flags = 0, code = 'TARGET_INVALID' }: RegexOptions = {}): Regex {
  const compiled = compile(pattern, flags, code);
  return {
    test: (text) => compiled.test(text),
    matchesStart: (text) => compiled.matcher(text).lookingAt(),
    search(text) {
      const match = compiled.exec(text);
      return match === null ? undefined : toMatch(match as RegExpMatchArray);
    },
    replace(text, replacement, count = 0) {
      const expand = parseReplacement(replacement, Object.keys(compiled.namedGroups()), compiled.groupCount(), code);
      // Asking is a hundred times faster than looking for the places.
      if (!compiled.test(text)) return { text, count: 0 };
      let result = '';
      let end = 0;
      let replaced = 0;
      for (const found of compiled.matchAll(text)) {
        const match = toMatch(found);
        result += text.slice(end, match.index) + expand(match);
        end = match.index + (match.groups[0] as string).length;
        replaced++;
        if (replaced === count) break;
      }
      return { text: result + text.slice(end), count: replaced };
    },
  };
}

/** Flags as Salt takes them (a number, one name, a list of names) as Python's bits. Throws ARGS_INVALID. */
export function pythonRegexFlags(flags: unknown): number {
  if (typeof flags === 'number') return flags;
  const names = Array.isArray(flags) ? flags : [flags];
  return names.reduce((bits: number, name) => {
    const bit = flagBits[String(name).toUpperCase()];
    if (bit === undefined) throw new FleetError('ARGS_INVALID', `Invalid re flag given: ${String(name)}`);
    return bits | bit;
  }, 0);
}

/** Escapes what has a meaning in a pattern. */
export function escapeRegex(text: string): string {
  return RE2JS.quote(text);
}

function compile(pattern: string, flags: number, code: ErrorCode): RE2JS {
  const known = (flagBits.I as number) | (flagBits.M as number) | (flagBits.S as number) | UNICODE;
  if ((flags & ~known) !== 0) {
    throw new FleetError(code, `regular expression flags ${flags} are not supported`, {
      hint: 'use IGNORECASE (2), MULTILINE (8) and DOTALL (16)',
    });
  }
  if (regexSize(pattern) > REGEX_SIZE_MAX) {
    throw new FleetError(code, `a regular expression of ${pattern.length} characters is too large to be compiled`, {
      hint: 'use smaller counts, or several expressions',
    });
  }
  const options =
    ((flags & (flagBits.I as number)) === 0 ? 0 : RE2JS.CASE_INSENSITIVE) |
    ((flags & (flagBits.M as number)) === 0 ? 0 : RE2JS.MULTILINE) |
    ((flags & (flagBits.S as number)) === 0 ? 0 : RE2JS.DOTALL);
  try {
    return RE2JS.compile(fromPython(pattern), options);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new FleetError(code, `regular expression '${pattern}' cannot be read: ${problem(error, pattern)}`, {
      hint: HINT,
      cause: error,
    });
  }
}

/** Python's `\Z` and `\u00e9` in RE2's words; all other escapes mean the same or are an error. */
function fromPython(pattern: string): string {
  return pattern.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu, (whole, short, long, character) => {
    if (character === 'Z') return '\\z';
    const digits: string | undefined = short ?? long;
    return digits === undefined ? whole : `\\x{${digits}}`;
  });
}

function problem(error: RE2JSException, pattern: string): string {
  if (!(error instanceof RE2JSSyntaxException)) return error.message;
  const fragment = error.getPattern();
  const position = fragment === null ? -1 : pattern.indexOf(fragment);
  return position === -1 ? error.getDescription() : `${error.getDescription()} at position ${position}`;
}

function toMatch(found: RegExpMatchArray): RegexMatch {
  return { index: found.index as number, groups: [...found], named: { ...found.groups } };
}

const controlEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\u0007',
  b: '\b',
  '\\': '\\',
};

/** Python's replacement templates. Throws the code for a group that the pattern does not have. */
function parseReplacement(
  template: string,
  names: readonly string[],
  groupCount: number,
  code: ErrorCode,
): (match: RegexMatch) => string {
  const parts: ((match: RegexMatch) => string)[] = [];
  let end = 0;
  for (const found of template.matchAll(/\\(?:g<([^>]*)>|([1-9][0-9]?)|(.))/gsu)) {
    const literal = template.slice(end, found.index);
    parts.push(() => literal);
    end = found.index + found[0].length;
    const [, reference, digits, character] = found;
    const group = reference ?? digits;
    if (group === undefined) {
      const text = controlEscapes[character as string] ?? found[0];
      parts.push(() => text);
    } else if (/^\d+$/.test(group) ? Number(group) <= groupCount : names.includes(group)) {
      parts.push((match) => (/^\d+$/.test(group) ? match.groups[Number(group)] : match.named[group]) ?? '');
    } else {
      throw new FleetError(code, `invalid group reference ${group} in the replacement '${template}'`);
    }
  }
  const rest = template.slice(end);
  return (match) => parts.map((part) => part(match)).join('') + rest;
}
