import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';

/** What every function that runs git takes, with Salt's names. */
export const gitArgs = {
  opts: v.optional(Text, ''),
  git_opts: v.optional(Text, ''),
  user: v.optional(Text),
  identity: v.optional(AbsolutePath),
  ignore_retcode: v.optional(Flag, false),
};

export interface GitOptions {
  readonly opts?: string;
  readonly git_opts?: string;
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
}

/** A name of a branch, a tag, a remote or a commit: git would take a leading dash for an option. */
export const Ref = v.pipe(Text, v.regex(/^[^-\s]\S*$/, 'must not be empty, begin with a dash or hold blanks'));
/** Where a repository is. */
export const Url = v.pipe(Text, v.regex(/^[^-]/, 'must not be empty or begin with a dash'));

/** Nobody is there to type a password or to accept a key. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };

/** Runs `git [git_opts] words…` and returns what it printed, without the last line end. Throws COMMAND_FAILED with its words. */
export async function runGit(
  { exec }: Pick<MinionContext, 'exec'>,
  cwd: string | undefined,
  words: readonly string[],
  { git_opts = '', user, identity }: GitOptions = {},
): Promise<string> {
  const result = await exec(['git', ...splitCommand(git_opts), ...words], {
    ...(cwd !== undefined && { cwd }),
    ...(user !== undefined && { runas: user }),
    env: { ...UNATTENDED, ...(identity !== undefined && { GIT_SSH_COMMAND: sshCommand(identity) }) },
  });
  if (result.retcode === 0) return result.stdout.trimEnd();
  const why = (result.stderr || result.stdout).trim();
  throw commandFailed(`git ${words[0] ?? ''} failed with status ${result.retcode}: ${why}`);
}

/** Git hands it to a shell, so that nothing of it may mean anything there. */
function sshCommand(identity: string): string {
  if (!/^[\w./@+-]+$/.test(identity)) {
    throw new FleetError('ARGS_INVALID', 'identity: must be a path of letters, digits and the signs ./@+-_');
  }
  return `ssh -i ${identity} -o IdentitiesOnly=yes -o BatchMode=yes`;
}

export function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}
