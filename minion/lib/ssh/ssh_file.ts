import { chmod } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { Text } from '../../../shared/plugin/args.ts';
import type { MinionContext } from '../../context.ts';
import { findUser, readAccounts, type User } from '../accounts.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed } from '../exec.ts';
import { fileRoot } from '../file_root.ts';
import { withRegularFile } from '../regular_file.ts';
import { restoreLabel } from '../restore_label.ts';
import { requireOwn, writeUserFile } from './user_file.ts';

/** A file that belongs to a user, or to the whole machine. */
export interface SshFile {
  /** As the machine knows it. */
  readonly path: string;
  /** Undefined: the whole machine's. */
  readonly user: User | undefined;
}

/**
 * `config` is below the user's home, or absolute; `%u` and `%h` in it stand for name and home. Undefined: no such user.
 */
export async function findUserFile(
  context: MinionContext,
  name: string,
  config: string,
): Promise<(SshFile & { readonly user: User }) | undefined> {
  const user = findUser(await readAccounts(context.root), name);
  if (user === undefined) return undefined;
  const expanded = config.replaceAll(/%([hu%])/g, (_whole, sign: string) =>
    sign === '%' ? '%' : sign === 'h' ? user.home : user.name,
  );
  return { path: isAbsolute(expanded) ? expanded : join(user.home, expanded), user };
}

/** One name, several, or all when nothing is said. */
export const Users = v.optional(v.union([v.array(Text), Text]));

/** What each of these users has, by name. Of several those whose files cannot be read are left out. */
export async function ofUsers<T>(
  context: MinionContext,
  user: string | readonly string[] | undefined,
  read: (name: string) => Promise<T | undefined>,
): Promise<Record<string, T>> {
  const names = user === undefined ? (await readAccounts(context.root)).users.map(({ name }) => name) : [user].flat();
  const found: [string, T][] = [];
  for (const name of names) {
    try {
      const value = await read(name);
      if (value !== undefined) found.push([name, value]);
    } catch (error) {
      const isExpected = error instanceof FleetError || systemErrorCode(error) !== undefined;
      if (!isExpected || typeof user === 'string') throw error;
      context.log.warning('the keys of a user cannot be read', { user: name, reason: String(error) });
    }
  }
  return Object.fromEntries(found);
}

/** Texts are taken apart on the event loop. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The text, undefined when there is no such file. Throws COMMAND_FAILED for pipes, devices and links that lead to
 * what is not the user's: it might be written back to where the user can read it.
 */
export async function readSshFile({ root }: MinionContext, { path, user }: SshFile): Promise<string | undefined> {
  try {
    return await withRegularFile(join(root, path), async (file, { size }) => {
      if (user !== undefined) await requireOwn({ root, path, user }, file);
      if (size > TEXT_BYTES_MAX) throw commandFailed(`${path} has ${size} bytes, more than a file of ssh needs`);
      return file.readFile('utf8');
    });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/**
 * Replaces the file; owner and mode stay, those of a new one are what ssh asks for, and so is the SELinux context,
 * without which sshd reads neither. Throws COMMAND_FAILED.
 */
export async function writeSshFile(context: MinionContext, { path, user }: SshFile, text: string): Promise<void> {
  const { root } = context;
  const file = join(root, path);
  if (user !== undefined) await writeUserFile({ root, path, user }, text);
  else {
    if (await makeWithParents(dirname(file))) await chmod(dirname(file), 0o755);
    await writeFileAtomically(file, text, fileRoot(root).exists(path) ? {} : { mode: 0o644 });
  }
  for (const each of [dirname(file), file]) await restoreLabel(context, each);
}
