import { stat, writeFile } from 'node:fs/promises';
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
  if (found !== undefined && (!found.isFile() || (keepsInode && found.nlink > 1))) return writeFile(path, content);
  try {
    await writeFileAtomically(path, content);
  } catch (error) {
    if (!ONLY_IN_PLACE.includes(systemErrorCode(error) ?? '')) throw error;
    return writeFile(path, content);
  }
  if (found !== undefined) await restoreLabel(context, path);
}
