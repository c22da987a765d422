import * as v from 'valibot';
import { AbsolutePath, Flag } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { fn, type MinionContext } from '../../context.ts';
import { type GitOptions, gitArgs, linesOf, Ref, runGit, Url } from './run_git.ts';

const cwdArg = { cwd: AbsolutePath };

/** Repositories elsewhere. */
export const remoteFunctions = {
  fetch: fn({
    summary: 'Fetch what is new from a remote.',
    args: { ...cwdArg, remote: v.optional(Ref), refspecs: v.optional(Ref), force: v.optional(Flag, false), ...gitArgs },
    examples: ["salt '*' git.fetch /path/to/repo upstream"],
    run: (context, { cwd, remote, refspecs, force, ...args }) => {
      const rest = remote === undefined ? [] : [remote, ...(refspecs?.split(',') ?? [])];
      return runGit(context, cwd, ['fetch', ...(force ? ['--force'] : []), ...splitCommand(args.opts), ...rest], args);
    },
  }),
  pull: fn({
    summary: 'Fetch what is new and merge it into the branch.',
    args: { ...cwdArg, ...gitArgs },
    examples: ["salt '*' git.pull /path/to/repo opts='--rebase origin main'"],
    run: (context, { cwd, ...args }) => runGit(context, cwd, ['pull', ...splitCommand(args.opts)], args),
  }),
  push: fn({
    summary: 'Send commits to a remote.',
    args: { ...cwdArg, remote: Ref, ref: Ref, ...gitArgs },
    examples: ["salt '*' git.push /path/to/repo origin main"],
    run: (context, { cwd, remote, ref, ...args }) =>
      runGit(context, cwd, ['push', ...splitCommand(args.opts), remote, ref], args),
  }),
  ls_remote: fn({
    summary: 'Return the branches and tags of a remote with their commits.',
    args: { cwd: v.optional(AbsolutePath), remote: v.optional(Url, 'origin'), ref: v.optional(Ref), ...gitArgs },
    returns: 'commit ids by name.',
    examples: [
      "salt '*' git.ls_remote /path/to/repo origin",
      "salt '*' git.ls_remote remote=https://mydomain.tld/repo.git",
    ],
    reads: true,
    async run(context, { cwd, remote, ref, ...args }) {
      const rest = ref === undefined ? [] : [ref];
      const text = await runGit(context, cwd, ['ls-remote', ...splitCommand(args.opts), '--', remote, ...rest], args);
      return Object.fromEntries(linesOf(text).map((line) => line.split('\t').reverse()));
    },
  }),
  remotes: fn({
    summary: 'Return the remotes with the addresses that are fetched from and pushed to.',
    args: { ...cwdArg, user: gitArgs.user },
    examples: ["salt '*' git.remotes /path/to/repo"],
    reads: true,
    run: (context, { cwd, user }) => remotesOf(context, cwd, { user }),
  }),
  remote_get: fn({
    summary: 'Return the addresses of a remote.',
    args: { ...cwdArg, remote: v.optional(Ref, 'origin'), user: gitArgs.user },
    returns: '`fetch` and `push`; ``None`` when there is no such remote.',
    examples: ["salt '*' git.remote_get /path/to/repo", "salt '*' git.remote_get /path/to/repo upstream"],
    reads: true,
    run: async (context, { cwd, remote, user }) => (await remotesOf(context, cwd, { user }))[remote] ?? null,
  }),
  remote_set: fn({
    summary: 'Add a remote, or change its address.',
    args: { ...cwdArg, url: Url, remote: v.optional(Ref, 'origin'), user: gitArgs.user },
    returns: 'its addresses.',
    examples: ["salt '*' git.remote_set /path/to/repo git@github.com:user/repo.git"],
    async run(context, { cwd, url, remote, user }) {
      const isThere = Object.hasOwn(await remotesOf(context, cwd, { user }), remote);
      await runGit(context, cwd, ['remote', isThere ? 'set-url' : 'add', remote, url], { user });
      return (await remotesOf(context, cwd, { user }))[remote];
    },
  }),
};

async function remotesOf(context: MinionContext, cwd: string, options: GitOptions) {
  const found: Record<string, Record<string, string>> = {};
  for (const line of linesOf(await runGit(context, cwd, ['remote', '--verbose'], options))) {
    const [, name, url, kind] = /^(\S+)\t(.*) \((fetch|push)\)/.exec(line) ?? [];
    if (name !== undefined && url !== undefined && kind !== undefined) found[name] = { ...found[name], [kind]: url };
  }
  return found;
}
