import { PyError } from '../values/py_error.ts';
import type { Comparator, JmesNode } from './jmespath_node.ts';
import { type JmesToken, jmesTokens } from './jmespath_tokens.ts';

/** How strongly a token binds what stands left of it. */
const powers: Readonly<Record<string, number>> = {
  '|': 1,
  '||': 2,
  '&&': 3,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '[]': 9,
  '*': 20,
  '[?': 21,
  '.': 40,
  '!': 45,
  '{': 50,
  '[': 55,
  '(': 60,
};

/** Tokens that bind less end the right side of a projection. */
const PROJECTION_END = 10;

const current: JmesNode = { type: 'current' };

interface State {
  readonly source: string;
  readonly tokens: readonly JmesToken[];
  index: number;
}

/**
 * The tree of a JMESPath expression.
 * @throws PyError ValueError
 */
export function parseJmespath(source: string): JmesNode {
  const state: State = { source, tokens: jmesTokens(source), index: 0 };
  const node = parseExpression(state, 0);
  if (peek(state).kind !== 'end') fail(state);
  return node;
}

function peek(state: State, ahead = 0): JmesToken {
  return state.tokens[Math.min(state.index + ahead, state.tokens.length - 1)] as JmesToken;
}

function take(state: State, ...kinds: readonly string[]): JmesToken {
  const token = peek(state);
  if (kinds.length > 0 && !kinds.includes(token.kind)) fail(state);
  state.index += 1;
  return token;
}

function takeIf(state: State, kind: string): boolean {
  if (peek(state).kind !== kind) return false;
  state.index += 1;
  return true;
}

function fail(state: State): never {
  const { text, at } = peek(state);
  const what = text === '' ? 'the expression ends too early' : `unexpected ${text} at column ${at}`;
  throw new PyError('ValueError', `json_query: ${what} in ${JSON.stringify(state.source)}`);
}

function parseExpression(state: State, power: number): JmesNode {
  let node = parseStart(state);
  while (power < (powers[peek(state).kind] ?? 0)) node = parseNext(state, node);
  return node;
}

/** What an expression can begin with. */
function parseStart(state: State): JmesNode {
  const token = take(state);
  switch (token.kind) {
    case 'literal':
      return { type: 'literal', value: token.value };
    case 'name':
      return peek(state).kind === '(' ? parseCall(state, token.text) : { type: 'field', name: token.text };
    case 'quoted':
      return { type: 'field', name: token.text };
    case '@':
      return current;
    case '*':
      return { type: 'each', of: 'dict', left: current, right: parseProjected(state, powers['*'] as number) };
    case '[?':
      return parseFilter(state, current);
    case '[]':
      return { type: 'each', of: 'flat', left: current, right: parseProjected(state, powers['[]'] as number) };
    case '{':
      return parseDict(state);
    case '&':
      return { type: 'reference', expression: parseExpression(state, 0) };
    case '!':
      return { type: 'not', operand: parseExpression(state, powers['!'] as number) };
    case '(': {
      const node = parseExpression(state, 0);
      take(state, ')');
      return node;
    }
    case '[':
      return parseBracket(state, current) ?? parseList(state);
    default:
      state.index -= 1;
      return fail(state);
  }
}

/** What can follow an expression. */
function parseNext(state: State, left: JmesNode): JmesNode {
  const { kind } = take(state);
  switch (kind) {
    case '.':
      if (takeIf(state, '*')) {
        // `a.*.b.c` asks for `c` of the whole projection, in every implementation.
        return { type: 'each', of: 'dict', left, right: parseProjected(state, powers['.'] as number) };
      }
      return { type: 'chain', left, right: parseAfterDot(state, powers['.'] as number) };
    case '|':
      return { type: 'chain', left, right: parseExpression(state, powers['|'] as number) };
    case '||':
      return { type: 'or', left, right: parseExpression(state, powers['||'] as number) };
    case '&&':
      return { type: 'and', left, right: parseExpression(state, powers['&&'] as number) };
    case '[?':
      return parseFilter(state, left);
    case '[]':
      return { type: 'each', of: 'flat', left, right: parseProjected(state, powers['[]'] as number) };
    case '[':
      return parseBracket(state, left) ?? fail(state);
    case '(':
    case '{':
    case '*':
    case '!':
      state.index -= 1;
      return fail(state);
    default: {
      const operator = kind as Comparator;
      return { type: 'compare', operator, left, right: parseExpression(state, powers[kind] as number) };
    }
  }
}

