import type { BinaryOperator, OrderOperator, Value } from '../values/py_object.ts';
import { pyRepr } from '../values/text.ts';
import type { Arguments, CompareOperator, Expression, FilterNode, SliceNode, TupleNode } from './nodes.ts';
import type { TokenStream } from './token_stream.ts';
import { describeToken, type TokenType } from './tokens.ts';

/** One expression; without `withCondition`, `if` after it is not part of it. */
export function parseExpression(stream: TokenStream, withCondition = true): Expression {
  return withCondition ? parseCondition(stream) : parseOr(stream);
}

function parseCondition(stream: TokenStream): Expression {
  let node = parseOr(stream);
  while (stream.is('name', 'if')) {
    const { at } = stream.next();
    const test = parseOr(stream);
    const otherwise = stream.skipIf('name', 'else') ? parseCondition(stream) : undefined;
    node = { type: 'Condition', test, value: node, otherwise, at };
  }
  return node;
}

function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.is('name', 'or')) {
    const { at } = stream.next();
    left = { type: 'Or', left, right: parseAnd(stream), at };
  }
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.is('name', 'and')) {
    const { at } = stream.next();
    left = { type: 'And', left, right: parseNot(stream), at };
  }
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.is('name', 'not')) return parseCompare(stream);
  const { at } = stream.next();
  return { type: 'Not', operand: parseNot(stream), at };
}

const COMPARISONS: readonly TokenType[] = ['==', '!=', '<', '<=', '>', '>='];

function parseCompare(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const { at } = stream.current;
  const rest: [CompareOperator, Expression][] = [];
  for (let operator = compareOperator(stream); operator !== undefined; operator = compareOperator(stream)) {
    rest.push([operator, parseSum(stream)]);
  }
  return rest.length === 0 ? first : { type: 'Compare', first, rest, at };
}

function compareOperator(stream: TokenStream): CompareOperator | undefined {
  const { type } = stream.current;
  if (COMPARISONS.includes(type)) {
    stream.next();
    return type as OrderOperator;
  }
  if (stream.skipIf('name', 'in')) return 'in';
  if (!stream.is('name', 'not')) return undefined;
  const next = stream.look();
  if (next.type !== 'name' || next.text !== 'in') return undefined;
  stream.next();
  stream.next();
  return 'not in';
}

function parseSum(stream: TokenStream): Expression {
  return parseBinary(stream, ['+', '-'], parseConcat);
}

function parseConcat(stream: TokenStream): Expression {
  const first = parseProduct(stream);
  if (!stream.is('~')) return first;
  const { at } = stream.current;
  const items = [first];
  while (stream.skipIf('~')) items.push(parseProduct(stream));
  return { type: 'Concat', items, at };
}

function parseProduct(stream: TokenStream): Expression {
  return parseBinary(stream, ['*', '/', '//', '%'], parsePower);
}

function parsePower(stream: TokenStream): Expression {
  return parseBinary(stream, ['**'], parseUnary);
}

function parseBinary(
  stream: TokenStream,
  operators: readonly TokenType[],
  parseOperand: (stream: TokenStream) => Expression,
): Expression {
  let left = parseOperand(stream);
  while (operators.includes(stream.current.type)) {
    const token = stream.next();
    left = { type: 'Binary', operator: token.type as BinaryOperator, left, right: parseOperand(stream), at: token.at };
  }
  return left;
}

function parseUnary(stream: TokenStream): Expression {
  return parseFilterTail(stream, parseSigned(stream));
}

function parseSigned(stream: TokenStream): Expression {
  const { type, at } = stream.current;
  if (type !== '-' && type !== '+') return parsePostfix(stream, parsePrimary(stream));
  stream.next();
  return parsePostfix(stream, { type: 'Unary', operator: type, operand: parseSigned(stream), at });
}

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

