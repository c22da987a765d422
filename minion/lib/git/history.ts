import { basename } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text, TextList } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { fn } from '../../context.ts';
import { linesOf } from '../text_lines.ts';
import { askGit, gitArgs, optionArgs, plainArgs, Ref, runGit } from './run_git.ts';

const cwdArg = { cwd: AbsolutePath };

/** What a repository holds: commits, branches, tags. */
export const historyFunctions = {
  symbolic_ref: fn({
    summary: 'Return the branch that a symbolic name stands for, or change it.',
    args: { ...cwdArg, ref: Ref, value: v.optional(Ref), ...gitArgs },
    description: 'opts=--delete takes the name away.',
    examples: [
      "salt '*' git.symbolic_ref /path/to/repo HEAD",
      "salt '*' git.symbolic_ref /path/to/repo FOO value=refs/heads/foo",
      "salt '*' git.symbolic_ref /path/to/repo FOO opts=--delete",
    ],
    async run(context, { cwd, ref, value, ...args }) {
      const opts = splitCommand(args.opts);
      if (value !== undefined && opts.some((word) => word === '-d' || word === '--delete')) {
        throw new FleetError('ARGS_INVALID', 'value: cannot be given together with opts=--delete');
      }
      return runGit(context, cwd, ['symbolic-ref', ...opts, ref, ...(value === undefined ? [] : [value])], args);
    },
  }),
  archive: fn({
    summary: 'Write the files of a commit into an archive.',
    args: {
      ...{ ...cwdArg, output: AbsolutePath, rev: v.optional(Ref, 'HEAD'), prefix: v.optional(Text) },
      ...{ git_opts: gitArgs.git_opts, ...plainArgs, format: v.optional(Ref) },
    },
    description:
      'prefix stands in front of the name of every file; without it, that is the name of the folder cwd and a slash. format is\n' +
      'tar, tar.gz or zip; without it, the name of the archive tells.',
    returns: '``True``.',
    examples: [
      "salt '*' git.archive /path/to/repo /path/to/archive.tar",
      "salt '*' git.archive /path/to/repo /path/to/archive.zip rev=v1.0 prefix=''",
    ],
    async run(context, { cwd, output, rev, prefix = `${basename(cwd)}/`, format, ...args }) {
      const words = [
        `--prefix=${prefix}`,
        ...(format === undefined ? [] : [`--format=${format}`]),
        `--output=${output}`,
      ];
      await runGit(context, cwd, ['archive', ...words, rev], args);
      return true;
    },
  }),
  current_branch: fn({
    summary: 'Return the branch that is checked out.',
    args: { ...cwdArg, ...plainArgs },
    returns: '`HEAD` when none is.',
    examples: ["salt '*' git.current_branch /path/to/repo"],
    reads: true,
    async run(context, { cwd, ...args }) {
      // Before the first commit there is nothing that rev-parse could name.
      const named = await runGit(context, cwd, ['symbolic-ref', '--short', '-q', 'HEAD'], args).catch(() => '');
      return named === '' ? runGit(context, cwd, ['rev-parse', '--abbrev-ref', 'HEAD'], args) : named;
    },
  }),
  revision: fn({
    summary: 'Return the id of a commit.',
    args: { ...cwdArg, rev: v.optional(Ref, 'HEAD'), short: v.optional(Flag, false), ...plainArgs },
    examples: ["salt '*' git.revision /path/to/repo", "salt '*' git.revision /path/to/repo mybranch short=True"],
    reads: true,
    run: (context, { cwd, rev, short, ...args }) =>
      runGit(context, cwd, ['rev-parse', ...(short ? ['--short'] : []), '--verify', rev], args),
  }),
  rev_parse: fn({
    summary: 'Return what `git rev-parse` prints.',
    args: { ...cwdArg, rev: v.optional(Ref), ...gitArgs },
    examples: [
      "salt '*' git.rev_parse /path/to/repo HEAD",
      "salt '*' git.rev_parse /path/to/repo opts='--is-inside-work-tree'",
    ],
    reads: true,
    run: (context, { cwd, rev, ...args }) =>
      runGit(context, cwd, ['rev-parse', ...splitCommand(args.opts), ...(rev === undefined ? [] : [rev])], args),
  }),
  describe: fn({
    summary: 'Return the tag that a commit has, or the nearest one before it.',
    args: { ...cwdArg, rev: v.optional(Ref, 'HEAD'), ...plainArgs },
    examples: ["salt '*' git.describe /path/to/repo", "salt '*' git.describe /path/to/repo develop"],
    reads: true,
    run: (context, { cwd, rev, ...args }) => runGit(context, cwd, ['describe', rev], args),
  }),
  status: fn({
    summary: 'Return the files that differ from the last commit.',
    args: { ...cwdArg, ...plainArgs },
    returns: 'by kind, which is `new`, `modified`, `deleted` or `untracked`, the files.',
    examples: ["salt '*' git.status /path/to/repo"],
    reads: true,
    async run(context, { cwd, ...args }) {
      const kinds: Readonly<Record<string, string>> = { M: 'modified', A: 'new', D: 'deleted', '??': 'untracked' };
      const found: Record<string, string[]> = {};
      const text = await runGit(context, cwd, ['status', '-z', '--porcelain'], args);
      for (const entry of text.split('\0')) {
        const [, state = '', name = ''] = /^(..) (.*)$/s.exec(entry) ?? [];
        const kind = kinds[state.trim()] ?? kinds[state.trim().charAt(0)];
        if (kind !== undefined) found[kind] = [...(found[kind] ?? []), name];
      }
      return found;
    },
  }),
  diff: fn({
    summary: 'Return what differs between commits, or from the last one.',
    args: {
      ...{
        ...cwdArg,
        item1: v.optional(Ref),
        item2: v.optional(Ref),
        ...optionArgs,
        user: plainArgs.user,
        password: plainArgs.password,
      },
      ...{ no_index: v.optional(Flag, false), cached: v.optional(Flag, false), paths: v.optional(TextList, []) },
      output_encoding: gitArgs.output_encoding,
    },
    description:
      'paths are the files and folders to look at; cached=True looks at what was added; no_index=True compares the two paths\n' +
      'with each other.',
    examples: [
      "salt '*' git.diff /path/to/repo",
      "salt '*' git.diff /path/to/repo HEAD~1",
      "salt '*' git.diff /path/to/repo no_index=True paths='[one, two]'",
    ],
    reads: true,
    async run(context, { cwd, item1, item2, no_index, cached, paths, ...args }) {
      checkDiff(no_index, cached, paths);
      const words = [
        ...(no_index ? ['--no-index'] : []),
        ...(cached ? ['--cached'] : []),
        ...splitCommand(args.opts),
        ...[item1, item2].filter((item) => item !== undefined),
        ...(paths.length === 0 ? [] : ['--', ...paths]),
      ];
      return (await askGit(context, cwd, ['diff', ...words], args, no_index ? [0, 1] : [0])).stdout;
    },
  }),
  list_branches: fn({
    summary: 'Return the branches, or those of the remotes.',
    args: { ...cwdArg, remote: v.optional(Flag, false), ...plainArgs },
    examples: ["salt '*' git.list_branches /path/to/repo", "salt '*' git.list_branches /path/to/repo remote=True"],
    reads: true,
    run: async (context, { cwd, remote, ...args }) =>
      linesOf(
        await runGit(
          context,
          cwd,
          ['for-each-ref', '--format=%(refname:short)', `refs/${remote ? 'remotes' : 'heads'}/`],
          args,
        ),
      ),
  }),
  list_tags: fn({
    summary: 'Return the tags.',
    args: { ...cwdArg, ...plainArgs },
    examples: ["salt '*' git.list_tags /path/to/repo"],
    reads: true,
    run: async (context, { cwd, ...args }) =>
      linesOf(await runGit(context, cwd, ['for-each-ref', '--format=%(refname:short)', 'refs/tags/'], args)),
  }),
  branch: fn({
    summary: 'Make, change or delete a branch.',
    args: { ...cwdArg, name: v.optional(Ref), ...gitArgs },
    returns: '``True``.',
    examples: ["salt '*' git.branch /path/to/repo mybranch", "salt '*' git.branch /path/to/repo mybranch opts='-d'"],
    async run(context, { cwd, name, ...args }) {
      await runGit(context, cwd, ['branch', ...splitCommand(args.opts), ...(name === undefined ? [] : [name])], args);
      return true;
    },
  }),
  tag: fn({
    summary: 'Make a tag.',
    args: { ...cwdArg, name: Ref, ref: v.optional(Ref, 'HEAD'), message: v.optional(Text), ...gitArgs },
    examples: [
      "salt '*' git.tag /path/to/repo v0.1.2",
      "salt '*' git.tag /path/to/repo v0.1.2 message='First release'",
    ],
    run: (context, { cwd, name, ref, message, ...args }) =>
      runGit(
        context,
        cwd,
        ['tag', ...(message === undefined ? [] : ['-m', message]), ...splitCommand(args.opts), name, ref],
        args,
      ),
  }),
};

function checkDiff(noIndex: boolean, cached: boolean, paths: readonly string[]): void {
  if (noIndex && cached) throw new FleetError('ARGS_INVALID', 'only one of no_index and cached can be given');
  if (noIndex && paths.length !== 2) throw new FleetError('ARGS_INVALID', 'paths: must be two with no_index');
}
