import { FleetError } from '../errors.ts';
import type { TargetExpression, TargetType } from '../protocol/fields.ts';
import { nearest } from '../suggest.ts';
import { REGEX_SIZE_MAX, regexSize } from './regex_size.ts';
import { type LeafKind, matcherLetters, type TargetLeaf, type TargetNode, takesDelimiter } from './target_node.ts';

/** Named targets of the master's configuration: a compound target, or its words, or ids. */
export type NodeGroups = Readonly<Record<string, string | readonly string[]>>;

export interface TargetSurroundings {
  /** Of the type grain or pillar; a word of a compound target may bring its own. */
  readonly delimiter?: string | undefined;
  readonly nodegroups?: NodeGroups;
}

interface Word {
  readonly text: string;
  /** Where it begins in what was written, from 0; undefined in a list of words. */
  readonly at: number;
}

/** Words of a compound target: what reads them calls itself for each that nests. */
const WORDS_MAX = 1000;
const OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'not', '(', ')']);
/** Of a pattern that is no regular expression: comparing takes pattern × text steps. */
const PATTERN_CHARACTERS_MAX = 256;
/** Each delimiter may be the one before the value, and all that come after it are tried again within mappings. */
const DELIMITERS_MAX = 16;
/** A letter, for some a delimiter of one character, and what it asks. */
const MATCHER = /^([A-Z])(.?)@(.*)$/su;

/** Reads a target of any type. Throws TARGET_INVALID, which points at the column. */
export function parseTarget(
  tgt: TargetExpression,
  type: TargetType,
  surroundings: TargetSurroundings = {},
): TargetNode {
  switch (type) {
    case 'compound':
      return parseCompound(tgt, surroundings, []);
    case 'nodegroup':
      return expandGroup(oneText(tgt, 'nodegroup'), surroundings, []);
    case 'list':
      return { op: 'match', kind: 'list', pattern: listedIds(tgt), delimiter: ':' };
    default:
      return checkLeaf(type, oneText(tgt, type), surroundings.delimiter ?? ':');
  }
}

/** The names of a list target. */
export function listedIds(tgt: TargetExpression): string[] {
  return typeof tgt === 'string' ? tgt.split(',').map((id) => id.trim()) : [...tgt];
}

function oneText(tgt: TargetExpression, type: TargetType): string {
  if (typeof tgt === 'string' && tgt !== '') return tgt;
  throw new FleetError('TARGET_INVALID', `a ${type} target must be one text that is not empty`);
}

function checkLeaf(kind: LeafKind, pattern: string, delimiter: string): TargetLeaf {
  if (takesDelimiter(kind) && !pattern.includes(delimiter)) {
    throw new FleetError(
      'TARGET_INVALID',
      `a ${kind} target needs a name, '${delimiter}' and a value, not '${pattern}'`,
      {
        hint: `write ${pattern === '' ? 'os' : pattern}${delimiter}VALUE, or ${pattern === '' ? 'os' : pattern}${delimiter}* for any value`,
      },
    );
  }
  if (kind !== 'pcre' && kind !== 'grain_pcre' && pattern.length > PATTERN_CHARACTERS_MAX) {
    throw tooLong(`a ${kind} target has ${pattern.length} characters, at most ${PATTERN_CHARACTERS_MAX}`);
  }
  if (takesDelimiter(kind) && pattern.split(delimiter).length - 1 > DELIMITERS_MAX) {
    throw tooLong(`a ${kind} target has more than ${DELIMITERS_MAX} of '${delimiter}'`);
  }
  return { op: 'match', kind, pattern, delimiter };
}

function tooLong(message: string): FleetError {
  return new FleetError('TARGET_INVALID', message, { hint: 'ask for less, or name the minions with -L' });
}

