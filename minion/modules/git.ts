import { existsSync } from 'node:fs';
import * as v from 'valibot';
import { AbsolutePath, Flag, Text } from '../../shared/plugin/args.ts';
import { splitCommand } from '../../shared/shlex.ts';
import { defineModule, fn } from '../context.ts';
import { historyFunctions } from '../lib/git/history.ts';
import { remoteFunctions } from '../lib/git/remotes.ts';
import { gitArgs, Ref, runGit, Url } from '../lib/git/run_git.ts';
import { hasProgram } from '../lib/has_program.ts';

export default defineModule({
  summary: 'Work with repositories of git.',
  unavailable: ({ root }) => (hasProgram(root, 'git') ? undefined : 'git is not installed'),
  functions: {
    version: fn({
      summary: 'Return the version of git.',
      args: { versioninfo: v.optional(Flag, false) },
      returns: 'a text, or a list of numbers with versioninfo=True.',
      examples: ["salt '*' git.version"],
      reads: true,
      async run(context, { versioninfo }) {
        const version = (await runGit(context, undefined, ['--version'])).split(' ')[2] ?? '';
        return versioninfo ? version.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : version;
      },
    }),
    is_worktree: fn({
      summary: 'Return whether a folder is, or is within, a checkout of a repository.',
      args: { cwd: AbsolutePath, user: gitArgs.user },
      examples: ["salt '*' git.is_worktree /path/to/repo"],
      reads: true,
      async run(context, { cwd, user }) {
        if (!existsSync(cwd)) return false;
        return runGit(context, cwd, ['rev-parse', '--is-inside-work-tree'], { user }).then(
          (text) => text === 'true',
          () => false,
        );
      },
    }),
    init: fn({
      summary: 'Make a repository.',
      args: { cwd: AbsolutePath, bare: v.optional(Flag, false), ...gitArgs },
      examples: ["salt '*' git.init /path/to/repo", "salt '*' git.init /path/to/bare/repo.git bare=True"],
      run: (context, { cwd, bare, ...args }) =>
        runGit(context, undefined, ['init', ...(bare ? ['--bare'] : []), ...splitCommand(args.opts), '--', cwd], args),
    }),
    clone: fn({
      summary: 'Clone a repository into a folder.',
      args: { cwd: AbsolutePath, url: Url, name: v.optional(Ref), ...gitArgs },
      description: 'name is that of a folder below cwd; without it the repository is cloned into cwd itself.',
      returns: '``True``.',
      examples: ["salt '*' git.clone /path/to/repo git://github.com/saltstack/salt.git"],
      async run(context, { cwd, url, name, ...args }) {
        const target = name === undefined ? cwd : `${cwd}/${name}`;
        await runGit(context, undefined, ['clone', ...splitCommand(args.opts), '--', url, target], args);
        return true;
      },
    }),
    checkout: fn({
      summary: 'Check a branch, a tag or a commit out.',
      args: { cwd: AbsolutePath, rev: v.optional(Ref), force: v.optional(Flag, false), ...gitArgs },
      examples: [
        "salt '*' git.checkout /path/to/repo somebranch",
        "salt '*' git.checkout /path/to/repo opts='-b newbranch'",
      ],
      async run(context, { cwd, rev, force, ...args }) {
        const argv = [
          'checkout',
          ...(force ? ['--force'] : []),
          ...splitCommand(args.opts),
          ...(rev === undefined ? [] : [rev]),
        ];
        return runGit(context, cwd, argv, args);
      },
    }),
    add: fn({
      summary: 'Add files to what is committed next.',
      args: { cwd: AbsolutePath, filename: Text, ...gitArgs },
      returns: 'what was added.',
      examples: ["salt '*' git.add /path/to/repo foo/bar.py"],
      run: (context, { cwd, filename, ...args }) =>
        runGit(context, cwd, ['add', '--verbose', ...splitCommand(args.opts), '--', filename], args),
    }),
    rm: fn({
      summary: 'Remove files, and no longer keep them in the repository.',
      args: { cwd: AbsolutePath, filename: Text, ...gitArgs },
      examples: ["salt '*' git.rm /path/to/repo foo/bar.py"],
      run: (context, { cwd, filename, ...args }) =>
        runGit(context, cwd, ['rm', ...splitCommand(args.opts), '--', filename], args),
    }),
    commit: fn({
      summary: 'Commit what was added.',
      args: { cwd: AbsolutePath, message: Text, filename: v.optional(Text), ...gitArgs },
      examples: ["salt '*' git.commit /path/to/repo 'The commit message'"],
      run: (context, { cwd, message, filename, ...args }) =>
        runGit(
          context,
          cwd,
          ['commit', '-m', message, ...splitCommand(args.opts), ...(filename === undefined ? [] : ['--', filename])],
          args,
        ),
    }),
    reset: fn({
      summary: 'Set the branch, and with opts=--hard all files, to a commit.',
      args: { cwd: AbsolutePath, ...gitArgs },
      examples: ["salt '*' git.reset /path/to/repo opts='--hard origin/main'"],
      run: (context, { cwd, ...args }) => runGit(context, cwd, ['reset', ...splitCommand(args.opts)], args),
    }),
    merge: fn({
      summary: 'Merge another branch into the one that is checked out.',
      args: { cwd: AbsolutePath, rev: v.optional(Ref), ...gitArgs },
      examples: ["salt '*' git.merge /path/to/repo", "salt '*' git.merge /path/to/repo rev=upstream/foo"],
      run: (context, { cwd, rev, ...args }) =>
        runGit(context, cwd, ['merge', ...splitCommand(args.opts), ...(rev === undefined ? [] : [rev])], args),
    }),
    stash: fn({
      summary: 'Put changes aside, or take them back.',
      args: {
        cwd: AbsolutePath,
        action: v.optional(
          v.picklist(
            ['save', 'apply', 'pop', 'list', 'drop', 'clear', 'show'],
            'must be save, apply, pop, list, drop, clear or show',
          ),
          'save',
        ),
        ...gitArgs,
      },
      examples: ["salt '*' git.stash /path/to/repo", "salt '*' git.stash /path/to/repo action=pop"],
      run: (context, { cwd, action, ...args }) =>
        runGit(context, cwd, ['stash', action, ...splitCommand(args.opts)], args),
    }),
    submodule: fn({
      summary: 'Manage the repositories within a repository.',
      args: {
        cwd: AbsolutePath,
        command: v.picklist(
          ['add', 'status', 'init', 'deinit', 'update', 'summary', 'foreach', 'sync'],
          'must be a command of git submodule',
        ),
        ...gitArgs,
      },
      examples: ["salt '*' git.submodule /path/to/repo update opts='--init'"],
      run: (context, { cwd, command, ...args }) =>
        runGit(context, cwd, ['submodule', command, ...splitCommand(args.opts)], args),
    }),
    ...historyFunctions,
    ...remoteFunctions,
  },
});
