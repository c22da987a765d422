import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import { pyRepr } from '../../shared/python_text.ts';
import { splitCommand } from '../../shared/shlex.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import type { MinionContext } from '../context.ts';
import { findUser, readAccounts } from './accounts.ts';
import { commandFailed, type ExecOptions } from './exec.ts';
import { defaultPath, findExecutable } from './find_executable.ts';

/** The options that the functions of `cmd` share, by Salt's names. */
export interface CommandOptions {
  /** Show the output to whoever watches the job while it comes. */
  readonly stream?: boolean | undefined;
  readonly cwd?: string | undefined;
  readonly stdin?: string | undefined;
  readonly stdin_raw_newlines?: boolean | undefined;
  readonly runas?: string | undefined;
  readonly group?: string | undefined;
  readonly shell?: string | undefined;
  readonly python_shell?: boolean | undefined;
  readonly env?: Readonly<Record<string, unknown>> | undefined;
  readonly clean_env?: boolean | undefined;
  readonly template?: string | undefined;
  readonly rstrip?: boolean | undefined;
  readonly umask?: string | undefined;
  readonly output_encoding?: string | undefined;
  readonly output_loglevel?: string | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly reset_system_locale?: boolean | undefined;
  readonly ignore_retcode?: boolean | undefined;
  readonly use_vt?: boolean | undefined;
  readonly redirect_stderr?: boolean | undefined;
  readonly bg?: boolean | undefined;
  readonly prepend_path?: string | undefined;
  readonly success_retcodes?: readonly unknown[] | undefined;
  readonly success_stdout?: readonly string[] | undefined;
  readonly success_stderr?: readonly string[] | undefined;
}

