import { PyError } from '../values/py_error.ts';
import { compileMatcher, type Matcher, type MatchState } from './match_regex.ts';
import { parseRegex } from './parse_regex.ts';
import type { RegexFlags } from './regex_node.ts';
import { parseReplacement } from './replacement.ts';

/**
 * Python's `re`: its syntax, its order of alternatives, its replacement templates. It backtracks as Python does, but counts
 * its steps: a pattern that would take for ever is an error.
 */
export interface PythonRegex {
  /** `re.match`: at the start of the text. */
  match(text: string): RegexMatch | undefined;
  /** `re.search`: anywhere. */
  search(text: string): RegexMatch | undefined;
  /** `re.sub`: every match replaced; `\1` and `\g<name>` in the template are groups. */
  replace(text: string, template: string): string;
}

export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** The whole match, then each group; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
}

/** Enough for any sane pattern on a large file: about a second. */
const STEPS_MAX = 20_000_000;

/**
 * @throws PyError ValueError for a pattern or template that cannot be read; LimitError for one that takes too long.
 */
export function compileRegex(pattern: string, flags: Partial<RegexFlags> = {}): PythonRegex {
  const parsed = parseRegex(pattern, {
    ignoreCase: false,
    multiline: false,
    dotAll: false,
    verbose: false,
    ...flags,
  });
  const matcher = compileMatcher(parsed.node);
  const { groupCount, names } = parsed;
  return {
    match: (text) => matchAt(matcher, newState(text, groupCount), 0, false),
    search: (text) => searchFrom(matcher, newState(text, groupCount), 0, false),
    replace(text, template) {
      const expand = parseReplacement(template, groupCount, names);
      let result = '';
      let last = 0;
      for (const match of allMatches(matcher, newState(text, groupCount))) {
        result += text.slice(last, match.start) + expand(match.groups);
        last = match.end;
      }
      return result + text.slice(last);
    },
  };
}

function newState(text: string, groupCount: number): MatchState {
  const none = () => Array<number>(groupCount + 1).fill(-1);
  return { text, starts: none(), ends: none(), stepsLeft: STEPS_MAX };
}

/** Every match, none overlapping another; an empty one may follow a match but not an empty one at its place. */
function* allMatches(matcher: Matcher, state: MatchState): Iterable<RegexMatch> {
  let from = 0;
  let mustAdvance = false;
  for (;;) {
    const match = searchFrom(matcher, state, from, mustAdvance);
    if (match === undefined) return;
    yield match;
    mustAdvance = match.end === match.start;
    from = match.end;
  }
}

function searchFrom(matcher: Matcher, state: MatchState, from: number, mustAdvance: boolean): RegexMatch | undefined {
  for (let start = from; start <= state.text.length; start += 1) {
    if (isInsidePair(state.text, start)) continue;
    const match = matchAt(matcher, state, start, mustAdvance && start === from);
    if (match !== undefined) return match;
  }
  return undefined;
}

function isInsidePair(text: string, index: number): boolean {
  return index > 0 && (text.codePointAt(index - 1) as number) > 0xffff;
}

function matchAt(matcher: Matcher, state: MatchState, start: number, mustAdvance: boolean): RegexMatch | undefined {
  state.starts.fill(-1);
  state.ends.fill(-1);
  let end = -1;
  const matched = runMatcher(matcher, state, start, (_, at) => {
    end = at;
    return !(mustAdvance && at === start);
  });
  if (!matched) return undefined;
  const groups = state.starts.map((from, number) =>
    (state.ends[number] as number) === -1 ? undefined : state.text.slice(from, state.ends[number]),
  );
  return { start, end, groups: [state.text.slice(start, end), ...groups.slice(1)] };
}

function runMatcher(
  matcher: Matcher,
  state: MatchState,
  start: number,
  next: (state: MatchState, at: number) => boolean,
): boolean {
  try {
    return matcher(state, start, next);
  } catch (error) {
    // V8 has no other limit that a match can reach than its stack.
    if (error instanceof RangeError) throw new PyError('LimitError', 'a regular expression repeats a group too often');
    throw error;
  }
}
