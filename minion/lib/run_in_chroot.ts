import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { systemErrorCode } from '../../shared/errors.ts';
import { splitCommand } from '../../shared/shlex.ts';
import type { MinionContext } from '../context.ts';
import { commandFailed } from './exec.ts';
import { fileRoot } from './file_root.ts';
import { processIds } from './process/map_processes.ts';
import { sendSignal } from './process/send_signal.ts';
import { type Command, type CommandOptions, type CommandResult, checkPermitted, runCommand } from './run_command.ts';

interface Mounted {
  readonly path: string;
  readonly device: string;
  readonly how: Readonly<Record<string, string>>;
}

const SIGKILL = 9;

/** What programs need of the kernel. */
function kernelMounts(folder: string): Mounted[] {
  const [dev, proc, sys] = ['dev', 'proc', 'sys'].map((name) => join(folder, name)) as [string, string, string];
  return [
    { path: dev, device: 'devtmpfs', how: { fstype: 'devtmpfs' } },
    { path: proc, device: 'proc', how: { fstype: 'proc' } },
    { path: sys, device: 'sysfs', how: { fstype: 'sysfs' } },
  ];
}

/**
 * Runs a command with another directory as `/`, in which /dev, /proc, /sys and `binds` are there meanwhile. Whatever it
 * leaves behind is killed.
 */
export async function runInChroot(
  context: MinionContext,
  directory: string,
  command: Command,
  { binds, shell, python_shell, ...options }: CommandOptions & { readonly binds: readonly string[] },
): Promise<CommandResult> {
  const folder = await otherRoot(context.root, directory);
  checkPermitted(context, command);
  const argv = chrootArgv(
    folder,
    command,
    python_shell === false ? undefined : (shell ?? shellIn(join(context.root, folder))),
  );
  const bound = binds.map((path) => ({ path: join(folder, path), device: path, how: { opts: 'bind' } }));
  const mounted: Mounted[] = [];
  try {
    for (const mount of [...kernelMounts(folder), ...bound]) {
      await requireWithin(context.root, folder, mount.path);
      if (await context.call('mount.is_mounted', [mount.path])) continue;
      const answer = await context.call('mount.mount', [mount.path, mount.device], { mkmnt: true, ...mount.how });
      if (answer !== true) throw commandFailed(`${mount.path} cannot be mounted: ${String(answer)}`);
      mounted.push(mount);
    }
    return await runCommand(context, argv, { ...options, python_shell: false });
  } finally {
    await killThoseIn(context, folder);
    for (const { path } of mounted.toReversed()) await unmount(context, path);
  }
}

function chrootArgv(folder: string, command: Command, shell: string | undefined): string[] {
  if (typeof command !== 'string') return ['chroot', folder, ...command];
  return ['chroot', folder, ...(shell === undefined ? splitCommand(command) : [shell, '-c', command])];
}

function shellIn(folder: string): string {
  return fileRoot(folder).exists('bin/bash') ? '/bin/bash' : '/bin/sh';
}

/** Of the machine itself nothing is to be mounted, and nobody is to be killed. */
async function otherRoot(root: string, directory: string): Promise<string> {
  try {
    const folder = await realpath(join(root, directory));
    if (folder !== (await realpath(root)) && (await stat(folder)).isDirectory())
      return join('/', relative(root, folder));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  throw commandFailed(`${directory} is no directory that could be another root`);
}

/** A link of the other root must not have something mounted over a directory of this one. */
async function requireWithin(root: string, folder: string, path: string): Promise<void> {
  const real = await realPart(join(root, path));
  if (!`${real}/`.startsWith(`${await realpath(join(root, folder))}/`)) {
    throw commandFailed(`${path} leads out of ${folder}`, 'remove the link');
  }
}

/** As far as it is there. */
async function realPart(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return realPart(dirname(path));
  }
}

async function killThoseIn({ root }: MinionContext, folder: string): Promise<void> {
  const files = fileRoot(root);
  for (const pid of processIds(files)) {
    if ((await files.link(`/proc/${pid}/root`)) === folder) sendSignal(pid, SIGKILL);
  }
}

async function unmount(context: MinionContext, path: string): Promise<void> {
  const answer = await context.call('mount.umount', [path]);
  if (answer !== true) context.log.warning('what was mounted for a command stays', { path, reason: String(answer) });
}
