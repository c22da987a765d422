import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Text } from '../../../shared/plugin/args.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { fn, type MinionContext } from '../../context.ts';
import { requirePart } from './find_provider.ts';
import { holdPackages } from './hold.ts';
import { items, text, yes } from './pkg_arguments.ts';
import { packageName, parseTargets } from './targets.ts';

const holdArgs = { name: text, pkgs: items, sources: items };

/** Packages that are kept at their version, and dpkg's choices. */
export const holdFunctions = {
  hold: fn({
    summary: 'Keep packages at their version: they will not be upgraded.',
    args: holdArgs,
    examples: ["salt '*' pkg.hold tmux", "salt '*' pkg.hold pkgs='[tmux, htop]'"],
    run: (context, args) => hold(context, args, true),
  }),
  unhold: fn({
    summary: 'Let packages be upgraded again.',
    args: holdArgs,
    examples: ["salt '*' pkg.unhold tmux", "salt '*' pkg.unhold pkgs='[tmux, htop]'"],
    run: (context, args) => hold(context, args, false),
  }),
  list_holds: fn({
    summary: 'Return the packages that are kept at their version.',
    description: 'pattern is a glob of names. With full=False versions are left out.',
    args: { pattern: text, full: yes },
    examples: ["salt '*' pkg.list_holds", "salt '*' pkg.list_holds full=False"],
    reads: true,
    async run(context, { pattern = '*', full: isFull }) {
      const held = await requirePart(context, 'holds').listHeld(context);
      const matches = globMatcher(pattern);
      return held.filter(({ name }) => matches(name)).map(({ name, full }) => (isFull ? full : name));
    },
  }),
  get_selections: fn({
    summary: 'Return the packages by what is chosen for them: install, hold, deinstall or purge.',
    args: { pattern: v.optional(Text, '*'), state: text },
    examples: ["salt '*' pkg.get_selections", "salt '*' pkg.get_selections 'openssh*' state=hold"],
    reads: true,
    async run(context, { pattern, state }) {
      const matches = globMatcher(pattern);
      const selections: Record<string, string[]> = {};
      for (const [name, selection] of await requirePart(context, 'selections').read(context)) {
        if (matches(name)) selections[selection] = [...(selections[selection] ?? []), name];
      }
      return state === undefined ? selections : { [state]: selections[state] ?? [] };
    },
  }),
  set_selections: fn({
    summary: 'Choose for packages: install, hold, deinstall or purge.',
    args: {
      selection: v.record(v.picklist(['install', 'hold', 'deinstall', 'purge']), v.union([Text, v.array(Text)])),
    },
    returns: 'for each package that changed its old and new selection.',
    examples: ['salt \'*\' pkg.set_selections selection=\'{"hold": ["tmux", "htop"]}\''],
    async run(context, { selection }) {
      const selections = requirePart(context, 'selections');
      const before = await selections.read(context);
      const wanted = new Map<string, string>();
      for (const [state, names] of Object.entries(selection)) {
        for (const name of [names ?? []].flat().map(packageName)) {
          if (!before.has(name)) throw new FleetError('ARGS_INVALID', `dpkg does not know the package ${name}`);
          if (before.get(name) !== state) wanted.set(name, state);
        }
      }
      if (wanted.size > 0) await selections.set(context, wanted);
      return Object.fromEntries([...wanted].map(([name, state]) => [name, { old: before.get(name), new: state }]));
    },
  }),
};

interface HoldArgs {
  readonly name?: string | undefined;
  readonly pkgs: readonly unknown[];
  readonly sources: readonly unknown[];
}

function hold(context: MinionContext, { name, pkgs, sources }: HoldArgs, keep: boolean) {
  if (pkgs.length > 0 && sources.length > 0) {
    throw new FleetError('ARGS_INVALID', 'only one of pkgs or sources can be specified');
  }
  const targets = parseTargets(name, undefined, [...pkgs, ...sources]);
  const names = targets.map((target) => target.name);
  return holdPackages(context, requirePart(context, 'holds'), names, keep);
}
