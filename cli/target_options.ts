import type { Command } from 'commander';
import { FleetError } from '../shared/errors.ts';
import { howManyPattern } from '../shared/how_many.ts';
import type { TargetType } from '../shared/protocol/fields.ts';
import type { JobRequest } from '../shared/protocol/messages/operator.ts';

export interface TargetOptions {
  readonly pcre?: boolean;
  readonly list?: boolean;
  readonly grain?: boolean;
  readonly grainPcre?: boolean;
  readonly pillar?: boolean;
  readonly pillarPcre?: boolean;
  readonly ipcidr?: boolean;
  readonly nodegroup?: boolean;
  readonly compound?: boolean;
  readonly delimiter?: string;
  readonly exclude?: string;
  readonly limit?: string;
  readonly seed?: string;
}

/** Each with its letter, as Salt has them. */
const TYPES = [
  ['pcre', 'pcre', '-E, --pcre', 'the target is a regular expression'],
  ['list', 'list', '-L, --list', 'the target is a list of minion ids, separated by commas'],
  ['grain', 'grain', '-G, --grain', 'the target is a grain and a glob: os:Debian'],
  ['grainPcre', 'grain_pcre', '-P, --grain-pcre', 'the target is a grain and a regular expression'],
  ['pillar', 'pillar', '-I, --pillar', 'the same of the pillar, which there is not yet'],
  ['pillarPcre', 'pillar_pcre', '-J, --pillar-pcre', 'the same of the pillar, which there is not yet'],
  ['ipcidr', 'ipcidr', '-S, --ipcidr', 'the target is an address or a network: 10.0.0.0/8'],
  ['nodegroup', 'nodegroup', '-N, --nodegroup', 'the target is a node group of the master'],
  ['compound', 'compound', '-C, --compound', 'the target is made of words: G@os:Debian and not web*'],
] as const satisfies readonly (readonly [keyof TargetOptions, TargetType, string, string])[];

export function addTargetOptions(command: Command): Command {
  for (const [, , flags, description] of TYPES) command.option(flags, description);
  return command
    .option('--delimiter <character>', 'between the name of a grain and its value, instead of a colon')
    .option('--exclude <compound>', 'leave out the minions of this target')
    .option('--limit <count>', 'only so many of the minions that match: 10 or 10%')
    .option('--seed <text>', 'with --limit: choose the same each time');
}

/** What of a request says whom it is for. */
export type TargetRequest = Pick<JobRequest, 'tgt' | 'tgt_type' | 'delimiter' | 'exclude' | 'limit' | 'seed'>;

/** Throws USAGE. */
export function targetRequest(options: TargetOptions, target: string): TargetRequest {
  const chosen = TYPES.filter(([name]) => options[name] === true);
  const [first, second] = chosen;
  if (first !== undefined && second !== undefined) {
    const flags = [first, second].map(([, , text]) => text.slice(0, 2));
    throw new FleetError('USAGE', `${flags.join(' and ')} exclude each other`, { hint: 'choose one kind of target' });
  }
  const { delimiter, exclude, limit, seed } = options;
  if (delimiter !== undefined && !/^[^\s@]$/u.test(delimiter)) {
    throw new FleetError('USAGE', `--delimiter '${delimiter}' is not one character`, { hint: 'such as |' });
  }
  if (limit !== undefined && !howManyPattern.test(limit)) {
    throw new FleetError('USAGE', `--limit ${limit} is not a number of minions`, { hint: 'write 10 or 25%' });
  }
  const type = first?.[1] ?? 'glob';
  return {
    tgt: type === 'list' ? target.split(',').map((id) => id.trim()) : target,
    tgt_type: type,
    ...(delimiter !== undefined && { delimiter }),
    ...(exclude !== undefined && { exclude }),
    ...(limit !== undefined && { limit }),
    ...(seed !== undefined && { seed }),
  };
}
