import { existsSync } from 'node:fs';
import { realpath, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { linesOf } from '../text_lines.ts';
import { type GitOptions, gitArgs, plainArgs, Ref, runGit, Url } from './run_git.ts';

const off = v.optional(Flag, false);
const { user, password, output_encoding } = plainArgs;

/** Further checkouts of one repository, which git calls its worktrees. */
export const worktreeFunctions = {
  is_worktree: fn({
    summary: 'Return whether a folder is, or is within, a worktree that belongs to a repository elsewhere.',
    args: { cwd: AbsolutePath, user, password, output_encoding },
    returns: '``False`` for the checkout that a repository came with.',
    examples: ["salt '*' git.is_worktree /path/to/repo"],
    reads: true,
    run: async (context, { cwd, ...args }) => (await linkedWorktree(context, cwd, args)) !== undefined,
  }),
  list_worktrees: fn({
    summary: 'Return the worktrees of a repository, itself among them.',
    args: { cwd: AbsolutePath, stale: off, user, password, output_encoding, all: off },
    description: 'Stale are those whose folder is gone: with stale=True these alone, with all=True all.',
    returns:
      'by folder, `HEAD`, `branch`, `detached` and `stale`; `branch` is ``None`` where none is checked out, and the `tags` of\n' +
      'the commit are there instead, if it has any.',
    examples: ["salt '*' git.list_worktrees /path/to/repo", "salt '*' git.list_worktrees /path/to/repo all=True"],
    reads: true,
    async run(context, { cwd, stale, all, ...args }) {
      if (stale && all) throw new FleetError('ARGS_INVALID', 'only one of all and stale can be given');
      const text = await runGit(context, cwd, ['worktree', 'list', '--porcelain'], args);
      const found: Record<string, Worktree> = {};
      for (const worktree of parseWorktrees(text)) {
        const isStale = !existsSync(worktree.path);
        if (!all && isStale !== stale) continue;
        found[worktree.path] = await describeWorktree(context, cwd, args, worktree, isStale);
      }
      return found;
    },
  }),
  worktree_add: fn({
    summary: 'Check a branch of a repository out into a folder of its own.',
    args: {
      ...{ cwd: AbsolutePath, worktree_path: Url, ref: v.optional(Ref), reset_branch: off, force: off, detach: off },
      ...{ ...gitArgs, branch: v.optional(Ref) },
    },
    description: `
ref is what is checked out. branch is a new branch that begins there, and is named as the folder when it is left out;
reset_branch=True takes one that is there already, and lets it begin anew. detach=True makes no branch.`,
    examples: [
      "salt '*' git.worktree_add /path/to/repo/main ../hotfix ref=origin/main",
      "salt '*' git.worktree_add /path/to/repo/main ../hotfix branch=hotfix21 ref=v2.1.9.3",
    ],
    async run(context, { cwd, worktree_path, ref, reset_branch, force, detach, branch, ...args }) {
      if (detach && (branch !== undefined || reset_branch)) {
        throw new FleetError('ARGS_INVALID', 'detach: goes neither with branch nor with reset_branch');
      }
      const name = branch ?? (reset_branch ? basename(worktree_path) : undefined);
      const words = [
        ...(detach ? ['--detach'] : []),
        ...(name === undefined ? [] : [reset_branch ? '-B' : '-b', name]),
        ...(force ? ['--force'] : []),
        ...splitCommand(args.opts),
        worktree_path,
        ...(ref === undefined ? [] : [ref]),
      ];
      return runGit(context, cwd, ['worktree', 'add', ...words], { ...args, mergeStderr: true });
    },
  }),
  worktree_prune: fn({
    summary: 'Let a repository forget the worktrees whose folders are gone.',
    args: { cwd: AbsolutePath, dry_run: off, verbose: v.optional(Flag, true), expire: v.optional(Text), ...gitArgs },
    description:
      'dry_run=True forgets none and tells which it would be; expire is the age from which they are forgotten.',
    examples: ["salt '*' git.worktree_prune /path/to/repo", "salt '*' git.worktree_prune /path/to/repo dry_run=True"],
    async run(context, { cwd, dry_run, verbose, expire, ...args }) {
      const words = [
        ...(dry_run ? ['--dry-run'] : []),
        ...(verbose ? ['--verbose'] : []),
        ...(expire === undefined ? [] : [`--expire=${expire}`]),
        ...splitCommand(args.opts),
      ];
      return runGit(context, cwd, ['worktree', 'prune', ...words], { ...args, mergeStderr: true });
    },
  }),
  worktree_rm: fn({
    summary: 'Remove the folder of a worktree with all that is in it.',
    args: { cwd: AbsolutePath, user, output_encoding },
    description: 'It has to be a whole worktree of a repository elsewhere, which git.worktree_prune lets forget it.',
    returns: '``True``.',
    examples: ["salt '*' git.worktree_rm /path/to/worktree"],
    async run(context, { cwd, ...args }) {
      if (!existsSync(cwd)) throw commandFailed(`${cwd} does not exist`);
      if ((await linkedWorktree(context, cwd, args)) !== (await realpath(cwd))) {
        throw commandFailed(`${cwd} is not a git worktree`, 'file.remove removes any folder');
      }
      await rm(cwd, { recursive: true });
      return true;
    },
  }),
};

interface ListedWorktree {
  readonly path: string;
  readonly head: string;
  /** Null where none is checked out. */
  readonly branch: string | null;
}

interface Worktree {
  readonly HEAD: string;
  readonly branch: string | null;
  readonly detached: boolean;
  readonly stale: boolean;
  readonly tags?: readonly string[];
}

/** The top folder of the worktree; undefined when it is none, or the one that its repository came with. */
async function linkedWorktree(context: MinionContext, cwd: string, options: GitOptions): Promise<string | undefined> {
  if (!existsSync(cwd)) return undefined;
  const words = ['rev-parse', '--git-dir', '--git-common-dir', '--show-toplevel'];
  const text = await runGit(context, cwd, words, options).catch((error: unknown) => {
    if (error instanceof FleetError && error.code === 'COMMAND_FAILED') return '';
    throw error;
  });
  const [own = '', common = '', top] = linesOf(text);
  return resolve(cwd, own) === resolve(cwd, common) || top === undefined ? undefined : realpath(top);
}

/** Reads `git worktree list --porcelain`: blocks of lines. A bare repository checks nothing out and is left out. */
function parseWorktrees(text: string): ListedWorktree[] {
  return text.split('\n\n').flatMap((block) => {
    const member = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(block)?.[1];
    const [path, head, branch] = [member('worktree'), member('HEAD'), member('branch')];
    if (path === undefined || head === undefined) return [];
    return [{ path, head, branch: branch?.replace(/^refs\/heads\//, '') ?? null }];
  });
}

async function describeWorktree(
  context: MinionContext,
  cwd: string,
  options: GitOptions,
  { head, branch }: ListedWorktree,
  stale: boolean,
): Promise<Worktree> {
  const described = { stale, HEAD: head, detached: branch === null, branch };
  if (branch !== null) return described;
  const tags = linesOf(await runGit(context, cwd, ['tag', '--points-at', head], options));
  return tags.length === 0 ? described : { ...described, tags };
}
