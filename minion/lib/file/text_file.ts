import { realpath } from 'node:fs/promises';
import { unifiedDiff } from '../../../shared/data/text_diff.ts';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';
import { withRegularFile } from '../regular_file.ts';
import { copyWhole, keepBackup } from './backup_copy.ts';
import { isThere } from './owners.ts';
import { replaceContent } from './replace_content.ts';

/** Texts are searched and edited as a whole on the event loop: beyond this it would be held up for too long. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/** A text with what is needed to write it back byte for byte. */
export interface TextFile {
  /** Links resolved. */
  readonly path: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

/**
 * Throws ARGS_INVALID for what is missing or binary, COMMAND_FAILED for a pipe or a device, LIMIT_EXCEEDED for what is
 * too long.
 */
export async function readTextFile(path: string): Promise<TextFile> {
  if (!(await isThere(path))) throw new FleetError('ARGS_INVALID', `File not found: ${path}`);
  const real = await realpath(path);
  const bytes = await withRegularFile(real, (file, { size }) => {
    if (size <= TEXT_BYTES_MAX) return file.readFile();
    throw new FleetError(
      'LIMIT_EXCEEDED',
      `${path} has ${size} bytes: texts to be edited have at most ${TEXT_BYTES_MAX}`,
    );
  });
  if (bytes.subarray(0, 512).includes(0)) {
    throw new FleetError('ARGS_INVALID', `Cannot perform string replacements on a binary file: ${real}`);
  }
  return { path: real, ...decode(bytes) };
}

export interface EditOptions {
  /**
   * What is put behind the name of the copy of the old file; `minion` for a copy among the minion's backups, false or
   * an empty text for none.
   */
  readonly backup: string | false;
  readonly dry_run?: boolean;
  /** Keep the file's place on the disk, so that its other names see the new content. Default true. */
  readonly preserve_inode?: boolean;
}

/** Writes a changed text back, with its owner and mode, and returns the unified diff; empty when nothing changed. */
export async function saveEdit(
  context: MinionContext,
  file: TextFile,
  text: string,
  options: EditOptions,
): Promise<string> {
  const diff = unifiedDiff(file.text, text);
  if (diff === '' || options.dry_run) return diff;
  if (options.backup === 'minion') await keepBackup(context, file.path);
  else if (options.backup) await copyWhole(file.path, `${file.path}${options.backup}`);
  await replaceContent(context, file.path, Buffer.from(text, file.encoding), options.preserve_inode);
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
