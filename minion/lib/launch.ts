import { realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { pyRepr } from '../../shared/python_text.ts';
import { findGroup, findUser, readAccounts, supplementaryGids } from './accounts.ts';
import type { ExecOptions } from './exec.ts';
import { defaultPath, findExecutable } from './find_executable.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a launch is made from, beside the call's own options. */
export interface LaunchSettings {
  /** The environment that every process starts from. */
  readonly env: Environment;
  readonly log: Logger;
  /** Directory that stands for `/` when users and groups are looked up. */
  readonly root: string;
  /** Effective user id of this process. */
  readonly euid: number;
}

/** All that is needed to start a process. */
export interface Launch {
  readonly argv: readonly [string, ...string[]];
  readonly env: Environment;
  readonly cwd: string | undefined;
  /** Only where nothing else can change the user. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Whom a process runs as. */
interface Identity {
  readonly name: string;
  readonly uid: number | undefined;
  readonly gid: number;
  /** Undefined keeps those of this process. */
  readonly groups: readonly number[] | undefined;
  readonly env: Environment;
}

/** Checks what can be checked beforehand and wraps the command for user, umask and joined output. Throws COMMAND_FAILED. */
export async function prepareLaunch(
  argv: readonly [string, ...string[]],
  options: ExecOptions,
  settings: LaunchSettings,
): Promise<Launch> {
  const identity = await findIdentity(options, settings);
  const env = environmentOf(options, settings.env, identity);
  await checkCwd(options.cwd);
  await checkProgram(argv, env.PATH ?? defaultPath, options.cwd);
  const wrapped = wrapInShell(argv, options);
  if (identity === undefined) return { argv: wrapped, env, cwd: options.cwd };
  const setpriv = await findSetpriv();
  if (setpriv !== undefined) {
    return { argv: [setpriv, ...setprivArguments(identity), '--', ...wrapped], env, cwd: options.cwd };
  }
  settings.log.warning(`running without the further groups of ${identity.name}: setpriv is not installed`);
  const { uid, gid } = identity;
  return { argv: wrapped, env, cwd: options.cwd, gid, ...(uid !== undefined && { uid }) };
}

export function unableToRun(argv: readonly string[], reason: string, cause?: unknown): FleetError {
  return new FleetError('COMMAND_FAILED', `unable to run command '${pyRepr([...argv])}', reason: ${reason}`, { cause });
}

async function findIdentity(options: ExecOptions, { root, euid }: LaunchSettings): Promise<Identity | undefined> {
  const { runas, group } = options;
  if (runas === undefined && group === undefined) return undefined;
  const accounts = await readAccounts(root);
  const user = runas === undefined ? undefined : findUser(accounts, runas);
  if (runas !== undefined && user === undefined) throw cannotRunAs(runas, `user '${runas}' does not exist`);
  const found = group === undefined ? undefined : findGroup(accounts, group);
  if (group !== undefined && found === undefined) throw cannotRunAs(runas, `group '${group}' does not exist`);
  if (euid !== 0) {
    if (user?.uid === euid && found === undefined) return undefined;
    throw cannotRunAs(runas, 'must be root');
  }
  const gid = (found ?? user)?.gid as number;
  if (user === undefined) return { name: `group ${group}`, uid: undefined, gid, groups: undefined, env: {} };
  return {
    name: `user ${user.name}`,
    uid: user.uid,
    gid,
    groups: [gid, ...supplementaryGids(accounts, user)],
    env: { HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: user.shell },
  };
}

function cannotRunAs(runas: string | undefined, reason: string): FleetError {
  const who = runas === undefined ? 'with another group' : `as '${runas}'`;
  return new FleetError('COMMAND_FAILED', `cannot run a command ${who}: ${reason}`);
}

function environmentOf(options: ExecOptions, inherited: Environment, identity: Identity | undefined): Environment {
  const env: Record<string, string | undefined> = { ...(options.cleanEnv ? {} : inherited), ...identity?.env };
  // A child that tells systemd "ready" would speak for the minion.
  delete env.NOTIFY_SOCKET;
  for (const [name, value] of Object.entries(options.env ?? {})) env[name] = value ?? undefined;
  return env;
}

async function checkCwd(cwd: string | undefined): Promise<void> {
  if (cwd === undefined || (isAbsolute(cwd) && (await isDirectory(cwd)))) return;
  throw new FleetError('COMMAND_FAILED', `specified cwd '${cwd}' either not absolute or does not exist`);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** A shell or setpriv around the command would report a missing program in words and a status of its own. */
async function checkProgram(
  argv: readonly [string, ...string[]],
  path: string,
  cwd: string | undefined,
): Promise<void> {
  const [program] = argv;
  if ((await findExecutable(program, path, cwd)) !== undefined) return;
  const isThere = program.includes('/') && (await exists(program, cwd));
  throw unableToRun(argv, `[Errno ${isThere ? '13] Permission denied' : '2] No such file or directory'}: '${program}'`);
}

async function exists(path: string, cwd: string | undefined): Promise<boolean> {
  try {
    await stat(resolve(cwd ?? '.', path));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** Node can neither set a umask for a child nor give it one pipe for both outputs; a shell that replaces itself can. */
function wrapInShell(
  argv: readonly [string, ...string[]],
  { umask, mergeStderr, background }: ExecOptions,
): readonly [string, ...string[]] {
  const isMerged = mergeStderr === true && background !== true;
  if (umask === undefined && !isMerged) return argv;
  const script = `${umask === undefined ? '' : 'umask "$0"; '}exec "$@"${isMerged ? ' 2>&1' : ''}`;
  return ['/bin/sh', '-c', script, umask ?? 'sh', ...argv];
}

/** Node's own uid and gid drop the further groups, and BusyBox's setpriv cannot change the user. */
async function findSetpriv(): Promise<string | undefined> {
  const file = await findExecutable('setpriv', defaultPath);
  return file === undefined || basename(await realpath(file)) === 'busybox' ? undefined : file;
}

function setprivArguments({ uid, gid, groups }: Identity): string[] {
  return [
    ...(uid === undefined ? [] : [`--reuid=${uid}`]),
    `--regid=${gid}`,
    groups === undefined ? '--keep-groups' : `--groups=${groups.join(',')}`,
  ];
}
