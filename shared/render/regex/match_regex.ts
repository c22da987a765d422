import { PyError } from '../values/py_error.ts';
import { isSpace } from '../values/py_space.ts';
import type { AnchorKind, ClassLetter, RegexNode, SetItem } from './regex_node.ts';

/** A match in progress. */
export interface MatchState {
  readonly text: string;
  /** Start and end of each group, -1 where it took no part. */
  readonly starts: number[];
  readonly ends: number[];
  stepsLeft: number;
}

/** Goes on after a part has matched up to `index`; false makes the part try something else. */
export type Continue = (state: MatchState, index: number) => boolean;

/** Tries to match at `index` and to go on from there. */
export type Matcher = (state: MatchState, index: number, next: Continue) => boolean;

/** A matcher that goes through the alternatives one by one, in Python's order. */
export function compileMatcher(node: RegexNode): Matcher {
  switch (node.type) {
    case 'char':
    case 'any':
    case 'set': {
      const step = compileStep(node);
      return (state, index, next) => {
        const after = step(state, index);
        return after !== -1 && next(state, after);
      };
    }
    case 'sequence':
      return node.nodes.map(compileMatcher).reduceRight(chain, (state, index, next) => next(state, index));
    case 'choice': {
      const matchers = node.nodes.map(compileMatcher);
      return (state, index, next) => matchers.some((matcher) => matcher(state, index, next));
    }
    case 'group':
      return compileGroup(node.number, compileMatcher(node.node));
    case 'reference':
      return (state, index, next) => {
        const after = afterReference(state, index, node.number, node.ignoreCase);
        return after !== -1 && next(state, after);
      };
    case 'repeat':
      return compileRepeat(node);
    case 'anchor':
      return (state, index, next) => isAt(node.kind, state.text, index) && next(state, index);
    case 'look':
      return compileLook(node);
    case 'condition': {
      const yes = compileMatcher(node.yes);
      const no = compileMatcher(node.no);
      return (state, index, next) => (state.ends[node.number] === -1 ? no : yes)(state, index, next);
    }
  }
}

function chain(second: Matcher, first: Matcher): Matcher {
  return (state, index, next) => first(state, index, (after, end) => second(after, end, next));
}

function compileGroup(number: number, inner: Matcher): Matcher {
  return (state, index, next) => {
    const start = state.starts[number] as number;
    const end = state.ends[number] as number;
    const matched = inner(state, index, (after, innerEnd) => {
      const innerStartBefore = after.starts[number] as number;
      const innerEndBefore = after.ends[number] as number;
      after.starts[number] = index;
      after.ends[number] = innerEnd;
      if (next(after, innerEnd)) return true;
      after.starts[number] = innerStartBefore;
      after.ends[number] = innerEndBefore;
      return false;
    });
    if (!matched) {
      state.starts[number] = start;
      state.ends[number] = end;
    }
    return matched;
  };
}

type SingleNode = Extract<RegexNode, { type: 'char' | 'any' | 'set' }>;
type RepeatNode = Extract<RegexNode, { type: 'repeat' }>;
type LookNode = Extract<RegexNode, { type: 'look' }>;

/** Answers the index after one character, or -1. */
type Step = (state: MatchState, index: number) => number;

function compileStep(node: SingleNode): Step {
  const accepts = compileTest(node);
  return (state, index) => {
    countStep(state);
    const code = state.text.codePointAt(index);
    if (code === undefined || !accepts(code)) return -1;
    return index + (code > 0xffff ? 2 : 1);
  };
}

function countStep(state: MatchState): void {
  state.stepsLeft -= 1;
  if (state.stepsLeft < 0) throw new PyError('LimitError', 'a regular expression takes too long');
}

function compileTest(node: SingleNode): (code: number) => boolean {
  if (node.type === 'any') return node.lineBreaks ? () => true : (code) => code !== 10;
  if (node.type === 'char') {
    const { code: wanted, ignoreCase } = node;
    const folded = foldCase(wanted);
    return ignoreCase ? (code) => foldCase(code) === folded : (code) => code === wanted;
  }
  const { items, negated, ignoreCase } = node;
  const holds = (code: number) => items.some((item) => isInItem(item, code));
  if (!ignoreCase) return (code) => holds(code) !== negated;
  return (code) => (holds(code) || holds(foldCase(code)) || holds(upperCase(code))) !== negated;
}

function foldCase(code: number): number {
  const lower = String.fromCodePoint(code).toLowerCase();
  return lower.length === 1 || code > 0xffff ? (lower.codePointAt(0) as number) : code;
}

