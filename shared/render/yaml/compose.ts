import { pyRepr } from '../values/text.ts';
import { Cursor } from './cursor.ts';
import type { ComposeLimits } from './load_limits.ts';
import { type MappingNode, type Node, type ScalarNode, type SequenceNode, TAG_PREFIX } from './node.ts';
import { resolveScalarTag } from './resolve_scalar.ts';
import { Scanner } from './scanner.ts';
import type { Token, TokenKind } from './token.ts';
import { YamlError, type YamlStage } from './yaml_error.ts';

interface Anchored {
  readonly start: number;
  /** Undefined while the node is being read: an alias inside it would make the value contain itself. */
  node: Node | undefined;
}

interface State {
  readonly source: string;
  readonly scanner: Scanner;
  readonly limits: ComposeLimits;
  tagHandles: ReadonlyMap<string, string>;
  readonly anchors: Map<string, Anchored>;
  readonly weights: Map<Node, number>;
  depth: number;
  nodes: number;
}

type Context = 'block' | 'flow' | 'block-or-dashes';

const defaultHandles: ReadonlyMap<string, string> = new Map([
  ['!', '!'],
  ['!!', TAG_PREFIX],
]);

/**
 * The nodes of a text with one document; undefined when there is none.
 * @throws YamlError
 */
export function composeYaml(source: string, limits: ComposeLimits): Node | undefined {
  const state: State = {
    source,
    scanner: new Scanner(new Cursor(source)),
    limits,
    tagHandles: defaultHandles,
    anchors: new Map(),
    weights: new Map(),
    depth: 0,
    nodes: 0,
  };
  const node = isNext(state, '<directive>', '<document start>', '<stream end>')
    ? composeExplicitDocument(state)
    : parseNode(state, 'block');
  if (node === undefined) return undefined;
  const more = nextDocument(state);
  if (more !== undefined) {
    const context = 'expected a single document in the stream';
    throw failure(state, 'composer', 'but found another document', more, context, node.start);
  }
  return node;
}

function composeExplicitDocument(state: State): Node | undefined {
  if (nextDocument(state) === undefined) return undefined;
  if (isNext(state, '<directive>', '<document start>', '<document end>', '<stream end>')) {
    return emptyScalar(state.scanner.peek().start);
  }
  return parseNode(state, 'block');
}

/** Goes over `...`, directives and `---`; answers where they began, or undefined at the end of the text. */
function nextDocument(state: State): number | undefined {
  const { scanner } = state;
  while (isNext(state, '<document end>')) scanner.take();
  if (isNext(state, '<stream end>')) return undefined;
  const start = scanner.peek().start;
  state.tagHandles = readDirectives(state);
  const token = scanner.peek();
  if (token.kind !== '<document start>') {
    throw failure(state, 'parser', `expected '<document start>', but found ${quoteKind(token)}`, token.start);
  }
  scanner.take();
  return start;
}

function readDirectives(state: State): ReadonlyMap<string, string> {
  const handles = new Map<string, string>();
  let hasVersion = false;
  while (isNext(state, '<directive>')) {
    const { text, args, start } = state.scanner.take();
    const [first = '', second = ''] = args;
    if (text === 'YAML') {
      if (hasVersion) throw failure(state, 'parser', 'found duplicate YAML directive', start);
      if (Number(first) !== 1) {
        throw failure(state, 'parser', 'found incompatible YAML document (version 1.* is required)', start);
      }
      hasVersion = true;
    } else if (text === 'TAG') {
      if (handles.has(first)) throw failure(state, 'parser', `duplicate tag handle ${pyRepr(first)}`, start);
      handles.set(first, second);
    }
  }
  return new Map([...defaultHandles, ...handles]);
}

interface Properties {
  readonly start: number | undefined;
  readonly anchor: Token | undefined;
  readonly tag: string | undefined;
}

function parseNode(state: State, context: Context): Node {
  const { scanner } = state;
  if (isNext(state, '<alias>')) return resolveAlias(state, scanner.take());
  const properties = parseProperties(state);
  const next = scanner.peek();
  state.nodes += 1;
  if (state.nodes > state.limits.nodesMax) {
    throw failure(state, 'composer', `more than ${state.limits.nodesMax} nodes`, next.start);
  }
  const start = properties.start ?? next.start;
  const hasContent = contentStarts[context].includes(next.kind);
  if (!hasContent && properties.start === undefined) {
    const what = context === 'flow' ? 'flow' : 'block';
    const problem = `expected the node content, but found ${quoteKind(next)}`;
    throw failure(state, 'parser', problem, next.start, `while parsing a ${what} node`, start);
  }
  const anchored = registerAnchor(state, properties.anchor, start);
  const node = hasContent ? parseContent(state, next, start, properties.tag) : emptyScalar(start, properties.tag);
  if (anchored !== undefined) anchored.node = node;
  return node;
}

