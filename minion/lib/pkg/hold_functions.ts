import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Text } from '../../../shared/plugin/args.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { fn, type MinionContext } from '../../context.ts';
import { words } from '../file_root.ts';
import { fetchedFile } from './fetched_file.ts';
import { requirePart } from './find_provider.ts';
import { holdPackages } from './hold.ts';
import { flag, items, text, yes } from './pkg_arguments.ts';
import { packageName, parseTargets } from './targets.ts';

const Choice = v.picklist(['install', 'hold', 'deinstall', 'purge']);
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
    description:
      'selection maps a choice to names; path is a file of lines as dpkg --get-selections prints them. With clear=True all\n' +
      'packages that are not required are chosen for removal first.',
    args: {
      path: v.optional(Text),
      selection: v.optional(v.record(Choice, v.union([Text, v.array(Text)]))),
      clear: flag,
      saltenv: v.optional(Text, 'base'),
    },
    returns: 'for each package that changed its old and new selection.',
    examples: [
      'salt \'*\' pkg.set_selections selection=\'{"hold": ["tmux", "htop"]}\'',
      "salt '*' pkg.set_selections salt://selections",
    ],
    async run(context, { path, selection, clear, saltenv }) {
      const selections = requirePart(context, 'selections');
      if (path !== undefined && selection !== undefined) {
        throw new FleetError('ARGS_INVALID', 'path and selection cannot be specified together');
      }
      const asked = path === undefined ? selectionPairs(selection ?? {}) : await readSelections(context, path, saltenv);
      if (asked.length === 0) return {};
      const known = await selections.read(context);
      const missing = asked.find(([name]) => !known.has(name))?.[0];
      if (missing !== undefined) throw new FleetError('ARGS_INVALID', `dpkg does not know the package ${missing}`);
      if (clear) await selections.clear(context);
      const before = clear ? await selections.read(context) : known;
      const wanted = new Map(asked.filter(([name, state]) => before.get(name) !== state));
      if (wanted.size > 0) await selections.set(context, wanted);
      return Object.fromEntries([...wanted].map(([name, state]) => [name, { old: before.get(name), new: state }]));
    },
  }),
};

type Pair = readonly [name: string, state: string];

function selectionPairs(selection: Readonly<Record<string, string | readonly string[]>>): Pair[] {
  return Object.entries(selection).flatMap(([state, names]) =>
    [names].flat().map((name) => [packageName(name), state] as const),
  );
}

/** Lines of a name and a choice. Throws ARGS_INVALID with the line that is none. */
async function readSelections(context: MinionContext, path: string, saltenv: string): Promise<Pair[]> {
  const content = await readFile(await fetchedFile(context, path, saltenv), 'utf8');
  return content.split('\n').flatMap((line, index) => {
    const [name, state, ...more] = words(line);
    if (name === undefined) return [];
    if (more.length === 0 && v.is(Choice, state)) return [[packageName(name), state] as const];
    throw new FleetError('ARGS_INVALID', `${path}, line ${index + 1}: '${line}' is not a package and its selection`, {
      hint: 'write it as: tmux hold',
    });
  });
}

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