/** A name, literal, list, dict or parenthesis. */
function parsePrimary(stream: TokenStream): Expression {
  const token = stream.current;
  const { at } = token;
  switch (token.type) {
    case 'name': {
      stream.next();
      const constant = CONSTANTS.get(token.text);
      return constant === undefined ? { type: 'Name', name: token.text, at } : { type: 'Const', value: constant, at };
    }
    case 'string': {
      let value = '';
      while (stream.is('string')) value += stream.next().text;
      return { type: 'Const', value, at };
    }
    case 'integer':
    case 'float':
      stream.next();
      return { type: 'Const', value: token.number ?? null, at };
    case '(': {
      stream.next();
      const inner = parseTuple(stream, { explicitParentheses: true });
      stream.expect(')');
      return inner;
    }
    case '[':
      return parseList(stream);
    case '{':
      return parseDict(stream);
    default:
      return stream.fail(`unexpected ${pyRepr(describeToken(token))}`, at);
  }
}

interface TupleOptions {
  /** Only names and literals, as in assignment targets. */
  readonly simplified?: boolean;
  readonly withCondition?: boolean;
  readonly explicitParentheses?: boolean;
}

/** An expression, or a tuple when commas follow. */
export function parseTuple(stream: TokenStream, options: TupleOptions = {}): Expression {
  const { at } = stream.current;
  const items: Expression[] = [];
  let isTuple = false;
  while (true) {
    if (items.length > 0) stream.expect(',');
    if (isTupleEnd(stream)) break;
    items.push(options.simplified ? parsePrimary(stream) : parseExpression(stream, options.withCondition));
    if (!stream.is(',')) break;
    isTuple = true;
  }
  const [only] = items;
  if (!isTuple && only !== undefined) return only;
  if (!isTuple && !options.explicitParentheses) {
    stream.fail(`Expected an expression, got ${pyRepr(describeToken(stream.current))}`);
  }
  return { type: 'Tuple', items, at };
}

function isTupleEnd(stream: TokenStream): boolean {
  const { type } = stream.current;
  return type === 'variable_end' || type === 'block_end' || type === ')';
}

function parseList(stream: TokenStream): Expression {
  const { at } = stream.expect('[');
  const items: Expression[] = [];
  while (!stream.is(']')) {
    if (items.length > 0) stream.expect(',');
    if (stream.is(']')) break;
    items.push(parseExpression(stream));
  }
  stream.expect(']');
  return { type: 'List', items, at };
}

function parseDict(stream: TokenStream): Expression {
  const { at } = stream.expect('{');
  const pairs: [Expression, Expression][] = [];
  while (!stream.is('}')) {
    if (pairs.length > 0) stream.expect(',');
    if (stream.is('}')) break;
    const key = parseExpression(stream);
    stream.expect(':');
    pairs.push([key, parseExpression(stream)]);
  }
  stream.expect('}');
  return { type: 'Dict', pairs, at };
}

/** Attributes, items and calls after an expression. */
function parsePostfix(stream: TokenStream, first: Expression): Expression {
  let node = first;
  while (true) {
    if (stream.is('.')) node = parseDot(stream, node);
    else if (stream.is('[')) node = parseSubscript(stream, node);
    else if (stream.is('(')) node = { type: 'Call', callee: node, at: stream.current.at, args: parseArguments(stream) };
    else return node;
  }
}

function parseFilterTail(stream: TokenStream, first: Expression): Expression {
  let node = first;
  while (true) {
    if (stream.is('|')) node = parseFilters(stream, node);
    else if (stream.is('name', 'is')) node = parseTest(stream, node);
    else if (stream.is('(')) node = { type: 'Call', callee: node, at: stream.current.at, args: parseArguments(stream) };
    else return node;
  }
}

function parseDot(stream: TokenStream, owner: Expression): Expression {
  stream.next();
  const token = stream.next();
  if (token.type === 'name') return { type: 'Attribute', owner, name: token.text, at: token.at };
  if (token.type !== 'integer') stream.fail('expected name or number', token.at);
  const key: Expression = { type: 'Const', value: token.number ?? null, at: token.at };
  return { type: 'Item', owner, key, at: token.at };
}

