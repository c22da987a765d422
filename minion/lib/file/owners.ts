import { chmod, chown, lchown, lstat, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { systemErrorCode } from '../../../shared/errors.ts';
import { Flag, Mode, Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext, type MinionFunction } from '../../context.ts';
import { type Accounts, findGroup, findUser, readAccounts } from '../accounts.ts';
import { commandFailed } from '../exec.ts';
import { FilePath, fileFn } from './file_function.ts';

/** A user or group: a name, or a number that YAML has made of it. */
export const Account = v.union([v.number(), Text]);
const followSymlinks = v.optional(Flag, true);

/** Functions on the owner, the group and the mode of files. */
export const ownerFunctions: Readonly<Record<string, MinionFunction>> = {
  user_to_uid: fn({
    summary: 'Convert user name to a uid.',
    args: { user: v.optional(Account) },
    returns: 'the uid, or an empty text when there is no such user.',
    reads: true,
    examples: ["salt '*' file.user_to_uid root"],
    run: async (context, { user = process.geteuid?.() ?? 0 }) =>
      typeof user === 'number' ? user : (findUser(await readAccounts(context.root), user)?.uid ?? ''),
  }),
  uid_to_user: fn({
    summary: 'Convert a uid to a user name.',
    args: { uid: Account },
    returns: 'the name, or the uid when there is no such user.',
    reads: true,
    examples: ["salt '*' file.uid_to_user 0"],
    run: async (context, { uid }) => userName(await readAccounts(context.root), Number(uid)),
  }),
  group_to_gid: fn({
    summary: 'Convert the group to the gid on this system.',
    args: { group: v.optional(Account, '') },
    returns: 'the gid, or an empty text when there is no such group.',
    reads: true,
    examples: ["salt '*' file.group_to_gid root"],
    run: async (context, { group }) =>
      typeof group === 'number' ? group : (findGroup(await readAccounts(context.root), group)?.gid ?? ''),
  }),
  gid_to_group: fn({
    summary: 'Convert the group id to the group name on this system.',
    args: { gid: Account },
    returns: 'the name, or the gid when there is no such group.',
    reads: true,
    examples: ["salt '*' file.gid_to_group 0"],
    run: async (context, { gid }) => groupName(await readAccounts(context.root), Number(gid)),
  }),
  get_uid: fileFn({
    summary: 'Return the id of the user that owns a given file.',
    args: { path: FilePath, follow_symlinks: followSymlinks },
    reads: true,
    examples: ["salt '*' file.get_uid /etc/passwd"],
    run: async (_context, { path, follow_symlinks }) => (await statOf(path, follow_symlinks)).uid,
  }),
  get_gid: fileFn({
    summary: 'Return the id of the group that owns a given file.',
    args: { path: FilePath, follow_symlinks: followSymlinks },
    reads: true,
    examples: ["salt '*' file.get_gid /etc/passwd"],
    run: async (_context, { path, follow_symlinks }) => (await statOf(path, follow_symlinks)).gid,
  }),
  get_user: fileFn({
    summary: 'Return the user that owns a given file.',
    args: { path: FilePath, follow_symlinks: followSymlinks },
    reads: true,
    examples: ["salt '*' file.get_user /etc/passwd"],
    run: async (context, { path, follow_symlinks }) =>
      userName(await readAccounts(context.root), (await statOf(path, follow_symlinks)).uid),
  }),
  get_group: fileFn({
    summary: 'Return the group that owns a given file.',
    args: { path: FilePath, follow_symlinks: followSymlinks },
    reads: true,
    examples: ["salt '*' file.get_group /etc/passwd"],
    run: async (context, { path, follow_symlinks }) =>
      groupName(await readAccounts(context.root), (await statOf(path, follow_symlinks)).gid),
  }),
  get_mode: fileFn({
    summary: 'Return the mode of a file.',
    args: { path: FilePath, follow_symlinks: followSymlinks },
    reads: true,
    examples: ["salt '*' file.get_mode /etc/passwd"],
    run: async (_context, { path, follow_symlinks }) => modeText((await statOf(path, follow_symlinks)).mode),
  }),
  set_mode: fileFn({
    summary: 'Set the mode of a file.',
    args: { path: FilePath, mode: Mode },
    returns: 'the mode the file has then.',
    examples: ["salt '*' file.set_mode /etc/passwd 0644"],
    async run(_context, { path, mode }) {
      if (!(await isThere(path))) throw commandFailed(`${path}: File not found`);
      await chmod(path, Number.parseInt(mode, 8));
      return modeText((await stat(path)).mode);
    },
  }),
  chown: fileFn({
    summary: 'Chown a file, pass the file the desired user and group.',
    description: '\nAn empty user or group stays as it is.',
    args: { path: FilePath, user: Account, group: Account },
    examples: ["salt '*' file.chown /etc/passwd root root"],
    run: (context, { path, user, group }) => changeOwner(context, path, { user, group }),
  }),
  lchown: fileFn({
    summary: 'Chown a file, pass the file the desired user and group without following symlinks.',
    args: { path: FilePath, user: Account, group: Account },
    examples: ["salt '*' file.lchown /etc/passwd root root"],
    run: (context, { path, user, group }) => changeOwner(context, path, { user, group, follow_symlinks: false }),
  }),
  chgrp: fileFn({
    summary: 'Change the group of a file.',
    args: { path: FilePath, group: Account },
    examples: ["salt '*' file.chgrp /etc/passwd root"],
    run: (context, { path, group }) => changeOwner(context, path, { user: '', group }),
  }),
};

/** Four octal digits, as Salt writes modes. */
export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

export function userName(accounts: Accounts, uid: number): string | number {
  return findUser(accounts, uid)?.name ?? uid;
}

export function groupName(accounts: Accounts, gid: number): string | number {
  return findGroup(accounts, gid)?.name ?? gid;
}

/**
 * Throws COMMAND_FAILED, as `file.stats` does, when there is nothing. A link that leads nowhere is itself looked at.
 */
export async function statOf(path: string, followsLinks: boolean) {
  const own = await lstatIfThere(path);
  if (own === undefined) throw commandFailed(`Path not found: ${path}`);
  if (!followsLinks || !own.isSymbolicLink()) return own;
  return (await isThere(path)) ? stat(path) : own;
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isNothing(error)) return false;
    throw error;
  }
}

export async function lstatIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw error;
  }
}

function isNothing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemErrorCode(error) ?? '');
}

interface Owner {
  /** Empty: as it is. */
  readonly user: string | number;
  readonly group: string | number;
  readonly follow_symlinks?: boolean;
}

/** Throws COMMAND_FAILED for a user, group or file that does not exist. */
export async function changeOwner(context: MinionContext, path: string, owner: Owner): Promise<null> {
  const accounts = await readAccounts(context.root);
  const uid = typeof owner.user === 'number' ? owner.user : findUser(accounts, owner.user)?.uid;
  const gid = typeof owner.group === 'number' ? owner.group : findGroup(accounts, owner.group)?.gid;
  if (uid === undefined && owner.user !== '') throw commandFailed(`User does not exist: ${owner.user}`);
  if (gid === undefined && owner.group !== '') throw commandFailed(`Group does not exist: ${owner.group}`);
  const own = await lstatIfThere(path);
  if (own === undefined) throw commandFailed(`File not found: ${path}`);
  const followsLink = owner.follow_symlinks !== false && (await isThere(path));
  const current = followsLink ? await stat(path) : own;
  await (followsLink ? chown : lchown)(path, uid ?? current.uid, gid ?? current.gid);
  return null;
}