/** What `cmd.run_all` returns. */
export interface CommandResult {
  readonly pid: number;
  readonly retcode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line for the shell or for splitting, or arguments as they are. */
export type Command = string | readonly string[];

/**
 * Runs an operator's command as Salt does and makes its status that of the job. A timeout is a result, too: the text
 * says so and the status is 1.
 */
export async function runCommand(
  context: MinionContext,
  command: Command,
  options: CommandOptions,
): Promise<CommandResult> {
  refuseUnsupported(options);
  checkPermitted(context, command);
  const usesShell = options.python_shell ?? context.config.cmd_safe === false;
  const argv = usesShell ? await shellArgv(context, command, options.shell) : plainArgv(command);
  const successRetcodes = integers(options.success_retcodes ?? [0]);
  const raw = await context.exec(argv, await execOptions(context, options));
  const result = raw.timedOut
    ? { pid: raw.pid, retcode: 1, stdout: timeoutText(usesShell ? command : argv, options.timeout), stderr: '' }
    : judged({ pid: raw.pid, retcode: raw.retcode, ...stripped(raw, options.rstrip) }, successRetcodes, options);
  const ignoresRetcode = options.ignore_retcode === true;
  context.setRetcode(ignoresRetcode ? 0 : result.retcode);
  if (result.retcode !== 0 && !ignoresRetcode && options.output_loglevel !== 'quiet') {
    context.log.error(`command '${nameOf(command)}' failed with return code: ${result.retcode}`);
  }
  return result;
}

/** Where the minion finds programs. */
export function searchPath(context: MinionContext): string {
  const { path } = context.grains.all();
  return typeof path === 'string' && path !== '' ? path : defaultPath;
}

/** The first word of a command: all that may be logged, for the rest may hold secrets. */
export function nameOf(command: Command): string {
  return (typeof command === 'string' ? command.trim().split(/\s/)[0] : command[0]) ?? '';
}

function refuseUnsupported({ template, use_vt }: CommandOptions): void {
  if (template !== undefined) {
    throw new FleetError('ARGS_INVALID', `cannot render the command with template '${template}'`, {
      hint: 'commands are not rendered: pass the finished command',
    });
  }
  if (use_vt) {
    throw new FleetError('ARGS_INVALID', 'use_vt is not available', { hint: 'run the command without a terminal' });
  }
}

/** The minion's own guard, whatever the master permits (ACL-7). */
export function checkPermitted(context: MinionContext, command: Command): void {
  const line = typeof command === 'string' ? command : command.join(' ');
  const matchesAny = (key: string): boolean | undefined => {
    const globs = context.config[key];
    if (!Array.isArray(globs) || globs.length === 0) return undefined;
    return globs.some((glob) => globMatcher(String(glob))(line));
  };
  if (matchesAny('cmd_blacklist_glob') !== true && matchesAny('cmd_whitelist_glob') !== false) return;
  throw commandFailed(
    `The shell command "${line}" is not permitted`,
    "see cmd_blacklist_glob and cmd_whitelist_glob in the minion's configuration",
  );
}

async function shellArgv(
  context: MinionContext,
  command: Command,
  wanted: string | undefined,
): Promise<[string, ...string[]]> {
  const grain = context.grains.all().shell;
  const shell = wanted ?? (typeof grain === 'string' && grain !== '' ? grain : '/bin/sh');
  if ((await findExecutable(shell, searchPath(context))) === undefined) {
    throw commandFailed(`The shell ${shell} is not available`, 'shells of this machine: cmd.shells');
  }
  return [shell, '-c', ...(typeof command === 'string' ? [command] : command)];
}

function plainArgv(command: Command): [string, ...string[]] {
  const [program, ...args] = typeof command === 'string' ? splitCommand(command) : command;
  if (program === undefined) throw new FleetError('ARGS_INVALID', 'the command is empty');
  return [program, ...args];
}

async function execOptions(context: MinionContext, options: CommandOptions): Promise<ExecOptions> {
  const { stdin, runas, group, timeout } = options;
  const umask = checkedUmask(options.umask);
  return {
    cwd: options.cwd ?? (await homeOf(context, runas)),
    env: environmentOf(context, options),
    cleanEnv: options.clean_env ?? false,
    mergeStderr: options.redirect_stderr ?? false,
    background: options.bg ?? false,
    // The whole of it is what a return may carry; whatever it wrote, it is let run to its end.
    outputBytesMax: context.config.max_return_size as number,
    keepsEnds: true,
    ...(stdin !== undefined && { stdin: options.stdin_raw_newlines ? stdin : stdin.replaceAll('\\n', '\n') }),
    ...(runas !== undefined && { runas }),
    ...(group !== undefined && { group }),
    ...(umask !== undefined && { umask }),
    ...(timeout !== undefined && timeout > 0 && { timeoutMs: timeout * 1000 }),
    ...(options.output_encoding !== undefined && { encoding: options.output_encoding }),
    ...(options.stream && { onOutput: (stream, text) => context.progress(stream, text) }),
  };
}

/** The home directory of the user, or `/` where the minion cannot go there. */
async function homeOf(context: MinionContext, runas: string | undefined): Promise<string> {
  const user = findUser(await readAccounts(context.root), runas ?? process.geteuid?.() ?? 0);
  if (user === undefined) return '/';
  try {
    await access(user.home, constants.R_OK);
    return user.home;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return '/';
  }
}

/** Whoever reads the output of a program expects English. */
const localeVariables = [
  'LC_CTYPE',
  'LC_NUMERIC',
  'LC_TIME',
  'LC_COLLATE',
  'LC_MONETARY',
  'LC_MESSAGES',
  'LC_PAPER',
  'LC_NAME',
  'LC_ADDRESS',
  'LC_TELEPHONE',
  'LC_MEASUREMENT',
  'LC_IDENTIFICATION',
  'LANGUAGE',
];

function environmentOf(context: MinionContext, options: CommandOptions): Record<string, string> {
  const { env = {}, prepend_path: prepended, reset_system_locale: resetsLocale = true } = options;
  const result: Record<string, string> = {};
  if (resetsLocale) for (const name of localeVariables) result[name] = 'C';
  // As in Salt, a variable without a value is set to the empty text.
  for (const [name, value] of Object.entries(env)) result[name] = value === null ? '' : String(value);
  if (prepended !== undefined) result.PATH = `${prepended}:${result.PATH ?? searchPath(context)}`;
  return result;
}

function checkedUmask(umask: string | undefined): string | undefined {
  if (umask === undefined) return undefined;
  const digits = umask.replace(/^0+/, '');
  if (digits === '') throw commandFailed('Zero umask is not allowed.');
  if (!/^[0-7]{1,4}$/.test(digits)) throw commandFailed(`Invalid umask: '${umask}'`);
  return digits.padStart(4, '0');
}

function integers(values: readonly unknown[]): number[] {
  const numbers = values.map(Number);
  if (numbers.every(Number.isInteger)) return numbers;
  throw new FleetError('ARGS_INVALID', 'success_retcodes must be a list of integers');
}

function stripped(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  strips = true,
): { stdout: string; stderr: string } {
  return strips ? { stdout: stdout.trimEnd(), stderr: stderr.trimEnd() } : { stdout, stderr };
}

function judged(result: CommandResult, successRetcodes: readonly number[], options: CommandOptions): CommandResult {
  const { success_stdout: stdoutTexts = [], success_stderr: stderrTexts = [] } = options;
  const isSuccess =
    successRetcodes.includes(result.retcode) ||
    stdoutTexts.some((text) => result.stdout.includes(text)) ||
    stderrTexts.some((text) => result.stderr.includes(text));
  return isSuccess ? { ...result, retcode: 0 } : result;
}

function timeoutText(command: Command, timeout: number | undefined): string {
  const shown = typeof command === 'string' ? command : pyRepr([...command]);
  return `${shown} : Timed out after ${timeout} seconds`;
}