function parseSubscript(stream: TokenStream, owner: Expression): Expression {
  const { at } = stream.expect('[');
  const keys: Expression[] = [];
  while (!stream.is(']')) {
    if (keys.length > 0) stream.expect(',');
    keys.push(parseSubscribed(stream));
  }
  stream.expect(']');
  const [only] = keys;
  const several: TupleNode = { type: 'Tuple', items: keys, at };
  return { type: 'Item', owner, key: only !== undefined && keys.length === 1 ? only : several, at };
}

function parseSubscribed(stream: TokenStream): Expression {
  const { at } = stream.current;
  let start: Expression | undefined;
  if (!stream.is(':')) {
    start = parseExpression(stream);
    if (!stream.is(':')) return start;
  }
  stream.expect(':');
  const stop = stream.is(':') ? undefined : slicePart(stream);
  const step = stream.skipIf(':') ? slicePart(stream) : undefined;
  const slice: SliceNode = { type: 'Slice', parts: [start, stop, step], at };
  return slice;
}

function slicePart(stream: TokenStream): Expression | undefined {
  return stream.is(']') || stream.is(',') ? undefined : parseExpression(stream);
}

/** `(a, b, c=d, *e, **f)`. */
function parseArguments(stream: TokenStream): Arguments {
  const { at } = stream.expect('(');
  const positional: Expression[] = [];
  const keywords: [string, Expression][] = [];
  let star: Expression | undefined;
  let starStar: Expression | undefined;
  const ensure = (fine: boolean) => {
    if (!fine) stream.fail('invalid syntax for function call expression', at);
  };
  for (let first = true; !stream.is(')'); first = false) {
    if (!first) {
      stream.expect(',');
      if (stream.is(')')) break;
    }
    if (stream.skipIf('*')) {
      ensure(star === undefined && starStar === undefined);
      star = parseExpression(stream);
    } else if (stream.skipIf('**')) {
      ensure(starStar === undefined);
      starStar = parseExpression(stream);
    } else if (stream.is('name') && stream.look().type === '=') {
      ensure(starStar === undefined);
      const name = stream.next().text;
      stream.next();
      keywords.push([name, parseExpression(stream)]);
    } else {
      ensure(star === undefined && starStar === undefined && keywords.length === 0);
      positional.push(parseExpression(stream));
    }
  }
  stream.expect(')');
  return { positional, keywords, star, starStar };
}

const NO_ARGUMENTS: Arguments = { positional: [], keywords: [] };

/** One or more `| name(…)`. */
export function parseFilters(stream: TokenStream, first: Expression): Expression {
  let node = first;
  while (stream.skipIf('|')) node = parseOneFilter(stream, node);
  return node;
}

/** The filter under the cursor (its `|` already read), applied to `target`. */
export function parseOneFilter(stream: TokenStream, target: Expression | null): FilterNode {
  const { at } = stream.current;
  const name = dottedName(stream);
  const args = stream.is('(') ? parseArguments(stream) : NO_ARGUMENTS;
  return { type: 'Filter', target, name, args, at };
}

function dottedName(stream: TokenStream): string {
  let name = stream.expect('name').text;
  while (stream.skipIf('.')) name += `.${stream.expect('name').text}`;
  return name;
}

const ARGUMENT_STARTS: readonly TokenType[] = ['name', 'string', 'integer', 'float', '(', '[', '{'];

function parseTest(stream: TokenStream, target: Expression): Expression {
  const { at: isAt } = stream.next();
  const negated = stream.skipIf('name', 'not');
  const { at } = stream.current;
  const name = dottedName(stream);
  const test: Expression = { type: 'Test', target, name, args: testArguments(stream), at };
  return negated ? { type: 'Not', operand: test, at: isAt } : test;
}

function testArguments(stream: TokenStream): Arguments {
  if (stream.is('(')) return parseArguments(stream);
  if (!ARGUMENT_STARTS.includes(stream.current.type) || stream.isWord('else', 'or', 'and')) return NO_ARGUMENTS;
  if (stream.is('name', 'is')) stream.fail('You cannot chain multiple tests with is');
  return { positional: [parsePostfix(stream, parsePrimary(stream))], keywords: [] };
}
