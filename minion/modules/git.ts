import * as v from 'valibot';
import { AbsolutePath, Flag, Text } from '../../shared/plugin/args.ts';
import { splitCommand } from '../../shared/shlex.ts';
import { defineModule, fn } from '../context.ts';
import { historyFunctions } from '../lib/git/history.ts';
import { mergeFunctions } from '../lib/git/merging.ts';
import { remoteFunctions } from '../lib/git/remotes.ts';
import {
  gitArgs,
  identityArgs,
  optionArgs,
  plainArgs,
  Ref,
  remoteArgs,
  runGit,
  Url,
  urlArgs,
  withCredentials,
} from '../lib/git/run_git.ts';
import { settingFunctions } from '../lib/git/settings.ts';
import { worktreeFunctions } from '../lib/git/worktrees.ts';
import { hasProgram } from '../lib/has_program.ts';

const { user, password, ignore_retcode, output_encoding } = plainArgs;
const { output_encoding: _encoding, ...beforeEncoding } = urlArgs;
const cloneArgs = { ...beforeEncoding, output_encoding };
const commitArgs = { user, password, filename: v.optional(Text), ignore_retcode, output_encoding };

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
    init: fn({
      summary: 'Make a repository.',
      args: {
        ...{ cwd: AbsolutePath, bare: v.optional(Flag, false), template: v.optional(AbsolutePath) },
        ...{ separate_git_dir: v.optional(AbsolutePath), shared: v.optional(Text, 'False'), ...gitArgs },
      },
      description:
        'template is a folder that is copied into the repository, which lies in separate_git_dir when that is given. shared\n' +
        'is ``True``, a word or a file mode such as 0660: who else may write into it.',
      examples: ["salt '*' git.init /path/to/repo", "salt '*' git.init /path/to/bare/repo.git bare=True"],
      run: (context, { cwd, bare, template, separate_git_dir, shared, ...args }) => {
        const words = [
          ...(bare ? ['--bare'] : []),
          ...(template === undefined ? [] : [`--template=${template}`]),
          ...(separate_git_dir === undefined ? [] : [`--separate-git-dir=${separate_git_dir}`]),
          ...sharedWords(shared),
          ...splitCommand(args.opts),
        ];
        return runGit(context, undefined, ['init', ...words, '--', cwd], args);
      },
    }),
    clone: fn({
      summary: 'Clone a repository into a folder.',
      args: { cwd: AbsolutePath, url: Url, name: v.optional(Ref), ...cloneArgs },
      description:
        'name is that of a folder below cwd; without it the repository is cloned into cwd itself. https_user and https_pass\n' +
        'become part of the address that the clone keeps.',
      returns: '``True``.',
      examples: ["salt '*' git.clone /path/to/repo git://github.com/saltstack/salt.git"],
      async run(context, { cwd, url, name, https_user, https_pass, ...args }) {
        const words = [withCredentials(url, https_user, https_pass), name === undefined ? cwd : `${cwd}/${name}`];
        await runGit(context, undefined, ['clone', ...splitCommand(args.opts), '--', ...words], args);
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
      args: { cwd: AbsolutePath, message: Text, ...optionArgs, ...commitArgs },
      examples: ["salt '*' git.commit /path/to/repo 'The commit message'"],
      run: (context, { cwd, message, filename, ...args }) =>
        runGit(
          context,
          cwd,
          ['commit', '-m', message, ...splitCommand(args.opts), ...(filename === undefined ? [] : ['--', filename])],
          args,
        ),
    }),
    discard_local_changes: fn({
      summary: 'Put files back as they were added or committed last.',
      args: { cwd: AbsolutePath, path: v.optional(Text, '.'), ...plainArgs },
      description: 'path is a file or a folder; without it all changes below cwd are lost.',
      examples: [
        "salt '*' git.discard_local_changes /path/to/repo",
        "salt '*' git.discard_local_changes /path/to/repo path=foo",
      ],
      run: (context, { cwd, path, ...args }) => runGit(context, cwd, ['checkout', '--', path], args),
    }),
    reset: fn({
      summary: 'Set the branch, and with opts=--hard all files, to a commit.',
      args: { cwd: AbsolutePath, ...identityArgs },
      examples: ["salt '*' git.reset /path/to/repo opts='--hard origin/main'"],
      run: (context, { cwd, ...args }) => runGit(context, cwd, ['reset', ...splitCommand(args.opts)], args),
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
        ...remoteArgs,
      },
      examples: ["salt '*' git.submodule /path/to/repo update opts='--init'"],
      run: (context, { cwd, command, ...args }) =>
        runGit(context, cwd, ['submodule', command, ...splitCommand(args.opts)], args),
    }),
    ...historyFunctions,
    ...mergeFunctions,
    ...remoteFunctions,
    ...settingFunctions,
    ...worktreeFunctions,
  },
});

function sharedWords(shared: string): string[] {
  if (shared === 'False') return [];
  if (shared === 'True') return ['--shared'];
  return [`--shared=${/^\d+$/.test(shared) ? shared.padStart(4, '0') : shared}`];
}
