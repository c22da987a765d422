import { isSpace } from '../values/py_space.ts';
import { pyRepr } from '../values/text.ts';
import type { Expression, FilterNode, IfNode, NameNode, Signature, Statement, Target } from './nodes.ts';
import { parseExpression, parseFilters, parseOneFilter, parseTuple } from './parse_expression.ts';
import type { Parser } from './parser.ts';

type ParseStatement = (parser: Parser) => Statement;

/** The tags of Jinja itself, with those of its `do` and `loopcontrols` extensions. */
export const STATEMENTS: ReadonlyMap<string, ParseStatement> = new Map<string, ParseStatement>([
  ['set', parseSet],
  ['for', parseFor],
  ['if', parseIf],
  ['with', parseWith],
  ['autoescape', parseAutoescape],
  ['block', parseBlock],
  ['extends', parseExtends],
  ['include', parseInclude],
  ['import', parseImport],
  ['from', parseFromImport],
  ['macro', parseMacro],
  ['call', parseCallBlock],
  ['filter', parseFilterBlock],
  ['print', parsePrint],
  ['do', parseDo],
  ['break', (parser) => ({ type: 'Break', at: parser.stream.next().at })],
  ['continue', (parser) => ({ type: 'Continue', at: parser.stream.next().at })],
]);

function parseSet(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const target = parseTarget(parser, { withNamespace: true });
  if (stream.skipIf('=')) return { type: 'Set', target, value: parseTuple(stream), at };
  const filter = stream.is('|') ? (parseFilters(stream, HOLE) as FilterNode) : undefined;
  const body = parser.parseBodyAndEnd('endset');
  return { type: 'SetBlock', target, filter: filter && fillHole(filter), body, at };
}

// A block's filters apply to its text: the innermost target is null once parsed.
const HOLE: Expression = { type: 'Const', value: null, at: 0 };

function fillHole(filter: FilterNode): FilterNode {
  const target = filter.target === HOLE ? null : filter.target?.type === 'Filter' ? fillHole(filter.target) : null;
  return { ...filter, target };
}

function parseFor(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const target = parseTarget(parser, {});
  stream.expect('name', 'in');
  const iterable = parseTuple(stream, { withCondition: false });
  const test = stream.skipIf('name', 'if') ? parseExpression(stream) : undefined;
  const recursive = stream.skipIf('name', 'recursive');
  const body = parser.parseBody('endfor', 'else');
  const otherwise = stream.next().text === 'endfor' ? [] : parser.parseBodyAndEnd('endfor');
  return { type: 'For', target, iterable, body, otherwise, test, recursive, at };
}

function parseIf(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.current;
  const branches: { test: Expression; body: Statement[] }[] = [];
  let otherwise: Statement[] = [];
  for (let word = 'if'; word === 'if' || word === 'elif'; word = stream.current.text) {
    stream.next();
    const test = parseTuple(stream, { withCondition: false });
    branches.push({ test, body: parser.parseBody('elif', 'else', 'endif') });
  }
  if (stream.next().text === 'else') otherwise = parser.parseBodyAndEnd('endif');
  const node: IfNode = { type: 'If', branches, otherwise, at };
  return node;
}

function parseWith(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const targets: Target[] = [];
  const values: Expression[] = [];
  while (!stream.is('block_end')) {
    if (targets.length > 0) stream.expect(',');
    targets.push(parseTarget(parser, {}));
    stream.expect('=');
    values.push(parseExpression(stream));
  }
  return { type: 'With', targets, values, body: parser.parseBodyAndEnd('endwith'), at };
}

function parseAutoescape(parser: Parser): Statement {
  const { at } = parser.stream.next();
  const enabled = parseExpression(parser.stream);
  return { type: 'Autoescape', enabled, body: parser.parseBodyAndEnd('endautoescape'), at };
}

function parseBlock(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const name = stream.expect('name').text;
  const scoped = stream.skipIf('name', 'scoped');
  const required = stream.skipIf('name', 'required');
  if (stream.is('-')) {
    stream.fail(
      'Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.',
    );
  }
  const body = parser.parseBodyAndEnd('endblock');
  if (required && !isBlank(body)) stream.fail('Required blocks can only contain comments or whitespace');
  stream.skipIf('name', name);
  return { type: 'Block', name, body, scoped, required, at };
}

function isBlank(body: readonly Statement[]): boolean {
  return body.every(
    (statement) =>
      statement.type === 'Output' && statement.items.every((item) => item.type === 'Data' && isSpace(item.text)),
  );
}

function parseExtends(parser: Parser): Statement {
  const { at } = parser.stream.next();
  return { type: 'Extends', template: parseExpression(parser.stream), at };
}

