import { realpath } from 'node:fs/promises';
import * as v from 'valibot';
import { splitLines } from '../../../shared/data/text_diff.ts';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Text } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { compileRegex, escapeRegex, pythonRegexFlags } from '../../../shared/target/regex.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { findExecutable } from '../find_executable.ts';
import { type CommandResult, runCommand, searchPath } from '../run_command.ts';
import { keepBackup } from './backup_copy.ts';
import { isDirectory } from './facts.ts';
import { FilePath, fileFn } from './file_function.ts';
import { isThere } from './owners.ts';
import { readTextFile, saveEdit } from './text_file.ts';

const Backup = v.optional(v.nullable(v.union([v.literal(false), Text])), '.bak');
/** It would take the slash behind it for its own, and what follows for commands. */
const Part = v.pipe(
  Text,
  v.check((text) => !/^(\\.|[^\\])*\\$/s.test(text), 'must not end in a single backslash'),
);
const limit = v.optional(Part, '');
/** Those that say what matches: others run programs and write files. */
const Flags = v.pipe(Text, v.regex(/^[gIiMm\d]*$/, 'must be of g, I, M and a number'));

/** Functions that give a file to `sed` and `patch`, and their kin. */
export const sedFunctions: Readonly<Record<string, MinionFunction>> = {
  sed: fileFn({
    summary: 'Make a simple edit to a file with the program sed.',
    description: `
Prefer file.replace: it shows what it changes. Slashes are escaped, other special characters with escape_all=True alone. With
negate_match=True the lines count in which limit is not found.`,
    args: {
      path: FilePath,
      before: Part,
      after: Part,
      limit,
      backup: Backup,
      options: v.optional(Text, '-r -e'),
      flags: v.optional(Text, 'g'),
      escape_all: v.optional(Flag, false),
      negate_match: v.optional(Flag, false),
    },
    returns: '``pid``, ``retcode``, ``stdout`` and ``stderr`` of sed; ``False`` when there is no such file.',
    examples: ["salt '*' file.sed /etc/httpd/httpd.conf 'LogLevel warn' 'LogLevel info'"],
    async run(context, args) {
      if (!(await isThere(args.path))) return false;
      const written = (text: string): string => escaped(text, args.escape_all);
      const address = addressOf(written(args.limit), args.negate_match);
      const script = `${address}s/${written(args.before)}/${written(args.after)}/${args.flags}`;
      // Of a link sed would make a file.
      const path = await realpath(args.path);
      if (args.backup === 'minion') await keepBackup(context, path);
      const suffix = args.backup === 'minion' ? '' : args.backup || '';
      const argv = ['sed', `-i${suffix}`, ...splitCommand(args.options), script, '--', path];
      return runCommand(context, argv, { python_shell: false });
    },
  }),
  sed_contains: fileFn({
    summary: 'Return True if the file at path contains text, which is a regular expression of sed.',
    args: { path: FilePath, text: Part, limit, flags: v.optional(Flags, 'g') },
    reads: true,
    examples: ["salt '*' file.sed_contains /etc/crontab 'mymaintenance.sh'"],
    async run(context, { path, text, limit: within, flags }) {
      if (!(await isThere(path))) return false;
      const script = `${addressOf(escaped(within, false), false)}s/${escaped(text, false)}/$/${flags}p`;
      return (
        (await runCommand(context, ['sed', '-n', '-r', '-e', script, '--', path], { python_shell: false })).stdout !==
        ''
      );
    },
  }),
  psed: fileFn({
    summary: 'Make a simple edit to a file, in the manner of sed.',
    description: `
Prefer file.replace. The flags are g, for all occurrences in a line, and those of Python's regular expressions: I, M, S and X.
With multi=True the text is searched as a whole instead of line by line.`,
    args: {
      path: FilePath,
      before: Text,
      after: Text,
      limit,
      backup: Backup,
      flags: v.optional(Text, 'gMS'),
      escape_all: v.optional(Flag, false),
      multi: v.optional(Flag, false),
    },
    examples: ["salt '*' file.psed /etc/httpd/httpd.conf 'LogLevel warn' 'LogLevel info'"],
    run: psed,
  }),
  patch: fileFn({
    summary: 'Apply a patch to a file or directory.',
    description: `
Options of patch are passed in one text. A directory is where the paths in the patch begin; strip their first part by options='-p1'.`,
    args: {
      originalfile: FilePath,
      patchfile: FilePath,
      options: v.optional(Text, ''),
      dry_run: v.optional(Flag, false),
    },
    returns: '``pid``, ``retcode``, ``stdout`` and ``stderr`` of patch.',
    examples: ["salt '*' file.patch /opt/file.txt /tmp/file.txt.patch"],
    run: patch,
  }),
};

function addressOf(limit: string, isNegated: boolean): string {
  return limit === '' ? '' : `/${limit}/${isNegated ? '!' : ''} `;
}

function escaped(text: string, all: boolean): string {
  // A slash that is escaped already is left alone.
  const slashes = text.replaceAll(/\\.|\//gs, (sign) => (sign === '/' ? '\\/' : sign));
  return all ? slashes.replace(/[\^.[$()|*+?{]/g, '\\$&') : slashes;
}

async function psed(
  context: MinionContext,
  args: {
    readonly path: string;
    readonly before: string;
    readonly after: string;
    readonly limit: string;
    readonly backup: string | false | null;
    readonly flags: string;
    readonly escape_all: boolean;
    readonly multi: boolean;
  },
): Promise<null> {
  const bits = flagsOf(args.flags.replaceAll('g', ''));
  const compile = (pattern: string) => compileRegex(pattern, { flags: bits, code: 'ARGS_INVALID' });
  const before = compile(args.escape_all ? escapeRegex(args.before) : args.before);
  const after = args.escape_all ? args.after.replaceAll('\\', '\\\\') : args.after;
  const within = args.limit === '' ? undefined : compile(args.limit);
  const change = (text: string): string => {
    if (within !== undefined && !within.test(text)) return text;
    return before.replace(text, after, args.flags.includes('g') ? 0 : 1).text;
  };
  const file = await readTextFile(args.path);
  const changed = args.multi ? change(file.text) : splitLines(file.text).map(change).join('');
  await saveEdit(context, file, changed, { backup: args.backup ?? false });
  return null;
}

function flagsOf(letters: string): number {
  return [...letters].map((letter) => pythonRegexFlags(letter)).reduce((all, bit) => all | bit, 0);
}

async function patch(
  context: MinionContext,
  args: {
    readonly originalfile: string;
    readonly patchfile: string;
    readonly options: string;
    readonly dry_run: boolean;
  },
): Promise<CommandResult> {
  const { originalfile: target, patchfile } = args;
  if (!(await isThere(target))) throw new FleetError('COMMAND_FAILED', `${target} does not exist`);
  const program = await findExecutable('patch', searchPath(context));
  if (program === undefined) throw commandFailed('patch executable not found', 'install the package patch');
  const options = splitCommand(args.options);
  const has = (letter: string, name: string): boolean =>
    options.some((option) => option.startsWith(letter) || option.startsWith(name));
  const argv = [
    program,
    ...options,
    ...(args.dry_run ? ['--dry-run'] : []),
    // It must not ask, nor leave files behind.
    ...(has('-N', '--forward') ? [] : ['--forward']),
    ...(has('-r', '--reject-file') ? [] : ['--reject-file=-']),
    ...((await isDirectory(target)) ? [`--directory=${target}`, `--input=${patchfile}`] : ['--', target, patchfile]),
  ];
  return runCommand(context, argv, { python_shell: false });
}
