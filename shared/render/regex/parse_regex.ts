import { isClassLetter, parseEscapedCode, parseSet } from './parse_class.ts';
import { PatternReader } from './pattern_reader.ts';
import { fixedWidth, type ParsedRegex, type RegexFlags, type RegexNode } from './regex_node.ts';

interface State {
  readonly reader: PatternReader;
  flags: RegexFlags;
  groupCount: number;
  readonly names: Map<string, number>;
  /** Groups whose end has not come. */
  readonly open: Set<number>;
  /** Conditions may ask for groups that come later: their numbers and places. */
  readonly asked: [number: number, at: number][];
}

const flagNames: Readonly<Record<string, keyof RegexFlags | undefined>> = {
  i: 'ignoreCase',
  m: 'multiline',
  s: 'dotAll',
  x: 'verbose',
};

/**
 * The tree of a pattern in the syntax of Python's `re`.
 * @throws PyError ValueError
 */
export function parseRegex(source: string, flags: RegexFlags): ParsedRegex {
  const reader = new PatternReader(source);
  const state: State = { reader, flags, groupCount: 0, names: new Map(), open: new Set(), asked: [] };
  const node = parseChoice(state);
  if (!reader.atEnd) reader.fail('unbalanced parenthesis');
  for (const [number, at] of state.asked) {
    if (number === 0 || number > state.groupCount) reader.fail(`invalid group reference ${number}`, at);
  }
  return { node, groupCount: state.groupCount, names: state.names };
}

function parseChoice(state: State): RegexNode {
  const nodes = [parseSequence(state)];
  while (state.reader.takeIf('|')) nodes.push(parseSequence(state));
  return nodes.length === 1 ? (nodes[0] as RegexNode) : { type: 'choice', nodes };
}

function parseSequence(state: State): RegexNode {
  const { reader } = state;
  const nodes: RegexNode[] = [];
  while (!reader.atEnd && reader.peek() !== '|' && reader.peek() !== ')') {
    if (skipComments(state)) continue;
    const start = reader.index;
    const node = parseAtom(state, start);
    if (node !== undefined) nodes.push(parseRepeats(state, node));
  }
  return nodes.length === 1 ? (nodes[0] as RegexNode) : { type: 'sequence', nodes };
}

/** `(?#…)`, and in verbose patterns white space and `#…`, as many as there are. */
function skipComments({ reader, flags }: State): boolean {
  const start = reader.index;
  for (let before = -1; before < reader.index; ) {
    before = reader.index;
    if (reader.takeIf('(?#') && reader.takeUntil(')') === undefined) {
      reader.fail('missing ), unterminated comment', before);
    }
    if (flags.verbose) reader.takeWhile(/[ \t\n\r\f\v]/);
    if (flags.verbose && reader.peek() === '#') reader.takeWhile(/[^\n]/);
  }
  return reader.index > start;
}

/** Undefined for flags, which match nothing. */
function parseAtom(state: State, start: number): RegexNode | undefined {
  const { reader, flags } = state;
  if (parseRange(reader) !== undefined) reader.fail('nothing to repeat', start);
  const character = reader.take();
  if (character === '(') return parseGroup(state, start);
  if (character === '[') return { type: 'set', ...parseSet(reader), ignoreCase: flags.ignoreCase };
  if (character === '.') return { type: 'any', lineBreaks: flags.dotAll };
  if (character === '^') return { type: 'anchor', kind: flags.multiline ? '^m' : '^' };
  if (character === '$') return { type: 'anchor', kind: flags.multiline ? '$m' : '$' };
  if (character === '\\') return parseEscape(state, start);
  return { type: 'char', code: character.codePointAt(0) as number, ignoreCase: flags.ignoreCase };
}

function parseEscape(state: State, start: number): RegexNode {
  const { reader, flags } = state;
  const letter = reader.peek();
  if (isClassLetter(letter)) {
    reader.take();
    return { type: 'set', items: [{ class: letter }], negated: false, ignoreCase: false };
  }
  if (letter === 'A' || letter === 'Z' || letter === 'b' || letter === 'B') {
    reader.take();
    return { type: 'anchor', kind: letter };
  }
  if (/[1-9]/.test(letter)) return parseReference(state, start);
  return { type: 'char', code: parseEscapedCode(reader, start, false), ignoreCase: flags.ignoreCase };
}

function parseReference(state: State, start: number): RegexNode {
  const { reader, flags } = state;
  const octal = /^[0-3][0-7]{2}/.exec(reader.source.slice(reader.index))?.[0];
  if (octal !== undefined) {
    reader.index += octal.length;
    return { type: 'char', code: Number.parseInt(octal, 8), ignoreCase: flags.ignoreCase };
  }
  const number = Number(reader.takeWhile(/[0-9]/, 2));
  return { type: 'reference', number: checkReference(state, number, start + 1), ignoreCase: flags.ignoreCase };
}

function checkReference(state: State, number: number, at: number): number {
  if (number > state.groupCount) return state.reader.fail(`invalid group reference ${number}`, at);
  return state.open.has(number) ? state.reader.fail('cannot refer to an open group', at) : number;
}

function parseRepeats(state: State, node: RegexNode): RegexNode {
  const { reader } = state;
  skipComments(state);
  const at = reader.index;
  const range = parseRange(reader);
  if (range === undefined) return node;
  if (node.type === 'anchor') reader.fail('nothing to repeat', at);
  if (range.max < range.min) reader.fail('min repeat greater than max repeat', at);
  const greedy = !reader.takeIf('?');
  skipComments(state);
  const after = reader.index;
  if (parseRange(reader) !== undefined) reader.fail('multiple repeat', after);
  return { type: 'repeat', node, ...range, greedy };
}