function parseInclude(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const template = parseExpression(stream);
  const next = stream.look();
  const ignoreMissing = stream.is('name', 'ignore') && next.type === 'name' && next.text === 'missing';
  if (ignoreMissing) {
    stream.next();
    stream.next();
  }
  return { type: 'Include', template, ignoreMissing, withContext: parseContextWords(parser) ?? true, at };
}

/** `import … as …`, from its first word. */
export function parseImport(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const template = parseExpression(stream);
  stream.expect('name', 'as');
  const target = stream.expect('name').text;
  return { type: 'Import', template, target, withContext: parseContextWords(parser) ?? false, at };
}

/** `with context` or `without context`, or undefined when neither stands here. */
function parseContextWords(parser: Parser): boolean | undefined {
  const { stream } = parser;
  const next = stream.look();
  if (!stream.isWord('with', 'without') || next.type !== 'name' || next.text !== 'context') return undefined;
  const withContext = stream.next().text === 'with';
  stream.next();
  return withContext;
}

function parseFromImport(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const template = parseExpression(stream);
  stream.expect('name', 'import');
  const names: { name: string; alias: string }[] = [];
  let withContext: boolean | undefined;
  while (true) {
    if (names.length > 0) stream.expect(',');
    withContext = parseContextWords(parser);
    if (withContext !== undefined) break;
    const token = stream.expect('name');
    if (token.text.startsWith('_')) stream.fail('names starting with an underline can not be imported', token.at);
    const alias = stream.skipIf('name', 'as') ? stream.expect('name').text : token.text;
    names.push({ name: token.text, alias });
    withContext = parseContextWords(parser);
    if (withContext !== undefined || !stream.is(',')) break;
  }
  return { type: 'FromImport', template, names, withContext: withContext ?? false, at };
}

function parseSignature(parser: Parser): Signature {
  const { stream } = parser;
  const parameters: NameNode[] = [];
  const defaults: Expression[] = [];
  stream.expect('(');
  while (!stream.is(')')) {
    if (parameters.length > 0) stream.expect(',');
    const token = stream.expect('name');
    if (stream.skipIf('=')) defaults.push(parseExpression(stream));
    else if (defaults.length > 0) stream.fail('non-default argument follows default argument');
    parameters.push({ type: 'Name', name: token.text, at: token.at });
  }
  stream.expect(')');
  return { parameters, defaults };
}

function parseMacro(parser: Parser): Statement {
  const { at } = parser.stream.next();
  const name = parser.stream.expect('name').text;
  const signature = parseSignature(parser);
  return { type: 'Macro', name, ...signature, body: parser.parseBodyAndEnd('endmacro'), at };
}

function parseCallBlock(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const signature = stream.is('(') ? parseSignature(parser) : { parameters: [], defaults: [] };
  const call = parseExpression(stream);
  if (call.type !== 'Call') return stream.fail('expected call', at);
  return { type: 'CallBlock', call, ...signature, body: parser.parseBodyAndEnd('endcall'), at };
}

function parseFilterBlock(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const first = parseOneFilter(stream, null);
  const filter = parseFilters(stream, first) as FilterNode;
  return { type: 'FilterBlock', filter, body: parser.parseBodyAndEnd('endfilter'), at };
}

function parsePrint(parser: Parser): Statement {
  const { stream } = parser;
  const { at } = stream.next();
  const items: Expression[] = [];
  while (!stream.is('block_end')) {
    if (items.length > 0) stream.expect(',');
    items.push(parseExpression(stream));
  }
  return { type: 'Output', items, at };
}

function parseDo(parser: Parser): Statement {
  const { at } = parser.stream.next();
  return { type: 'Do', expression: parseTuple(parser.stream), at };
}

interface TargetOptions {
  readonly withNamespace?: boolean;
}

/** What an assignment assigns to: a name, a tuple of names, or (when allowed) `namespace.attribute`. */
export function parseTarget(parser: Parser, options: TargetOptions): Target {
  const { stream } = parser;
  if (options.withNamespace && stream.look().type === '.') {
    const { text, at } = stream.expect('name');
    stream.next();
    return { type: 'NamespaceSlot', name: text, attribute: stream.expect('name').text, at };
  }
  const node = parseTuple(stream, { simplified: true });
  const target = toTarget(node);
  if (target === undefined) return stream.fail(`can't assign to ${pyRepr(node.type.toLowerCase())}`, node.at);
  return target;
}

function toTarget(node: Expression): Target | undefined {
  if (node.type === 'Name') return node;
  if (node.type !== 'Tuple') return undefined;
  const items = node.items.map(toTarget);
  return items.includes(undefined) ? undefined : { type: 'TargetTuple', items: items as Target[], at: node.at };
}
