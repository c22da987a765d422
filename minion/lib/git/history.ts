import * as v from 'valibot';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { fn } from '../../context.ts';
import { gitArgs, linesOf, Ref, runGit } from './run_git.ts';

const cwdArg = { cwd: AbsolutePath };

/** What a repository holds: commits, branches, tags, settings. */
export const historyFunctions = {
  current_branch: fn({
    summary: 'Return the branch that is checked out.',
    args: { ...cwdArg, user: gitArgs.user },
    returns: '`HEAD` when none is.',
    examples: ["salt '*' git.current_branch /path/to/repo"],
    reads: true,
    async run(context, { cwd, user }) {
      // Before the first commit there is nothing that rev-parse could name.
      const named = await runGit(context, cwd, ['symbolic-ref', '--short', '-q', 'HEAD'], { user }).catch(() => '');
      return named === '' ? runGit(context, cwd, ['rev-parse', '--abbrev-ref', 'HEAD'], { user }) : named;
    },
  }),
  revision: fn({
    summary: 'Return the id of a commit.',
    args: { ...cwdArg, rev: v.optional(Ref, 'HEAD'), short: v.optional(Flag, false), user: gitArgs.user },
    examples: ["salt '*' git.revision /path/to/repo", "salt '*' git.revision /path/to/repo mybranch short=True"],
    reads: true,
    run: (context, { cwd, rev, short, user }) =>
      runGit(context, cwd, ['rev-parse', ...(short ? ['--short'] : []), '--verify', rev], { user }),
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
    args: { ...cwdArg, rev: v.optional(Ref, 'HEAD'), user: gitArgs.user },
    examples: ["salt '*' git.describe /path/to/repo", "salt '*' git.describe /path/to/repo develop"],
    reads: true,
    run: (context, { cwd, rev, user }) => runGit(context, cwd, ['describe', rev], { user }),
  }),
  status: fn({
    summary: 'Return the files that differ from the last commit.',
    args: { ...cwdArg, user: gitArgs.user },
    returns: 'by kind, which is `new`, `modified`, `deleted` or `untracked`, the files.',
    examples: ["salt '*' git.status /path/to/repo"],
    reads: true,
    async run(context, { cwd, user }) {
      const kinds: Readonly<Record<string, string>> = { M: 'modified', A: 'new', D: 'deleted', '??': 'untracked' };
      const found: Record<string, string[]> = {};
      const text = await runGit(context, cwd, ['status', '-z', '--porcelain'], { user });
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
    args: { ...cwdArg, item1: v.optional(Ref), item2: v.optional(Ref), ...gitArgs },
    examples: ["salt '*' git.diff /path/to/repo", "salt '*' git.diff /path/to/repo HEAD~1"],
    reads: true,
    run: (context, { cwd, item1, item2, ...args }) =>
      runGit(
        context,
        cwd,
        ['diff', ...splitCommand(args.opts), ...[item1, item2].filter((item) => item !== undefined)],
        args,
      ),
  }),
  list_branches: fn({
    summary: 'Return the branches, or those of the remotes.',
    args: { ...cwdArg, remote: v.optional(Flag, false), user: gitArgs.user },
    examples: ["salt '*' git.list_branches /path/to/repo", "salt '*' git.list_branches /path/to/repo remote=True"],
    reads: true,
    run: async (context, { cwd, remote, user }) =>
      linesOf(
        await runGit(
          context,
          cwd,
          ['for-each-ref', '--format=%(refname:short)', `refs/${remote ? 'remotes' : 'heads'}/`],
          {
            user,
          },
        ),
      ),
  }),
  list_tags: fn({
    summary: 'Return the tags.',
    args: { ...cwdArg, user: gitArgs.user },
    examples: ["salt '*' git.list_tags /path/to/repo"],
    reads: true,
    run: async (context, { cwd, user }) =>
      linesOf(await runGit(context, cwd, ['for-each-ref', '--format=%(refname:short)', 'refs/tags/'], { user })),
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
  config_get: fn({
    summary: 'Return a setting of git.',
    args: {
      key: Ref,
      cwd: v.optional(AbsolutePath),
      user: gitArgs.user,
      global: v.optional(Flag, false),
      default: v.optional(Text),
    },
    returns: 'the default, or ``None``, when it is not set.',
    examples: ["salt '*' git.config_get user.name cwd=/path/to/repo", "salt '*' git.config_get user.email global=True"],
    reads: true,
    run: (context, { key, cwd, user, global, default: fallback }) =>
      runGit(context, cwd, ['config', ...(global ? ['--global'] : []), '--get', key], { user }).catch(
        () => fallback ?? null,
      ),
  }),
  config_set: fn({
    summary: 'Set a setting of git.',
    args: { key: Ref, value: Text, cwd: v.optional(AbsolutePath), user: gitArgs.user, global: v.optional(Flag, false) },
    returns: 'a list with the value.',
    examples: ["salt '*' git.config_set user.email me@example.com cwd=/path/to/repo"],
    async run(context, { key, value, cwd, user, global }) {
      await runGit(context, cwd, ['config', ...(global ? ['--global'] : []), '--replace-all', key, value], { user });
      return [value];
    },
  }),
  config_unset: fn({
    summary: 'Take a setting of git away.',
    args: { key: Ref, cwd: v.optional(AbsolutePath), user: gitArgs.user, global: v.optional(Flag, false) },
    returns: '``True``.',
    examples: ["salt '*' git.config_unset foo.bar cwd=/path/to/repo"],
    async run(context, { key, cwd, user, global }) {
      await runGit(context, cwd, ['config', ...(global ? ['--global'] : []), '--unset-all', key], { user });
      return true;
    },
  }),
};
