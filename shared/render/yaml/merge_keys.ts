import { type MappingNode, type Node, TAG_PREFIX } from './node.ts';

/** What a merge key refuses to merge. */
export interface MergeRefusal {
  readonly problem: string;
  readonly at: number;
}

/**
 * Puts the pairs of `<<` in front of the mapping's own, in place. With `ownWins`, as Salt does, pairs whose key the mapping
 * has itself are left out; else they stay, to be overridden.
 */
export function flattenMapping(node: MappingNode, ownWins: boolean, refuse: (refusal: MergeRefusal) => never): void {
  const merged: MappingNode['pairs'] = [];
  const own: MappingNode['pairs'] = [];
  for (const pair of node.pairs) {
    const [key, value] = pair;
    if (key.tag === `${TAG_PREFIX}merge`) {
      merged.push(...mergedPairs(value, ownWins, refuse));
      continue;
    }
    if (key.tag === `${TAG_PREFIX}value`) key.tag = `${TAG_PREFIX}str`;
    own.push(pair);
  }
  const kept = ownWins ? merged.filter(([key]) => !own.some(([other]) => sameKey(key, other))) : merged;
  node.pairs = [...kept, ...own];
}

function mergedPairs(value: Node, ownWins: boolean, refuse: (refusal: MergeRefusal) => never): MappingNode['pairs'] {
  if (value.kind === 'mapping') {
    flattenMapping(value, ownWins, refuse);
    return value.pairs;
  }
  if (value.kind === 'scalar') {
    const problem = 'expected a mapping or list of mappings for merging, but found scalar';
    return refuse({ problem, at: value.start });
  }
  const lists = value.items.map((item) => {
    if (item.kind !== 'mapping') {
      return refuse({ problem: `expected a mapping for merging, but found ${item.kind}`, at: item.start });
    }
    flattenMapping(item, ownWins, refuse);
    return item.pairs;
  });
  return lists.reverse().flat();
}

function sameKey(left: Node, right: Node): boolean {
  return left === right || (left.kind === 'scalar' && right.kind === 'scalar' && left.text === right.text);
}
