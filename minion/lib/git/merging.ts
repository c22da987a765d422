import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { fn } from '../../context.ts';
import { linesOf } from '../text_lines.ts';
import { askGit, gitArgs, identityArgs, plainArgs, Ref, Refs, runGit } from './run_git.ts';

const off = v.optional(Flag, false);
interface MergeBaseChoice {
  readonly refs: readonly string[];
  readonly octopus: boolean;
  readonly is_ancestor: boolean;
  readonly independent: boolean;
  readonly fork_point?: string | undefined;
  readonly all: boolean;
}

/** What brings branches together. */
export const mergeFunctions = {
  merge: fn({
    summary: 'Merge another branch into the one that is checked out.',
    args: { cwd: AbsolutePath, rev: v.optional(Ref), ...identityArgs },
    examples: ["salt '*' git.merge /path/to/repo", "salt '*' git.merge /path/to/repo rev=upstream/foo"],
    run: (context, { cwd, rev, ...args }) =>
      runGit(context, cwd, ['merge', ...splitCommand(args.opts), ...(rev === undefined ? [] : [rev])], args),
  }),
  merge_base: fn({
    summary: 'Return the commit at which branches parted.',
    args: {
      ...{ cwd: AbsolutePath, refs: v.optional(Refs, []), octopus: off, is_ancestor: off, independent: off },
      ...{ fork_point: v.optional(Ref), ...gitArgs, all: off },
    },
    description: `
octopus looks for what all of the commits have in common; is_ancestor tells whether the first is part of the history of
the second; independent returns those that are part of no other's; fork_point is a branch, of which also what it was
before a rebase counts. all=True returns a list, should there be several.`,
    returns: 'the id of a commit, ``None`` when there is none; a list, or ``True`` or ``False``, as it was asked.',
    examples: [
      "salt '*' git.merge_base /path/to/repo HEAD,upstream/mybranch",
      "salt '*' git.merge_base /path/to/repo refs='[main, topic]' is_ancestor=True",
      "salt '*' git.merge_base /path/to/repo fork_point=upstream/main",
    ],
    reads: true,
    async run(context, { cwd, refs, octopus, is_ancestor, independent, fork_point, all, ...args }) {
      const choice = { refs, octopus, is_ancestor, independent, fork_point, all };
      checkMergeBase(choice);
      const words = ['merge-base', ...splitCommand(args.opts), ...mergeBaseWords(choice)];
      const { retcode, stdout } = await askGit(context, cwd, words, args, [0, 1]);
      if (is_ancestor) return retcode === 0;
      return all || independent ? linesOf(stdout) : (linesOf(stdout)[0] ?? null);
    },
  }),
  merge_tree: fn({
    summary: 'Return what a merge of two commits would change, without merging them.',
    args: { cwd: AbsolutePath, ref1: Ref, ref2: Ref, base: v.optional(Ref), ...plainArgs },
    description: 'base is the commit from which both come; without it, it is that at which they parted.',
    examples: [
      "salt '*' git.merge_tree /path/to/repo HEAD upstream/dev",
      "salt '*' git.merge_tree /path/to/repo HEAD upstream/dev base=aaf3c3d",
    ],
    reads: true,
    async run(context, { cwd, ref1, ref2, base, ...args }) {
      const from = base ?? (await runGit(context, cwd, ['merge-base', ref1, ref2], args)).split('\n')[0];
      return runGit(context, cwd, ['merge-tree', from ?? '', ref1, ref2], args);
    },
  }),
  rebase: fn({
    summary: 'Put the commits of the branch that is checked out upon another branch.',
    args: { cwd: AbsolutePath, rev: v.optional(Text, 'master'), ...gitArgs },
    description:
      'A second name is the branch that is put there instead. A rebase that fails is left as it is, as by git.',
    examples: [
      "salt '*' git.rebase /path/to/repo main",
      "salt '*' git.rebase /path/to/repo origin/main opts='--onto newbranch'",
    ],
    async run(context, { cwd, rev, ...args }) {
      const opts = splitCommand(args.opts);
      if (opts.some((word) => word === '-i' || word === '--interactive')) {
        throw new FleetError('ARGS_INVALID', 'opts: a rebase cannot be interactive');
      }
      return runGit(context, cwd, ['rebase', ...opts, ...rebaseWords(rev)], args);
    },
  }),
};

/** One or two names. */
function rebaseWords(rev: string): string[] {
  return rev.split(/\s+/).map((name) => {
    if (v.is(Ref, name)) return name;
    throw new FleetError('ARGS_INVALID', 'rev: must be names of branches or commits');
  });
}

function checkMergeBase({ refs, octopus, is_ancestor, independent, fork_point, all }: MergeBaseChoice): void {
  const invalid = (why: string) => new FleetError('ARGS_INVALID', why);
  if ([octopus, is_ancestor, independent, fork_point !== undefined].filter(Boolean).length > 1) {
    throw invalid('only one of octopus, independent, is_ancestor and fork_point can be given');
  }
  if (all && (is_ancestor || independent)) throw invalid('all: goes neither with independent nor with is_ancestor');
  if (is_ancestor && refs.length !== 2) throw invalid('refs: must be two commits with is_ancestor');
  if (fork_point !== undefined && refs.length > 1) throw invalid('refs: must be one commit at most with fork_point');
  if (fork_point === undefined && refs.length === 0) throw invalid('refs: must name commits');
}

function mergeBaseWords({ refs, octopus, is_ancestor, independent, fork_point, all }: MergeBaseChoice): string[] {
  return [
    ...(all ? ['--all'] : []),
    ...(octopus ? ['--octopus'] : []),
    ...(is_ancestor ? ['--is-ancestor'] : []),
    ...(independent ? ['--independent'] : []),
    ...(fork_point === undefined ? [] : ['--fork-point', fork_point]),
    ...(refs.length === 0 ? ['HEAD'] : refs),
  ];
}
