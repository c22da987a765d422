import { type Format, isMapping, isTextList } from '../shared/config/format.ts';
import { FleetError } from '../shared/errors.ts';
import { type NodeGroups, parseTarget } from '../shared/target/parse_target.ts';

/** The setting `nodegroups`: what cannot be read as a target is told when the master starts. */
export const nodegroupRules: Format<NodeGroups> = {
  expects: 'a mapping of names to compound targets, to lists of their words, or to lists of ids',
  read: (value) => (areGroups(value) && unreadable(value) === undefined ? value : undefined),
  fault: (value) => (areGroups(value) ? unreadable(value) : undefined),
  fromText: (text) => text,
};

function areGroups(value: unknown): value is NodeGroups {
  return isMapping(value) && Object.values(value).every((group) => typeof group === 'string' || isTextList(group));
}

/** Why a group cannot be read, the first of them by its name. */
function unreadable(nodegroups: NodeGroups): string | undefined {
  for (const name of Object.keys(nodegroups)) {
    try {
      parseTarget(name, 'nodegroup', { nodegroups });
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      // Without the picture of the column: problems of a configuration are a line each.
      return error.message.split('\n')[0];
    }
  }
  return undefined;
}