function parseRange(reader: PatternReader): { min: number; max: number } | undefined {
  if (reader.takeIf('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (reader.takeIf('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (reader.takeIf('?')) return { min: 0, max: 1 };
  // Braces that hold no range are text.
  const braces = /^\{(\d*)(,?)(\d*)\}/.exec(reader.source.slice(reader.index));
  if (braces === null || braces[0] === '{}') return undefined;
  reader.index += braces[0].length;
  const [, low = '', comma, high = ''] = braces;
  const min = Number(low);
  const unlimited = comma === '' ? min : Number.POSITIVE_INFINITY;
  return { min, max: high === '' ? unlimited : Number(high) };
}

function parseGroup(state: State, start: number): RegexNode | undefined {
  const { reader } = state;
  if (!reader.takeIf('?')) return parseCapture(state, start, undefined);
  if (reader.takeIf(':')) return closeGroup(state, parseChoice(state), start);
  if (reader.takeIf('=')) return parseLook(state, start, false, false);
  if (reader.takeIf('!')) return parseLook(state, start, true, false);
  if (reader.takeIf('<=')) return parseLook(state, start, false, true);
  if (reader.takeIf('<!')) return parseLook(state, start, true, true);
  if (reader.takeIf('P<')) return parseCapture(state, start, takeName(reader, '>'));
  if (reader.takeIf('P=')) return parseNamedReference(state);
  if (reader.takeIf('(')) return parseCondition(state, start);
  return parseFlags(state, start);
}

function closeGroup(state: State, node: RegexNode, start: number): RegexNode {
  if (!state.reader.takeIf(')')) state.reader.fail('missing ), unterminated subpattern', start);
  return node;
}

/** Flags that are set within a group end with it. */
function parseInside(state: State, start: number): RegexNode {
  const { flags } = state;
  const node = closeGroup(state, parseChoice(state), start);
  state.flags = flags;
  return node;
}

function parseCapture(state: State, start: number, name: string | undefined): RegexNode {
  state.groupCount += 1;
  const number = state.groupCount;
  if (name !== undefined) {
    const earlier = state.names.get(name);
    if (earlier !== undefined) {
      state.reader.fail(`redefinition of group name '${name}' as group ${number}; was group ${earlier}`, start + 4);
    }
    state.names.set(name, number);
  }
  state.open.add(number);
  const node = parseInside(state, start);
  state.open.delete(number);
  return { type: 'group', number, node };
}

function takeName(reader: PatternReader, end: string): string {
  const at = reader.index;
  const name = reader.takeUntil(end);
  if (name === undefined) return reader.fail(`missing ${end}, unterminated name`, at);
  if (name === '') return reader.fail('missing group name', at);
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : reader.fail(`bad character in group name '${name}'`, at);
}

function parseNamedReference(state: State): RegexNode {
  const { reader, flags } = state;
  const at = reader.index;
  const name = takeName(reader, ')');
  const number = state.names.get(name);
  if (number === undefined) return reader.fail(`unknown group name '${name}'`, at);
  return { type: 'reference', number: checkReference(state, number, at), ignoreCase: flags.ignoreCase };
}

function parseLook(state: State, start: number, negated: boolean, isBehind: boolean): RegexNode {
  const node = parseInside(state, start);
  if (!isBehind) return { type: 'look', node, negated, behind: undefined };
  const behind = fixedWidth(node);
  if (behind === undefined) return state.reader.fail('look-behind requires fixed-width pattern', start);
  return { type: 'look', node, negated, behind };
}

function parseCondition(state: State, start: number): RegexNode {
  const { reader } = state;
  const at = reader.index;
  const name = reader.takeUntil(')');
  if (name === undefined) return reader.fail('missing ), unterminated name', at);
  const number = /^\d+$/.test(name) ? Number(name) : state.names.get(name);
  if (number === undefined) return reader.fail(`unknown group name '${name}'`, at);
  state.asked.push([number, at]);
  const yes = parseSequence(state);
  const no: RegexNode = reader.takeIf('|') ? parseSequence(state) : { type: 'sequence', nodes: [] };
  if (reader.peek() === '|') reader.fail('conditional backref with more than two branches');
  return closeGroup(state, { type: 'condition', number, yes, no }, start);
}

/** `(?i)` for the rest of the pattern, or `(?i-m:…)` for a group. */
function parseFlags(state: State, start: number): RegexNode | undefined {
  const { reader } = state;
  const on = reader.takeWhile(/[aiLmsux]/);
  const off = reader.takeIf('-') ? reader.takeWhile(/[imsx]/) : '';
  const outer = state.flags;
  const inner = withFlags(withFlags(outer, on, true), off, false);
  if (reader.takeIf(')') && on !== '' && off === '') {
    if (start > 0) reader.fail('global flags not at the start of the expression', start);
    state.flags = inner;
    return undefined;
  }
  if (!reader.takeIf(':') || on + off === '') return reader.fail(`unknown extension ?${reader.peek()}`, start + 1);
  state.flags = inner;
  const node = closeGroup(state, parseChoice(state), start);
  state.flags = outer;
  return node;
}

function withFlags(flags: RegexFlags, letters: string, value: boolean): RegexFlags {
  const names = [...letters].flatMap((letter) => flagNames[letter] ?? []);
  return { ...flags, ...Object.fromEntries(names.map((name) => [name, value])) };
}
