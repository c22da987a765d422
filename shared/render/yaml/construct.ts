import { OrderedDict } from '../values/ordered_dict.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pyRepr, pyStr } from '../values/text.ts';
import { ScalarError, scalarConstructors, withoutLeadingZeros } from './construct_scalar.ts';
import { flattenMapping } from './merge_keys.ts';
import { type MappingNode, type Node, type SequenceNode, TAG_PREFIX } from './node.ts';
import { YamlError } from './yaml_error.ts';

export interface ConstructOptions {
  /** PyYAML's SafeLoader, or Salt's loader on top of it: no octals, duplicate keys are errors, a mapping's own keys win over merged ones. */
  readonly rules: 'salt' | 'plain';
  /** Mappings become OrderedDicts. */
  readonly ordered: boolean;
}

interface State extends ConstructOptions {
  readonly source: string;
  /** One value a node, so that aliases are the same object. */
  readonly values: Map<Node, Value>;
  /** Collections are filled after those that hold them, level by level, which decides the error that is met first. */
  waiting: (() => void)[];
}

/**
 * The value of a tree of nodes.
 * @throws YamlError
 */
export function constructYaml(source: string, root: Node, options: ConstructOptions): Value {
  const state: State = { ...options, source, values: new Map(), waiting: [] };
  const value = construct(state, root);
  while (state.waiting.length > 0) {
    const fillers = state.waiting;
    state.waiting = [];
    for (const fill of fillers) fill();
  }
  return value;
}

function construct(state: State, node: Node): Value {
  const known = state.values.get(node);
  if (known !== undefined) return known;
  const value = constructTagged(state, node);
  state.values.set(node, value);
  return value;
}

function constructTagged(state: State, node: Node): Value {
  const name = node.tag.startsWith(TAG_PREFIX) ? node.tag.slice(TAG_PREFIX.length) : undefined;
  if (name === 'seq') return later<Value[]>(state, [], (list) => append(list, sequenceItems(state, node)));
  if (name === 'map') return constructMapping(state, node);
  if (name === 'set') return later(state, new PySet(), (set) => fillSet(state, node, set));
  if (name === 'omap' && state.ordered) return constructMapping(state, node);
  if (name === 'omap')
    return later<Value[]>(state, [], (list) => append(list, singlePairs(state, node, 'an ordered map')));
  if (name === 'pairs') return later<Value[]>(state, [], (list) => append(list, singlePairs(state, node, 'pairs')));
  if (name === 'python/unicode' && state.rules === 'salt') return scalarText(state, node);
  if (name === undefined || !Object.hasOwn(scalarConstructors, name)) {
    return fail(state, node, `could not determine a constructor for the tag ${pyRepr(node.tag)}`);
  }
  return constructScalar(state, node, name);
}

function later<V extends Value>(state: State, value: V, fill: (value: V) => void): V {
  state.waiting.push(() => fill(value));
  return value;
}

// `push(...items)` puts every item on the stack, which a long list does not fit on.
function append(list: Value[], items: readonly Value[]): void {
  for (const item of items) list.push(item);
}

function constructScalar(state: State, node: Node, name: string): Value {
  const text = scalarText(state, node);
  const read = scalarConstructors[name] as (text: string) => Value;
  try {
    return read(name === 'int' && state.rules === 'salt' ? withoutLeadingZeros(text) : text);
  } catch (error) {
    if (!(error instanceof ScalarError)) throw error;
    return fail(state, node, error.message);
  }
}

function scalarText(state: State, node: Node): string {
  if (node.kind === 'scalar') return node.text;
  // `{=: text}`: YAML 1.1's default value of a mapping.
  const value = node.kind === 'mapping' ? node.pairs.find(([key]) => key.tag === `${TAG_PREFIX}value`)?.[1] : undefined;
  return value === undefined
    ? fail(state, node, `expected a scalar node, but found ${node.kind}`)
    : scalarText(state, value);
}

function sequenceItems(state: State, node: Node): Value[] {
  if (node.kind !== 'sequence') return fail(state, node, `expected a sequence node, but found ${node.kind}`);
  return node.items.map((item) => construct(state, item));
}

function constructMapping(state: State, node: Node): PyDict {
  return later(state, state.ordered ? new OrderedDict() : new PyDict(), (dict) => {
    for (const [key, value] of mappingEntries(state, node)) dict.set(key, value);
  });
}

