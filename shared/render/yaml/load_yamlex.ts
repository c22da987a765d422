import { OrderedDict } from '../values/ordered_dict.ts';
import { PyDict } from '../values/py_dict.ts';
import type { Value } from '../values/py_object.ts';
import { ValueIndex } from '../values/value_index.ts';
import { composeYaml } from './compose.ts';
import { constructYaml } from './construct.ts';
import { type ComposeLimits, loadLimits } from './load_limits.ts';
import { flattenMapping } from './merge_keys.ts';
import { type MappingNode, type Node, TAG_PREFIX } from './node.ts';
import { resolveScalarTag } from './resolve_scalar.ts';
import { YamlError } from './yaml_error.ts';

interface State {
  readonly source: string;
  /** Collections that were marked with `!aggregate`: what comes later under the same key joins them. */
  readonly aggregates: WeakSet<Value & object>;
}

/**
 * The value of a text in Salt's yamlex: YAML in which a key may come again. Its values are merged when both are marked with
 * `!aggregate`, the last one counts otherwise, and `!reset` on a key forgets what came before. The document is an aggregate.
 * @throws YamlError
 */
export function loadYamlex(text: string, limits: Partial<ComposeLimits> = {}): Value {
  const root = composeYaml(text, { ...loadLimits, ...limits });
  if (root === undefined) return null;
  const state: State = { source: text, aggregates: new WeakSet() };
  return constructAggregate(state, root);
}

function constructNode(state: State, node: Node): Value {
  if (node.tag === '!aggregate') return constructAggregate(state, node);
  if (node.tag === '!reset') return constructNode(state, withoutMark(node));
  if (node.kind === 'mapping' && [`${TAG_PREFIX}map`, `${TAG_PREFIX}omap`].includes(node.tag)) {
    return constructMapping(state, node);
  }
  if (node.kind === 'sequence' && node.tag === `${TAG_PREFIX}seq`) {
    return node.items.map((item) => constructNode(state, item));
  }
  return constructYaml(state.source, node, { rules: 'salt', ordered: true });
}

function withoutMark(node: Node): Node {
  if (node.kind === 'scalar') return { ...node, tag: resolveScalarTag(node.text) };
  return { ...node, tag: TAG_PREFIX + (node.kind === 'sequence' ? 'seq' : 'map') };
}

function constructAggregate(state: State, node: Node): Value {
  const value = constructNode(state, withoutMark(node));
  const aggregate = value instanceof PyDict || Array.isArray(value) ? value : value === null ? [] : [value];
  state.aggregates.add(aggregate);
  return aggregate;
}

function constructMapping(state: State, node: MappingNode): PyDict {
  flattenMapping(node, false, ({ problem, at, mapping }) => {
    const context = 'while constructing a mapping';
    throw new YamlError(state.source, { stage: 'constructor', problem, at, context, contextAt: mapping.start });
  });
  const dict = new OrderedDict();
  for (const [keyNode, valueNode] of node.pairs) {
    const isMarked = keyNode.tag === '!aggregate';
    const key = constructKey(state, isMarked ? withoutMark(keyNode) : keyNode);
    const value = isMarked ? constructAggregate(state, valueNode) : constructNode(state, valueNode);
    const before = keyNode.tag === '!reset' ? undefined : dict.get(key);
    dict.set(key, before === undefined ? value : merge(state, before, value));
  }
  return dict;
}

function constructKey(state: State, node: Node): Value {
  const key = constructNode(state, node);
  if (!Array.isArray(key) && !(key instanceof PyDict)) return key;
  throw new YamlError(state.source, { stage: 'constructor', problem: 'found unacceptable key', at: node.start });
}

function merge(state: State, before: Value, after: Value): Value {
  if (before instanceof PyDict && after instanceof PyDict) {
    const bothMarked = state.aggregates.has(before) && state.aggregates.has(after);
    const merged = bothMarked ? before.copy() : after.copy();
    for (const [key, value] of after.entries()) {
      const earlier = before.get(key);
      merged.set(key, earlier === undefined ? value : merge(state, earlier, value));
    }
    if (bothMarked || state.aggregates.has(after)) state.aggregates.add(merged);
    return merged;
  }
  if (!Array.isArray(before) || !Array.isArray(after)) return after;
  if (!state.aggregates.has(before) || !state.aggregates.has(after)) return after;
  const known = new ValueIndex(before);
  const merged = [...before, ...after.filter((item) => !known.has(item))];
  state.aggregates.add(merged);
  return merged;
}
