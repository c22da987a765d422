import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text, TextList } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { linesOf } from '../text_lines.ts';
import { askGit, type GitOptions, plainArgs, Ref } from './run_git.ts';

const placeArgs = { cwd: v.optional(AbsolutePath), ...plainArgs };
const globalArg = { global: v.optional(Flag, false) };
const off = v.optional(Flag, false);
/** A regular expression; git takes a leading `!` for its opposite. */
const ValueRegex = v.optional(Text);

interface Place extends GitOptions {
  readonly cwd?: string | undefined;
  readonly global: boolean;
}

/** The settings of git: of one repository, or those of the user with global=True. */
export const settingFunctions = {
  config_get: fn({
    summary: 'Return a setting of git.',
    args: { key: Ref, ...placeArgs, ...globalArg, all: off, default: v.optional(Text) },
    description: 'all=True returns a list of all values of a setting that has several.',
    returns: 'the default, or ``None``, when it is not set.',
    examples: ["salt '*' git.config_get user.name cwd=/path/to/repo", "salt '*' git.config_get user.email global=True"],
    reads: true,
    async run(context, { key, all, default: fallback, ...place }) {
      const { retcode, stdout } = await config(context, place, [all ? '--get-all' : '--get', key], [0, 1]);
      if (retcode === 1) return fallback ?? null;
      return all ? linesOf(stdout) : stdout;
    },
  }),
  config_get_regexp: fn({
    summary: 'Return the settings of git whose names match a regular expression.',
    args: { key: Text, value_regex: ValueRegex, ...placeArgs, ...globalArg },
    description: 'With value_regex, only values that match that one.',
    returns: 'lists of values by name.',
    examples: [
      "salt '*' git.config_get_regexp '^user\\..+' global=True",
      "salt '*' git.config_get_regexp 'foo.bar' value_regex='baz' cwd=/path/to/repo",
    ],
    reads: true,
    async run(context, { key, value_regex, ...place }) {
      const words = ['-z', '--get-regexp', '--', key, ...(value_regex === undefined ? [] : [value_regex])];
      const { stdout } = await config(context, place, words, [0, 1]);
      return settingsByName(stdout);
    },
  }),
  config_set: fn({
    summary: 'Set a setting of git.',
    args: {
      ...{ key: Ref, value: v.optional(Text), multivar: v.optional(TextList) },
      ...{ ...placeArgs, ...globalArg, add: off },
    },
    description: 'multivar is a list of values in place of one; add=True leaves the values that are there.',
    returns: 'a list of the values that it has then.',
    examples: [
      "salt '*' git.config_set user.email me@example.com cwd=/path/to/repo",
      "salt '*' git.config_set foo.bar multivar='[one, two]' cwd=/path/to/repo",
    ],
    async run(context, { key, value, multivar, add, ...place }) {
      const [first, ...more] = valuesToSet(value, multivar);
      await config(context, place, [add ? '--add' : '--replace-all', key, first]);
      for (const another of more) await config(context, place, ['--add', key, another]);
      return linesOf((await config(context, place, ['--get-all', key])).stdout);
    },
  }),
  config_unset: fn({
    summary: 'Take a setting of git away.',
    args: { key: Ref, value_regex: ValueRegex, ...placeArgs, ...globalArg, all: off },
    description: 'Of several values only those that match value_regex; it has to be one, unless all=True is given.',
    returns: '``True``.',
    examples: [
      "salt '*' git.config_unset foo.bar cwd=/path/to/repo",
      "salt '*' git.config_unset foo.bar cwd=/path/to/repo all=True",
    ],
    async run(context, { key, value_regex, all, ...place }) {
      const words = [key, ...(value_regex === undefined ? [] : [value_regex])];
      const { retcode } = await config(context, place, [all ? '--unset-all' : '--unset', ...words], [0, 5]);
      if (retcode === 0) return true;
      const { stdout } = await config(context, place, ['--get-all', ...words], [0, 1]);
      if (stdout === '') throw commandFailed(`${key} has no such value that could be taken away`);
      throw commandFailed(`${key} has several values`, 'all=True takes all of them away, value_regex chooses one');
    },
  }),
};

function config(
  context: MinionContext,
  { cwd, global, ...options }: Place,
  words: readonly string[],
  answers: readonly number[] = [0],
) {
  return askGit(context, cwd, ['config', ...(global ? ['--global'] : []), ...words], options, answers);
}

function valuesToSet(value: string | undefined, multivar: readonly string[] | undefined): [string, ...string[]] {
  if (value !== undefined && multivar !== undefined) {
    throw new FleetError('ARGS_INVALID', 'only one of value and multivar can be given');
  }
  const [first, ...more] = value === undefined ? (multivar ?? []) : [value];
  if (first === undefined) throw new FleetError('ARGS_INVALID', 'value or multivar: there is nothing to set');
  return [first, ...more];
}

/** Reads names and values of `git config -z`: a line end between them, NUL behind. */
function settingsByName(text: string): Record<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of text.split('\0').filter((part) => part !== '')) {
    const end = entry.indexOf('\n');
    const [name, value] = end < 0 ? [entry, ''] : [entry.slice(0, end), entry.slice(end + 1)];
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return Object.fromEntries(found);
}
