import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { AbsolutePath, Flag, Text, TextList } from '../../../shared/plugin/args.ts';
import { splitCommand } from '../../../shared/shlex.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed, type ExecResult } from '../exec.ts';

export const optionArgs = { opts: v.optional(Text, ''), git_opts: v.optional(Text, '') };
const userArgs = { user: v.optional(Text), password: v.optional(Text) };
const outputArgs = { ignore_retcode: v.optional(Flag, false), output_encoding: v.optional(Text) };

/*
 * What the functions that run git take, with Salt's names and in its order. The password of the user means something
 * only on Windows, saltenv and ignore_retcode only within Salt: they are taken and have no effect.
 */

/** For functions that pass no options on. */
export const plainArgs = { ...userArgs, ...outputArgs };
/** For functions that work within the repository. */
export const gitArgs = { ...optionArgs, ...plainArgs };
/** For functions that run hooks, or reach other repositories that the repository knows. */
export const identityArgs = { ...optionArgs, ...userArgs, identity: v.optional(AbsolutePath), ...outputArgs };
export const remoteArgs = {
  ...optionArgs,
  ...userArgs,
  identity: v.optional(AbsolutePath),
  ignore_retcode: outputArgs.ignore_retcode,
  saltenv: v.optional(Text, 'base'),
  output_encoding: outputArgs.output_encoding,
};
/** For functions that take the address of another repository. */
export const urlArgs = {
  ...optionArgs,
  ...userArgs,
  identity: v.optional(AbsolutePath),
  https_user: v.optional(Text),
  https_pass: v.optional(Text),
  ...outputArgs,
  saltenv: v.optional(Text, 'base'),
};

export interface GitOptions {
  readonly opts?: string;
  readonly git_opts?: string;
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
  readonly output_encoding?: string | undefined;
  /** Git tells some results on standard error. */
  readonly mergeStderr?: boolean;
}

const REF = /^[^-\s]\S*$/;
const REF_MESSAGE = 'must not be empty, begin with a dash or hold blanks';
/** A name of a branch, a tag, a remote or a commit: git would take a leading dash for an option. */
export const Ref = v.pipe(Text, v.regex(REF, REF_MESSAGE));
export const Refs = v.pipe(
  TextList,
  v.everyItem((name) => REF.test(name), REF_MESSAGE),
);
/** Where a repository is. */
export const Url = v.pipe(Text, v.regex(/^[^-]/, 'must not be empty or begin with a dash'));

/** Nobody is there to type a password or to accept a key. */
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };

/**
 * Runs `git [git_opts] words…` and returns what it printed, without the last line end. Throws COMMAND_FAILED with its
 * words.
 */
export async function runGit(
  context: Pick<MinionContext, 'exec'>,
  cwd: string | undefined,
  words: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  return (await askGit(context, cwd, words, options, [0])).stdout;
}

/** The same, where some other statuses are answers, too. */
export async function askGit(
  context: Pick<MinionContext, 'exec'>,
  cwd: string | undefined,
  words: readonly string[],
  options: GitOptions,
  answers: readonly number[],
): Promise<{ readonly retcode: number; readonly stdout: string }> {
  const { retcode, stdout, stderr } = await execGit(context, cwd, words, options);
  if (answers.includes(retcode)) return { retcode, stdout: stdout.trimEnd() };
  const why = (stderr || stdout).trim();
  throw commandFailed(`git ${words[0] ?? ''} failed with status ${retcode}: ${withoutCredentials(why)}`);
}

async function execGit(
  { exec }: Pick<MinionContext, 'exec'>,
  cwd: string | undefined,
  words: readonly string[],
  { git_opts = '', user, identity, output_encoding: encoding, mergeStderr }: GitOptions,
): Promise<ExecResult> {
  try {
    return await exec(['git', ...splitCommand(git_opts), ...words], {
      ...(cwd !== undefined && { cwd }),
      ...(user !== undefined && { runas: user }),
      ...(encoding !== undefined && { encoding }),
      ...(mergeStderr !== undefined && { mergeStderr }),
      env: { ...UNATTENDED, ...(identity !== undefined && { GIT_SSH_COMMAND: sshCommand(identity) }) },
    });
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    // It may name the whole command, and so an address.
    const { code, message, hint } = error;
    throw new FleetError(code, withoutCredentials(message), hint === undefined ? {} : { hint });
  }
}

/** Git hands it to a shell, so that nothing of it may mean anything there. */
function sshCommand(identity: string): string {
  if (!/^[\w./@+-]+$/.test(identity)) {
    throw new FleetError('ARGS_INVALID', 'identity: must be a path of letters, digits and the signs ./@+-_');
  }
  return `ssh -i ${identity} -o IdentitiesOnly=yes -o BatchMode=yes`;
}

/** An address with a name and a password in it. Throws ARGS_INVALID where they would not be encrypted. */
export function withCredentials(url: string, user: string | undefined, password: string | undefined): string {
  if (user === undefined && password === undefined) return url;
  if (user === undefined) throw new FleetError('ARGS_INVALID', 'https_pass: is of no use without https_user');
  if (!/^https:\/\//i.test(url)) {
    throw new FleetError('ARGS_INVALID', 'https_user: is of use only with an address that begins with https://');
  }
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  return url.replace(/^(https:\/\/)(?:[^/]*@)?/i, (_all, scheme) => `${scheme}${encodeURIComponent(user)}${secret}@`);
}

/** A text in which no address tells a name or a password. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b(https?:\/\/)[^/\s]*@/gi, '$1<redacted>@');
}
