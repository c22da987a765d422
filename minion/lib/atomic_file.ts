import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { flushDirectory } from '../../shared/disk/flush_directory.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import { ifThere } from '../../shared/if_there.ts';

export interface AtomicFileOptions {
  /** Permission bits; without it those of the file that is replaced, and 0666 less the umask for a new one. */
  readonly mode?: number;
  /** Without it the owner of the file that is replaced. */
  readonly uid?: number;
  readonly gid?: number;
  /** A symbolic link is replaced itself, which takes mode, uid and gid. */
  readonly replacesLink?: boolean;
}

/**
 * Replaces a file's content so that a reader, or a power cut, sees the old content or the new one and nothing between.
 * A symbolic link stays, its target is replaced. Throws the operating system's errors.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: AtomicFileOptions = {},
): Promise<void> {
  const target = options.replacesLink ? path : await resolveLink(path);
  const replaced = await ifThere(stat(target));
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const isPrivate = replaced !== undefined || options.mode !== undefined;
  // Nobody else may read the content before the owner and mode are those it shall have.
  const file = await open(temporary, 'wx', isPrivate ? 0o600 : 0o666).catch((error: unknown) => {
    throw aboutTarget(error, target);
  });
  try {
    await fillFile(file, content, options, replaced);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary);
    throw aboutTarget(error, target);
  }
  await flushDirectory(folder);
}

/** Whoever asked for the file knows nothing of the temporary one beside it. */
function aboutTarget(error: unknown, path: string): unknown {
  return error instanceof Error && 'path' in error ? Object.assign(error, { path, dest: undefined }) : error;
}

async function fillFile(
  file: FileHandle,
  content: string | Uint8Array,
  options: AtomicFileOptions,
  replaced: Stats | undefined,
): Promise<void> {
  try {
    await file.writeFile(content);
    const own = await file.stat();
    const uid = options.uid ?? replaced?.uid ?? own.uid;
    const gid = options.gid ?? replaced?.gid ?? own.gid;
    if (uid !== own.uid || gid !== own.gid) await file.chown(uid, gid);
    const mode = options.mode ?? (replaced === undefined ? undefined : replaced.mode & 0o7777);
    // After the owner: chown clears the set-id bits.
    if (mode !== undefined) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The file that a path leads to; a link that leads nowhere is replaced itself. */
async function resolveLink(path: string): Promise<string> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await realpath(path) : path;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return path;
    throw error;
  }
}