const flowStarts: readonly TokenKind[] = ['<scalar>', '[', '{'];
const blockStarts: readonly TokenKind[] = [...flowStarts, '<block sequence start>', '<block mapping start>'];

const contentStarts: Readonly<Record<Context, readonly TokenKind[]>> = {
  flow: flowStarts,
  block: blockStarts,
  'block-or-dashes': [...blockStarts, '-'],
};

function parseContent(state: State, next: Token, start: number, tag: string | undefined): Node {
  if (next.kind === '<scalar>') return parseScalar(state, start, tag);
  state.depth += 1;
  if (state.depth > state.limits.depthMax) {
    throw failure(state, 'parser', `more than ${state.limits.depthMax} collections inside one another`, next.start);
  }
  const node = parseCollection(state, next.kind, start, tag);
  state.depth -= 1;
  return node;
}

function parseCollection(state: State, kind: TokenKind, start: number, tag: string | undefined): Node {
  if (kind === '[') return parseFlowSequence(state, start, tag);
  if (kind === '{') return parseFlowMapping(state, start, tag);
  if (kind === '-') return parseDashes(state, start, tag);
  return kind === '<block mapping start>'
    ? parseBlockMapping(state, start, tag)
    : parseBlockSequence(state, start, tag);
}

function parseProperties(state: State): Properties {
  const { scanner } = state;
  let anchor: Token | undefined;
  let tag: Token | undefined;
  if (isNext(state, '<anchor>')) {
    anchor = scanner.take();
    if (isNext(state, '<tag>')) tag = scanner.take();
  } else if (isNext(state, '<tag>')) {
    tag = scanner.take();
    if (isNext(state, '<anchor>')) anchor = scanner.take();
  }
  const starts = [anchor, tag].flatMap((token) => (token === undefined ? [] : [token.start]));
  const start = starts.length === 0 ? undefined : Math.min(...starts);
  return { start, anchor, tag: tag === undefined ? undefined : expandTag(state, tag, start) };
}

function expandTag(state: State, tag: Token, start: number | undefined): string {
  if (tag.handle === undefined) return tag.text;
  const prefix = state.tagHandles.get(tag.handle);
  if (prefix === undefined) {
    const problem = `found undefined tag handle ${pyRepr(tag.handle)}`;
    throw failure(state, 'parser', problem, tag.start, 'while parsing a node', start);
  }
  return prefix + tag.text;
}

function resolveAlias(state: State, alias: Token): Node {
  const anchored = state.anchors.get(alias.text);
  if (anchored === undefined) {
    throw failure(state, 'composer', `found undefined alias '${alias.text}'`, alias.start);
  }
  if (anchored.node === undefined) {
    throw failure(state, 'constructor', 'found unconstructable recursive node', anchored.start);
  }
  return anchored.node;
}

function registerAnchor(state: State, anchor: Token | undefined, start: number): Anchored | undefined {
  if (anchor === undefined) return undefined;
  const name = anchor.text;
  const first = state.anchors.get(name);
  if (first !== undefined) {
    const context = `found duplicate anchor '${name}'; first occurrence`;
    throw failure(state, 'composer', 'second occurrence', start, context, first.start);
  }
  const anchored: Anchored = { start, node: undefined };
  state.anchors.set(name, anchored);
  return anchored;
}

function parseScalar(state: State, start: number, tag: string | undefined): ScalarNode {
  const { text, style } = state.scanner.take();
  const looks = (style === '' && tag === undefined) || tag === '!';
  const resolved = looks ? resolveScalarTag(text) : (tag ?? `${TAG_PREFIX}str`);
  return { kind: 'scalar', tag: resolved, text, style, start };
}

function emptyScalar(start: number, tag?: string): ScalarNode {
  const resolved = tag === undefined || tag === '!' ? `${TAG_PREFIX}null` : tag;
  return { kind: 'scalar', tag: resolved, text: '', style: '', start };
}

function collectionTag(tag: string | undefined, kind: 'seq' | 'map'): string {
  return tag === undefined || tag === '!' ? TAG_PREFIX + kind : tag;
}

function parseBlockSequence(state: State, start: number, tag: string | undefined): SequenceNode {
  const { scanner } = state;
  const first = scanner.take();
  const items: Node[] = [];
  while (isNext(state, '-')) {
    const dash = scanner.take();
    items.push(parseOrEmpty(state, 'block', dash.end, '-', '<block end>'));
  }
  endBlock(state, 'while parsing a block collection', first);
  return weigh(state, { kind: 'sequence', tag: collectionTag(tag, 'seq'), items, start });
}

/** A sequence that stands at the column of the key it belongs to. */
function parseDashes(state: State, start: number, tag: string | undefined): SequenceNode {
  const items: Node[] = [];
  while (isNext(state, '-')) {
    const dash = state.scanner.take();
    items.push(parseOrEmpty(state, 'block', dash.end, '-', '?', ':', '<block end>'));
  }
  return weigh(state, { kind: 'sequence', tag: collectionTag(tag, 'seq'), items, start });
}

