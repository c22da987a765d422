import { open, stat, writeFile } from 'node:fs/promises';
import { writeAt } from '../../../shared/disk/write_at.ts';
import { systemErrorCode } from '../../../shared/errors.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { type Labelling, restoreLabel } from '../restore_label.ts';
import { isThere } from './owners.ts';

/**
 * Why a file can be written to and not be replaced: it is mounted by itself, such as /etc/hosts in a container, or the
 * minion is not root and its folder, or the owner it has to have, belongs to somebody else.
 */
const ONLY_IN_PLACE = ['EBUSY', 'EACCES', 'EPERM'];

/**
 * Gives a file another content, at once where that can be, with the owner and mode it has. What has other names keeps
 * them unless `keepsInode` is false; a device or a pipe is written to.
 */
export async function replaceContent(
  context: Labelling,
  path: string,
  content: string | Uint8Array,
  keepsInode = true,
): Promise<void> {
  const found = (await isThere(path)) ? await stat(path) : undefined;
  if (found?.isFile() === false) return writeFile(path, content);
  if (found !== undefined && keepsInode && found.nlink > 1) return overwrite(path, content);
  try {
    await writeFileAtomically(path, content);
  } catch (error) {
    if (!ONLY_IN_PLACE.includes(systemErrorCode(error) ?? '')) throw error;
    return found === undefined ? writeFile(path, content) : overwrite(path, content);
  }
  if (found !== undefined) await restoreLabel(context, path);
}

/** In its place. What the file grows by is written first: on a full disk it stays as it was. */
async function overwrite(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    try {
      await writeAt(file, bytes.subarray(size), size);
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
    await writeAt(file, bytes.subarray(0, size), 0);
    await file.truncate(bytes.length);
  } finally {
    await file.close();
  }
}