function fillSet(state: State, node: Node, set: PySet): void {
  for (const [key] of mappingEntries(state, node)) set.add(key);
}

/** Keys with their values, in order; a key that cannot be one is an error when its turn comes. */
function* mappingEntries(state: State, node: Node): Iterable<[key: Value, value: Value]> {
  const starts = new PyDict();
  for (const [keyNode, valueNode] of asMapping(state, node).pairs) {
    const key = construct(state, keyNode);
    if (!isHashable(key)) {
      const problem =
        state.rules === 'salt' ? `found unacceptable key ${nodeValueRepr(keyNode)}` : 'found unhashable key';
      failIn(state, node, problem, keyNode);
    }
    const value = construct(state, valueNode);
    const first = starts.get(key);
    if (state.rules === 'salt' && first !== undefined) {
      failIn(state, node, `found conflicting ID '${pyStr(key)}'`, keyNode, Number(first));
    }
    starts.set(key, keyNode.start);
    yield [key, value];
  }
}

function asMapping(state: State, node: Node): MappingNode {
  if (node.kind !== 'mapping') return fail(state, node, `expected a mapping node, but found ${node.kind}`);
  flattenMapping(node, state.rules === 'salt', ({ problem, at, mapping }) => {
    const context = 'while constructing a mapping';
    throw new YamlError(state.source, { stage: 'constructor', problem, at, context, contextAt: mapping.start });
  });
  return node;
}

function isHashable(key: Value): boolean {
  try {
    new PyDict([[key, null]]);
    return true;
  } catch (error) {
    if (error instanceof PyError) return false;
    throw error;
  }
}

/** The tuples of `!!omap` and `!!pairs`: a sequence of mappings with one pair each. */
function singlePairs(state: State, node: Node, what: string): Value[] {
  const refuse = (problem: string, at: Node): never => {
    const context = `while constructing ${what}`;
    throw new YamlError(state.source, {
      stage: 'constructor',
      problem,
      at: at.start,
      context,
      contextAt: node.start,
    });
  };
  if (node.kind !== 'sequence') return refuse(`expected a sequence, but found ${node.kind}`, node);
  return node.items.map((item) => {
    if (item.kind !== 'mapping') return refuse(`expected a mapping of length 1, but found ${item.kind}`, item);
    const [pair] = item.pairs;
    if (pair === undefined || item.pairs.length > 1) {
      return refuse(`expected a single mapping item, but found ${item.pairs.length} items`, item);
    }
    return new PyTuple(pair.map((part) => construct(state, part)));
  });
}

/** Characters of a key that a message shows; aliases can make it endless. */
const KEY_SHOWN_MAX = 2000;

/** The inside of a node as Python prints it in Salt's message about an unhashable key. */
function nodeValueRepr(node: Node): string {
  if (node.kind === 'scalar') return node.text;
  let text = '';
  for (const part of valueParts(node)) {
    text += part;
    if (text.length > KEY_SHOWN_MAX) return `${text.slice(0, KEY_SHOWN_MAX)}...`;
  }
  return text;
}

function* valueParts(node: SequenceNode | MappingNode): Iterable<string> {
  yield '[';
  for (const [index, part] of (node.kind === 'sequence' ? node.items : node.pairs).entries()) {
    if (index > 0) yield ', ';
    if (!Array.isArray(part)) {
      yield* nodeParts(part);
      continue;
    }
    yield '(';
    yield* nodeParts(part[0]);
    yield ', ';
    yield* nodeParts(part[1]);
    yield ')';
  }
  yield ']';
}

const nodeNames: Readonly<Record<Node['kind'], string>> = {
  scalar: 'ScalarNode',
  sequence: 'SequenceNode',
  mapping: 'MappingNode',
};

function* nodeParts(node: Node): Iterable<string> {
  yield `${nodeNames[node.kind]}(tag=${pyRepr(node.tag)}, value=`;
  if (node.kind === 'scalar') yield pyRepr(node.text);
  else yield* valueParts(node);
  yield ')';
}

function fail(state: State, node: Node, problem: string): never {
  throw new YamlError(state.source, { stage: 'constructor', problem, at: node.start });
}

function failIn(state: State, mapping: Node, problem: string, key: Node, relatedAt?: number): never {
  throw new YamlError(state.source, {
    stage: 'constructor',
    problem,
    at: key.start,
    context: 'while constructing a mapping',
    contextAt: mapping.start,
    relatedAt,
  });
}
