import { chmod, chown, copyFile, readFile, realpath, stat, utimes, writeFile } from 'node:fs/promises';
import { unifiedDiff } from '../../../shared/data/text_diff.ts';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { isThere } from './owners.ts';

/** Texts are searched and edited as a whole on the event loop: beyond this it would be held up for too long. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/** A text with what is needed to write it back byte for byte. */
export interface TextFile {
  /** Links resolved. */
  readonly path: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

/** Throws ARGS_INVALID for what is missing or binary, LIMIT_EXCEEDED for what is too long. */
export async function readTextFile(path: string): Promise<TextFile> {
  if (!(await isThere(path))) throw new FleetError('ARGS_INVALID', `File not found: ${path}`);
  const real = await realpath(path);
  const { size } = await stat(real);
  if (size > TEXT_BYTES_MAX) {
    throw new FleetError(
      'LIMIT_EXCEEDED',
      `${path} has ${size} bytes: texts to be edited have at most ${TEXT_BYTES_MAX}`,
    );
  }
  const bytes = await readFile(real);
  if (bytes.subarray(0, 512).includes(0)) {
    throw new FleetError('ARGS_INVALID', `Cannot perform string replacements on a binary file: ${real}`);
  }
  return { path: real, ...decode(bytes) };
}

export interface EditOptions {
  /** What is put behind the name of the copy of the old file; false or an empty text for none. */
  readonly backup: string | false;
  readonly dry_run?: boolean;
  /** Keep the file's place on the disk, so that its other names see the new content. Default true. */
  readonly preserve_inode?: boolean;
}

/** Writes a changed text back, with its owner and mode, and returns the unified diff; empty when nothing changed. */
export async function saveEdit(file: TextFile, text: string, options: EditOptions): Promise<string> {
  const diff = unifiedDiff(file.text, text);
  if (diff === '' || options.dry_run) return diff;
  if (options.backup) await backUp(file.path, `${file.path}${options.backup}`);
  await overwrite(file.path, Buffer.from(text, file.encoding), options.preserve_inode ?? true);
  return diff;
}

/** What is not UTF-8 is read byte by byte, so that the bytes that nobody touches stay as they are. */
function decode(bytes: Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'latin1' } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), encoding: 'utf8' };
  } catch (error) {
    if (systemErrorCode(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    return { text: Buffer.from(bytes).toString('latin1'), encoding: 'latin1' };
  }
}

async function backUp(path: string, copy: string): Promise<void> {
  const { uid, gid, mode, atime, mtime } = await stat(path);
  await copyFile(path, copy);
  const made = await stat(copy);
  if (made.uid !== uid || made.gid !== gid) await chown(copy, uid, gid);
  await chmod(copy, mode & 0o7777);
  await utimes(copy, atime, mtime);
}

async function overwrite(path: string, content: Uint8Array, keepsInode: boolean): Promise<void> {
  const { nlink } = await stat(path);
  if (keepsInode && nlink > 1) return writeFile(path, content);
  try {
    await writeFileAtomically(path, content);
  } catch (error) {
    // A file that is mounted by itself, such as /etc/hosts in a container, cannot be replaced.
    if (systemErrorCode(error) !== 'EBUSY') throw error;
    await writeFile(path, content);
  }
}