function parseBlockMapping(state: State, start: number, tag: string | undefined): MappingNode {
  const { scanner } = state;
  const first = scanner.take();
  const pairs: MappingNode['pairs'] = [];
  while (isNext(state, '?')) {
    const sign = scanner.take();
    const key = parseOrEmpty(state, 'block-or-dashes', sign.end, '?', ':', '<block end>');
    pairs.push([key, parseValue(state, 'block-or-dashes', ['?', ':', '<block end>'])]);
  }
  endBlock(state, 'while parsing a block mapping', first);
  return weigh(state, { kind: 'mapping', tag: collectionTag(tag, 'map'), pairs, start });
}

function endBlock(state: State, context: string, first: Token): void {
  const token = state.scanner.peek();
  if (token.kind !== '<block end>') {
    const problem = `expected <block end>, but found ${quoteKind(token)}`;
    throw failure(state, 'parser', problem, token.start, context, first.start);
  }
  state.scanner.take();
}

function parseFlowSequence(state: State, start: number, tag: string | undefined): SequenceNode {
  const first = state.scanner.take();
  const items: Node[] = [];
  while (!isNext(state, ']')) {
    if (items.length > 0) takeComma(state, 'while parsing a flow sequence', ']', first);
    if (isNext(state, '?')) items.push(parseSinglePair(state));
    else if (!isNext(state, ']')) items.push(parseNode(state, 'flow'));
    else break;
  }
  state.scanner.take();
  return weigh(state, { kind: 'sequence', tag: collectionTag(tag, 'seq'), items, start });
}

/** `[key: value]`: a mapping of one pair without braces. */
function parseSinglePair(state: State): MappingNode {
  const sign = state.scanner.take();
  const key = parseOrEmpty(state, 'flow', sign.end, ':', ',', ']');
  const value = parseValue(state, 'flow', [',', ']']);
  return weigh(state, {
    kind: 'mapping',
    tag: collectionTag(undefined, 'map'),
    pairs: [[key, value]],
    start: sign.start,
  });
}

function parseFlowMapping(state: State, start: number, tag: string | undefined): MappingNode {
  const { scanner } = state;
  const first = scanner.take();
  const pairs: MappingNode['pairs'] = [];
  while (!isNext(state, '}')) {
    if (pairs.length > 0) takeComma(state, 'while parsing a flow mapping', '}', first);
    if (isNext(state, '?')) {
      const sign = scanner.take();
      const key = parseOrEmpty(state, 'flow', sign.end, ':', ',', '}');
      pairs.push([key, parseValue(state, 'flow', [',', '}'])]);
    } else if (!isNext(state, '}')) {
      const key = parseNode(state, 'flow');
      pairs.push([key, emptyScalar(scanner.peek().start)]);
    } else {
      break;
    }
  }
  scanner.take();
  return weigh(state, { kind: 'mapping', tag: collectionTag(tag, 'map'), pairs, start });
}

function takeComma(state: State, context: string, end: ']' | '}', first: Token): void {
  const token = state.scanner.peek();
  if (token.kind !== ',') {
    const problem = `expected ',' or '${end}', but got ${quoteKind(token)}`;
    throw failure(state, 'parser', problem, token.start, context, first.start);
  }
  state.scanner.take();
}

/** The value after a key: `: node`, a bare `:`, or nothing. */
function parseValue(state: State, context: Context, ends: readonly TokenKind[]): Node {
  if (!isNext(state, ':')) return emptyScalar(state.scanner.peek().start);
  return parseOrEmpty(state, context, state.scanner.take().end, ...ends);
}

function parseOrEmpty(state: State, context: Context, emptyAt: number, ...ends: TokenKind[]): Node {
  return isNext(state, ...ends) ? emptyScalar(emptyAt) : parseNode(state, context);
}

/** Refuses texts whose aliases would unfold to more nodes than allowed. */
function weigh<N extends SequenceNode | MappingNode>(state: State, node: N): N {
  const children = node.kind === 'sequence' ? node.items : node.pairs.flat();
  const weight = children.reduce((sum, child) => sum + (state.weights.get(child) ?? 1), 1);
  if (weight > state.limits.nodesMax) {
    throw failure(state, 'composer', `more than ${state.limits.nodesMax} nodes when aliases are resolved`, node.start);
  }
  state.weights.set(node, weight);
  return node;
}

function isNext(state: State, ...kinds: readonly TokenKind[]): boolean {
  return kinds.includes(state.scanner.peek().kind);
}

function quoteKind(token: Token): string {
  return pyRepr(token.kind);
}

function failure(
  state: State,
  stage: YamlStage,
  problem: string,
  at: number,
  context?: string,
  contextAt?: number,
): YamlError {
  return new YamlError(state.source, { stage, problem, at, context, contextAt });
}
