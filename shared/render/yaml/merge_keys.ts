import { type MappingNode, type Node, TAG_PREFIX } from './node.ts';

/** What a merge key refuses to merge. */
export interface MergeRefusal {
  readonly problem: string;
  readonly at: number;
  /** The mapping that has the merge key. */
  readonly mapping: MappingNode;
}

type Refuse = (refusal: MergeRefusal) => never;

/**
 * Puts the pairs of `<<` in front of the mapping's own, in place. With `ownWins`, as Salt does, pairs whose key the mapping
 * has itself are left out; else they stay, to be overridden.
 */
export function flattenMapping(node: MappingNode, ownWins: boolean, refuse: Refuse): void {
  const merged: MappingNode['pairs'] = [];
  const own: MappingNode['pairs'] = [];
  for (const pair of node.pairs) {
    const [key, value] = pair;
    if (key.tag === `${TAG_PREFIX}merge`) {
      for (const mergedPair of mergedPairs(node, value, ownWins, refuse)) merged.push(mergedPair);
      continue;
    }
    if (key.tag === `${TAG_PREFIX}value`) key.tag = `${TAG_PREFIX}str`;
    own.push(pair);
  }
  if (merged.length === 0) {
    node.pairs = own;
    return;
  }
  const names = new Set(own.map(([key]) => nameOf(key)));
  const kept = ownWins ? merged.filter(([key]) => !names.has(nameOf(key))) : merged;
  node.pairs = [...kept, ...own];
}

function mergedPairs(mapping: MappingNode, value: Node, ownWins: boolean, refuse: Refuse): MappingNode['pairs'] {
  if (value.kind === 'mapping') {
    flattenMapping(value, ownWins, refuse);
    return value.pairs;
  }
  if (value.kind === 'scalar') {
    const problem = 'expected a mapping or list of mappings for merging, but found scalar';
    return refuse({ problem, at: value.start, mapping });
  }
  const lists = value.items.map((item) => {
    if (item.kind !== 'mapping') {
      const problem = `expected a mapping for merging, but found ${item.kind}`;
      return refuse({ problem, at: item.start, mapping });
    }
    flattenMapping(item, ownWins, refuse);
    return item.pairs;
  });
  return lists.reverse().flat();
}

/** What two keys have in common when Salt takes them for the same: the text of a scalar, else the very node. */
function nameOf(key: Node): string | Node {
  return key.kind === 'scalar' ? key.text : key;
}
