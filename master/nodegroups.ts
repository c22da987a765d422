import { type Format, isMapping, isTextList } from '../shared/config/format.ts';
import { type NodeGroups, parseTarget } from '../shared/target/parse_target.ts';

/** The setting `nodegroups`: what cannot be read as a target is told when the master starts. */
export const nodegroupRules: Format<NodeGroups> = {
  expects: 'a mapping of names to compound targets, to lists of their words, or to lists of ids',
  read(value) {
    if (!isMapping(value)) return undefined;
    const isRight = Object.values(value).every((group) => typeof group === 'string' || isTextList(group));
    return isRight && isReadable(value as NodeGroups) ? (value as NodeGroups) : undefined;
  },
  fromText: (text) => text,
};

function isReadable(nodegroups: NodeGroups): boolean {
  try {
    for (const name of Object.keys(nodegroups)) parseTarget(name, 'nodegroup', { nodegroups });
    return true;
  } catch {
    return false;
  }
}
