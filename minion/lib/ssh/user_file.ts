import { constants } from 'node:fs';
import { type FileHandle, lchown, lstat, mkdir, open, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ifThere } from '../../../shared/if_there.ts';
import type { User } from '../accounts.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed } from '../exec.ts';

/**
 * A file of a user, who may at any time put links and other folders where the minion, as root, is about to read or
 * write. What was opened is therefore what is checked, and what is written to.
 */
export interface UserFile {
  readonly root: string;
  /** As the machine knows it. */
  readonly path: string;
  readonly user: User;
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Throws COMMAND_FAILED when what was opened is neither the user's nor where it should be with no link followed. */
export async function requireOwn(file: UserFile, handle: FileHandle): Promise<void> {
  await requireOwnAt(file, handle, join(file.root, file.path));
}

/** Writes it into the place of the old one. Folders that are missing are made for the user. Throws COMMAND_FAILED. */
export async function writeUserFile(file: UserFile, text: string): Promise<void> {
  const { root, path, user } = file;
  await makeFolder(file, dirname(join(root, path)));
  const target = await resolved(join(root, path));
  await inFolder(dirname(target), async (folder, handle) => {
    const place = join(folder, basename(target));
    const old = await ifThere(lstat(place));
    const known = old?.isFile() === true ? old : undefined;
    if (known?.uid !== user.uid) await requireOwnAt(file, handle, dirname(join(root, path)));
    const { uid, gid, mode } = known ?? { ...user, mode: 0o600 };
    await writeFileAtomically(place, text, { uid, gid, mode: mode & 0o7777, replacesLink: true });
  });
}

async function makeFolder(file: UserFile, folder: string): Promise<void> {
  if ((await ifThere(stat(folder))) !== undefined) return;
  const parent = dirname(folder);
  await makeFolder(file, parent);
  await inFolder(await realpath(parent), async (within, handle) => {
    await requireOwnAt(file, handle, parent);
    const made = join(within, basename(folder));
    await mkdir(made, { mode: 0o700 });
    await lchown(made, file.user.uid, file.user.gid);
  });
}

/** Opens a folder; its path leads to this one also when another has taken its name. */
async function inFolder<T>(path: string, use: (folder: string, handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, FOLDER);
  try {
    const own = `/proc/self/fd/${handle.fd}`;
    return await use((await ifThere(stat(own))) === undefined ? path : own, handle);
  } finally {
    await handle.close();
  }
}

async function requireOwnAt({ root, path, user }: UserFile, handle: FileHandle, wanted: string): Promise<void> {
  if ((await handle.stat()).uid === user.uid) return;
  // Homes are where the administrator put them; in them everything is the user's.
  const home = join(root, user.home).replace(/\/+$/, '');
  const base = wanted === home || wanted.startsWith(`${home}/`) ? home : dirname(wanted);
  const plain = join(await realpath(base), wanted.slice(base.length));
  const real = (await ifThere(readlink(`/proc/self/fd/${handle.fd}`))) ?? (await realpath(wanted));
  if (real !== plain) throw commandFailed(`${path} leads to a file that is not of ${user.name}`);
}

/** Where links lead to; one that leads nowhere is replaced itself. */
async function resolved(file: string): Promise<string> {
  return (await ifThere(realpath(file))) ?? join(await realpath(dirname(file)), basename(file));
}
