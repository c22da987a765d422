import { chmod, chown, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';
import { findUser, readAccounts, type User } from '../accounts.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed } from '../exec.ts';

/** A file that belongs to a user, or to the whole machine. */
export interface SshFile {
  /** As the machine knows it. */
  readonly path: string;
  /** Undefined: the whole machine's. */
  readonly user: User | undefined;
}

/** `config` is below the user's home, or absolute; `%u` and `%h` in it stand for name and home. Undefined: no such user. */
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

/** The text, undefined when there is no such file. */
export async function readSshFile({ root }: MinionContext, path: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, path), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/**
 * Replaces the file; owner and mode stay, those of a new one are what ssh asks for. Throws COMMAND_FAILED where a link
 * leads to what is not the user's: who may change a home shall not have root write elsewhere.
 */
export async function writeSshFile({ root }: MinionContext, { path, user }: SshFile, text: string): Promise<void> {
  const file = join(root, path);
  const folder = dirname(file);
  if (await mkdir(folder, { recursive: true })) {
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    await chmod(folder, user === undefined ? 0o755 : 0o700);
  }
  const isNew = !(await isThere(file));
  if (user !== undefined) await checkOwner(isNew ? folder : file, path, user);
  const owner = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  await writeFileAtomically(file, text, isNew ? { mode: user === undefined ? 0o644 : 0o600, ...owner } : {});
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The file and its folder may be links of the user's; homes are where the administrator put them. */
async function checkOwner(file: string, shown: string, user: User): Promise<void> {
  const home = dirname(dirname(file));
  const plain = join(await realpath(home), file.slice(home.length));
  const real = await realpath(file);
  if (real === plain || (await stat(real)).uid === user.uid) return;
  throw commandFailed(`${shown} leads to a file that is not of ${user.name}`);
}