/** `[1]`, `[1:2]` or `[*]` after the bracket; undefined when a list of expressions stands there. */
function parseBracket(state: State, left: JmesNode): JmesNode | undefined {
  const { kind } = peek(state);
  if (kind === 'number' && peek(state, 1).kind === ']') {
    const index = Number(take(state).text);
    take(state, ']');
    return { type: 'chain', left, right: { type: 'index', index } };
  }
  if (kind === 'number' || kind === ':') {
    const slice: JmesNode = { type: 'chain', left, right: { type: 'slice', parts: parseSlice(state) } };
    return { type: 'each', of: 'list', left: slice, right: parseProjected(state, powers['*'] as number) };
  }
  if (kind !== '*' || peek(state, 1).kind !== ']') return undefined;
  take(state);
  take(state);
  return { type: 'each', of: 'list', left, right: parseProjected(state, powers['*'] as number) };
}

function parseSlice(state: State): (number | null)[] {
  const parts: (number | null)[] = [null, null, null];
  let part = 0;
  while (!takeIf(state, ']')) {
    const token = take(state, ':', 'number');
    if (token.kind === 'number') parts[part] = Number(token.text);
    else part += 1;
    if (part > 2) fail(state);
  }
  return parts;
}

/** What is asked of each item of a projection. */
function parseProjected(state: State, power: number): JmesNode {
  const { kind } = peek(state);
  if ((powers[kind] ?? 0) < PROJECTION_END) return current;
  if (kind === '[' || kind === '[?') return parseProjectedBracket(state, power);
  take(state, '.');
  return parseAfterDot(state, power);
}

/** The brackets belong to the item. */
function parseProjectedBracket(state: State, power: number): JmesNode {
  let node = parseNext(state, current);
  while (power < (powers[peek(state).kind] ?? 0)) node = parseNext(state, node);
  return node;
}

function parseAfterDot(state: State, power: number): JmesNode {
  const { kind } = peek(state);
  if (kind === 'name' || kind === 'quoted' || kind === '*') return parseExpression(state, power);
  if (takeIf(state, '[')) return parseList(state);
  take(state, '{');
  return parseDict(state);
}

function parseFilter(state: State, left: JmesNode): JmesNode {
  const condition = parseExpression(state, 0);
  take(state, ']');
  const right = peek(state).kind === '[]' ? current : parseProjected(state, powers['[?'] as number);
  return { type: 'filter', left, condition, right };
}

function parseList(state: State): JmesNode {
  const items = [parseExpression(state, 0)];
  while (takeIf(state, ',')) items.push(parseExpression(state, 0));
  take(state, ']');
  return { type: 'list', items };
}

function parseDict(state: State): JmesNode {
  const members: [string, JmesNode][] = [];
  do {
    const { text } = take(state, 'name', 'quoted');
    take(state, ':');
    members.push([text, parseExpression(state, 0)]);
  } while (takeIf(state, ','));
  take(state, '}');
  return { type: 'dict', members };
}

function parseCall(state: State, name: string): JmesNode {
  take(state, '(');
  const args: JmesNode[] = [];
  while (!takeIf(state, ')')) {
    if (args.length > 0) take(state, ',');
    args.push(parseExpression(state, 0));
  }
  return { type: 'call', name, args };
}