function upperCase(code: number): number {
  const upper = String.fromCodePoint(code).toUpperCase();
  return upper.length === 1 ? (upper.codePointAt(0) as number) : code;
}

function isInItem(item: SetItem, code: number): boolean {
  return 'class' in item ? isInClass(item.class, code) : code >= item.from && code <= item.to;
}

function isInClass(letter: ClassLetter, code: number): boolean {
  const character = String.fromCodePoint(code);
  switch (letter) {
    case 'd':
      return /\p{Nd}/u.test(character);
    case 'D':
      return !/\p{Nd}/u.test(character);
    case 'w':
      return isWord(character);
    case 'W':
      return !isWord(character);
    case 's':
      return isSpace(character);
    case 'S':
      return !isSpace(character);
  }
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}_]/u.test(character);
}

function afterReference(state: MatchState, index: number, number: number, ignoreCase: boolean): number {
  const end = state.ends[number] as number;
  if (end === -1) return -1;
  countStep(state);
  const wanted = state.text.slice(state.starts[number], end);
  const found = state.text.slice(index, index + wanted.length);
  const same = ignoreCase ? found.toLowerCase() === wanted.toLowerCase() : found === wanted;
  return same ? index + wanted.length : -1;
}

function compileRepeat(node: RepeatNode): Matcher {
  const { min, max, greedy } = node;
  const { node: inner } = node;
  if (inner.type === 'char' || inner.type === 'any' || inner.type === 'set') {
    const step = compileStep(inner);
    return greedy ? repeatGreedily(step, min, max) : repeatLazily(step, min, max);
  }
  const matcher = compileMatcher(inner);
  const repeat = (state: MatchState, index: number, next: Continue, count: number): boolean => {
    countStep(state);
    const again = () =>
      count < max &&
      matcher(state, index, (after, end) =>
        // An iteration that matches nothing would match nothing for ever.
        end === index && count >= min ? next(after, end) : repeat(after, end, next, count + 1),
      );
    if (count < min) return again();
    return greedy ? again() || next(state, index) : next(state, index) || again();
  };
  return (state, index, next) => repeat(state, index, next, 0);
}

// Single characters need no stack: their repeats are the bulk of all patterns.
function repeatGreedily(step: Step, min: number, max: number): Matcher {
  return (state, index, next) => {
    const ends = [index];
    while (ends.length <= max) {
      const after = step(state, ends.at(-1) as number);
      if (after === -1) break;
      ends.push(after);
    }
    while (ends.length > min) {
      if (next(state, ends.pop() as number)) return true;
    }
    return false;
  };
}

function repeatLazily(step: Step, min: number, max: number): Matcher {
  return (state, index, next) => {
    let end = index;
    for (let count = 0; ; count += 1) {
      if (count >= min && next(state, end)) return true;
      if (count >= max) return false;
      end = step(state, end);
      if (end === -1) return false;
    }
  };
}

function compileLook({ node, negated, behind }: LookNode): Matcher {
  const inner = compileMatcher(node);
  return (state, index, next) => {
    const start = behind === undefined ? index : back(state.text, index, behind);
    const starts = [...state.starts];
    const ends = [...state.ends];
    const found = start !== -1 && inner(state, start, (_, end) => behind === undefined || end === index);
    if (found !== negated && next(state, index)) return true;
    state.starts.splice(0, starts.length, ...starts);
    state.ends.splice(0, ends.length, ...ends);
    return false;
  };
}

/** The index of the character `count` places before, or -1. */
function back(text: string, index: number, count: number): number {
  let start = index;
  for (let left = count; left > 0; left -= 1) {
    start -= 1;
    if (start < 0) return -1;
    if (/[\udc00-\udfff]/.test(text[start] as string) && /[\ud800-\udbff]/.test(text[start - 1] ?? '')) start -= 1;
  }
  return start;
}

function isAt(kind: AnchorKind, text: string, index: number): boolean {
  switch (kind) {
    case 'A':
    case '^':
      return index === 0;
    case '^m':
      return index === 0 || text[index - 1] === '\n';
    case 'Z':
      return index === text.length;
    case '$':
      return index === text.length || (index === text.length - 1 && text[index] === '\n');
    case '$m':
      return index === text.length || text[index] === '\n';
    case 'b':
      return isWordAt(text, index - 1) !== isWordAt(text, index);
    case 'B':
      return text !== '' && isWordAt(text, index - 1) === isWordAt(text, index);
  }
}

function isWordAt(text: string, index: number): boolean {
  const character = text[index];
  return character !== undefined && isWord(character);
}