/** `path` are the node groups that are being expanded, outermost first. */
function parseCompound(tgt: TargetExpression, surroundings: TargetSurroundings, path: readonly string[]): TargetNode {
  const words = wordsOf(tgt);
  let regexSizes = 0;
  const fail = (word: Word | undefined, why: string, hint?: string): never => {
    throw invalid(tgt, word, why, path, hint);
  };
  let next = 0;
  const peek = (): Word | undefined => words[next];

  const parseOr = (): TargetNode => {
    let left = parseAnd();
    while (peek()?.text === 'or') {
      next++;
      left = { op: 'or', left, right: parseAnd() };
    }
    return left;
  };
  const parseAnd = (): TargetNode => {
    let left = parseTerm();
    // Before `not`, an `and` may be left out.
    while (peek()?.text === 'and' || peek()?.text === 'not') {
      if (peek()?.text === 'and') next++;
      left = { op: 'and', left, right: parseTerm() };
    }
    return left;
  };
  const parseTerm = (): TargetNode => {
    const word = peek();
    if (word === undefined) return fail(undefined, 'something is missing at the end');
    next++;
    if (word.text === 'not') return { op: 'not', node: parseTerm() };
    if (word.text === '(') return parseGroup(word);
    if (OPERATORS.has(word.text)) return fail(word, `there is nothing before '${word.text}'`);
    return parseWord(word);
  };
  const parseGroup = (opening: Word): TargetNode => {
    const node = parseOr();
    if (peek() === undefined) fail(opening, "this '(' is never closed");
    if (peek()?.text !== ')') fail(peek(), "'and', 'or' or ')' is missing here");
    next++;
    return node;
  };
  const parseWord = (word: Word): TargetNode => {
    const [, letter = '', delimiter = '', pattern = ''] = MATCHER.exec(word.text) ?? [];
    if (letter === '') {
      if (/^\(|^[^[]*\)$/.test(word.text)) fail(word, 'parentheses must stand alone', 'write blanks around them');
      return checkLeaf('glob', word.text, ':');
    }
    const kind = matcherLetters[letter];
    if (kind === undefined || (delimiter !== '' && !takesDelimiter(kind))) {
      return fail(
        word,
        `there is no matcher '${letter}${delimiter}@'`,
        `there are ${Object.keys(matcherLetters).join('@ ')}@`,
      );
    }
    if (pattern === '') return fail(word, `nothing stands behind '${letter}${delimiter}@'`);
    if (kind === 'nodegroup')
      return expandGroup(pattern, surroundings, path, (why, hint) => invalid(tgt, word, why, path, hint));
    if (kind === 'list') return { op: 'match', kind, pattern: pattern.split(','), delimiter: ':' };
    const between = delimiter || surroundings.delimiter || ':';
    if (takesDelimiter(kind) && !pattern.includes(between)) fail(word, `a name, '${between}' and a value are wanted`);
    if (kind === 'pcre' || kind === 'grain_pcre') regexSizes += regexSize(pattern);
    if (regexSizes > REGEX_SIZE_MAX) fail(word, 'its regular expressions are too large together');
    return checkLeaf(kind, pattern, between);
  };

  if (words.length === 0) fail(undefined, 'it is empty');
  if (words.length > WORDS_MAX) fail(words[WORDS_MAX], `more than ${WORDS_MAX} words`);
  const node = parseOr();
  const rest = peek();
  if (rest !== undefined)
    fail(rest, rest.text === ')' ? "this ')' closes nothing" : "'and' or 'or' is missing before this");
  return node;
}

function expandGroup(
  name: string,
  surroundings: TargetSurroundings,
  path: readonly string[],
  error = (why: string, hint?: string) => new FleetError('TARGET_INVALID', why, hint === undefined ? {} : { hint }),
): TargetNode {
  const { nodegroups = {} } = surroundings;
  const group = Object.hasOwn(nodegroups, name) ? nodegroups[name] : undefined;
  if (group === undefined) {
    const guess = nearest(name, Object.keys(nodegroups));
    throw error(
      `there is no node group '${name}'`,
      guess === undefined ? 'nodegroups of the master names them' : `did you mean ${guess}?`,
    );
  }
  const inner = [...path, name];
  if (path.includes(name)) throw error(`node groups contain themselves: ${inner.join(' -> ')}`);
  const isListOfIds = typeof group !== 'string' && group.every((word) => !OPERATORS.has(word) && !word.includes('@'));
  if (isListOfIds) return { op: 'match', kind: 'list', pattern: group, delimiter: ':' };
  return parseCompound(typeof group === 'string' ? group : [...group], surroundings, inner);
}

function wordsOf(tgt: TargetExpression): readonly Word[] {
  if (typeof tgt !== 'string') return tgt.map((text) => ({ text, at: 0 }));
  return [...tgt.matchAll(/\S+/g)].map(({ 0: text, index }) => ({ text, at: index }));
}

/** With the target and a caret under the word, as far as it was written as one text. */
function invalid(
  tgt: TargetExpression,
  word: Word | undefined,
  why: string,
  path: readonly string[],
  hint: string | undefined,
): FleetError {
  const group = path.at(-1);
  const what = group === undefined ? 'the target' : `the node group '${group}'`;
  const reason = hint === undefined ? why : `${why}; ${hint}`;
  if (typeof tgt !== 'string') {
    const where = word === undefined ? '' : ` at '${word.text}'`;
    return new FleetError('TARGET_INVALID', `${what} is not valid${where}: ${reason}`);
  }
  const at = word?.at ?? tgt.length;
  const column = Array.from(tgt.slice(0, at)).length;
  const lines = `${tgt}\n${' '.repeat(column)}^`;
  return new FleetError('TARGET_INVALID', `${what} is not valid at column ${column + 1}: ${reason}\n${lines}`);
}
