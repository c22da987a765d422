import * as v from 'valibot';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import { fn, type MinionContext } from '../../context.ts';
import { linesOf } from '../text_lines.ts';
import {
  type GitOptions,
  plainArgs,
  Ref,
  remoteArgs,
  runGit,
  Url,
  urlArgs,
  withCredentials,
  withoutCredentials,
} from './run_git.ts';

const cwdArg = { cwd: AbsolutePath };
const { opts: _opts, git_opts: _git_opts, ...elsewhereArgs } = urlArgs;
const redactingArgs = {
  ...{ user: plainArgs.user, password: plainArgs.password, redact_auth: v.optional(Flag, true) },
  ...{ ignore_retcode: plainArgs.ignore_retcode, output_encoding: plainArgs.output_encoding },
};

/** Repositories elsewhere. */
export const remoteFunctions = {
  fetch: fn({
    summary: 'Fetch what is new from a remote.',
    args: {
      ...cwdArg,
      remote: v.optional(Ref),
      force: v.optional(Flag, false),
      refspecs: v.optional(Ref),
      ...remoteArgs,
    },
    examples: ["salt '*' git.fetch /path/to/repo upstream"],
    run: (context, { cwd, remote, refspecs, force, ...args }) => {
      const rest = remote === undefined ? [] : [remote, ...(refspecs?.split(',') ?? [])];
      return runGit(context, cwd, ['fetch', ...(force ? ['--force'] : []), ...splitCommand(args.opts), ...rest], args);
    },
  }),
  pull: fn({
    summary: 'Fetch what is new and merge it into the branch.',
    args: { ...cwdArg, ...remoteArgs },
    examples: ["salt '*' git.pull /path/to/repo opts='--rebase origin main'"],
    run: (context, { cwd, ...args }) => runGit(context, cwd, ['pull', ...splitCommand(args.opts)], args),
  }),
  push: fn({
    summary: 'Send commits to a remote.',
    args: { ...cwdArg, remote: Ref, ref: Ref, ...remoteArgs },
    examples: ["salt '*' git.push /path/to/repo origin main"],
    run: (context, { cwd, remote, ref, ...args }) =>
      runGit(context, cwd, ['push', ...splitCommand(args.opts), remote, ref], args),
  }),
  ls_remote: fn({
    summary: 'Return the branches and tags of a remote with their commits.',
    args: { cwd: v.optional(AbsolutePath), remote: v.optional(Url, 'origin'), ref: v.optional(Ref), ...urlArgs },
    returns: 'commit ids by name.',
    examples: [
      "salt '*' git.ls_remote /path/to/repo origin",
      "salt '*' git.ls_remote remote=https://mydomain.tld/repo.git",
    ],
    reads: true,
    async run(context, { cwd, remote, ref, https_user, https_pass, ...args }) {
      const where = [withCredentials(remote, https_user, https_pass), ...(ref === undefined ? [] : [ref])];
      return refsOf(await runGit(context, cwd, ['ls-remote', ...splitCommand(args.opts), '--', ...where], args));
    },
  }),
  remote_refs: fn({
    summary: 'Return the branches and tags of a repository elsewhere with their commits.',
    args: {
      ...{ url: Url, heads: v.optional(Flag, false), tags: v.optional(Flag, false) },
      ...{ ...elsewhereArgs, filter: v.optional(Ref) },
    },
    description: 'heads=True returns branches only, tags=True tags only, filter only those of a name.',
    returns: 'commit ids by name.',
    examples: [
      "salt '*' git.remote_refs https://github.com/saltstack/salt.git",
      "salt '*' git.remote_refs https://github.com/saltstack/salt.git heads=True filter=master",
    ],
    reads: true,
    async run(context, { url, heads, tags, filter, https_user, https_pass, ...args }) {
      const kinds = [...(heads ? ['--heads'] : []), ...(tags ? ['--tags'] : [])];
      const where = [withCredentials(url, https_user, https_pass), ...(filter === undefined ? [] : [filter])];
      return refsOf(await runGit(context, undefined, ['ls-remote', ...kinds, '--', ...where], args));
    },
  }),
  remotes: fn({
    summary: 'Return the remotes with the addresses that are fetched from and pushed to.',
    args: { ...cwdArg, ...redactingArgs },
    description: 'A name and a password in an address are hidden, unless redact_auth=False.',
    examples: ["salt '*' git.remotes /path/to/repo"],
    reads: true,
    run: (context, { cwd, redact_auth, ...args }) => remotesOf(context, cwd, args, redact_auth),
  }),
  remote_get: fn({
    summary: 'Return the addresses of a remote.',
    args: { ...cwdArg, remote: v.optional(Ref, 'origin'), ...redactingArgs },
    returns: '`fetch` and `push`; ``None`` when there is no such remote.',
    examples: ["salt '*' git.remote_get /path/to/repo", "salt '*' git.remote_get /path/to/repo upstream"],
    reads: true,
    run: async (context, { cwd, remote, redact_auth, ...args }) =>
      (await remotesOf(context, cwd, args, redact_auth))[remote] ?? null,
  }),
  remote_set: fn({
    summary: 'Add a remote, or change its address.',
    args: {
      ...{ ...cwdArg, url: Url, remote: v.optional(Ref, 'origin'), user: plainArgs.user, password: plainArgs.password },
      ...{ https_user: v.optional(Text), https_pass: v.optional(Text), push_url: v.optional(Url) },
      ...{ push_https_user: v.optional(Text), push_https_pass: v.optional(Text) },
      ...{ ignore_retcode: plainArgs.ignore_retcode, output_encoding: plainArgs.output_encoding },
    },
    description: 'push_url is the address that is pushed to, if it is another one.',
    returns: 'its addresses.',
    examples: [
      "salt '*' git.remote_set /path/to/repo git@github.com:user/repo.git",
      "salt '*' git.remote_set /path/to/repo git@github.com:user/repo.git push_url=git@github.com:me/repo.git",
    ],
    async run(context, { cwd, url, remote, push_url, ...args }) {
      const fetchUrl = withCredentials(url, args.https_user, args.https_pass);
      const old = (await remotesOf(context, cwd, args, false))[remote];
      await runGit(context, cwd, ['remote', old === undefined ? 'add' : 'set-url', remote, fetchUrl], args);
      if (push_url !== undefined) {
        const pushUrl = withCredentials(push_url, args.push_https_user, args.push_https_pass);
        await runGit(context, cwd, ['remote', 'set-url', '--push', remote, pushUrl], args);
      } else if (old !== undefined && old.push !== old.fetch) {
        await runGit(context, cwd, ['config', '--unset-all', `remote.${remote}.pushurl`], args);
      }
      return (await remotesOf(context, cwd, args, true))[remote];
    },
  }),
};

function refsOf(text: string): Record<string, string> {
  return Object.fromEntries(linesOf(text).map((line) => line.split('\t').reverse()));
}

async function remotesOf(context: MinionContext, cwd: string, options: GitOptions, redacts: boolean) {
  const found: Record<string, Record<string, string>> = {};
  for (const line of linesOf(await runGit(context, cwd, ['remote', '--verbose'], options))) {
    const [, name, url, kind] = /^(\S+)\t(.*) \((fetch|push)\)/.exec(line) ?? [];
    if (name === undefined || url === undefined || kind === undefined) continue;
    found[name] = { ...found[name], [kind]: redacts ? withoutCredentials(url) : url };
  }
  return found;
}
