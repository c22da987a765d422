import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushDirectory } from '../../shared/crypto/private_file.ts';
import { systemErrorCode } from '../../shared/errors.ts';

/** A file of lines that only grows, for what must not be forgotten. */
export interface LineLog {
  /** Resolves when the lines would survive a power cut; when it rejects, the file is as it was before. */
  append(lines: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * How far the file is filled with zeros beyond its last line. A write that does not change the size of the file needs no
 * commit of the file system's journal: 0.34 ms with its flush, against 0.76 (ext4).
 */
const AHEAD_BYTES = 64 * 1024;

/** Begins the file anew with these lines, beside the old one, which it then replaces. */
export async function createLineLog(path: string, lines: string): Promise<LineLog> {
  const beside = `${path}.new`;
  await unlink(beside).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
  const file = await open(beside, 'wx', 0o600);
  const log = openEnd(file);
  await log.append(lines);
  await rename(beside, path);
  await flushDirectory(dirname(path));
  return log;
}

/** The lines in a file's text: what follows a zero or the last line feed was never acknowledged. */
export function wholeLines(text: string): string[] {
  const zero = text.indexOf('\0');
  const written = zero === -1 ? text : text.slice(0, zero);
  return written.slice(0, written.lastIndexOf('\n') + 1).split('\n');
}

function openEnd(file: FileHandle): LineLog {
  let end = 0;
  let allocated = 0;
  return {
    async append(lines) {
      const bytes = Buffer.from(lines);
      try {
        if (end + bytes.length > allocated) {
          await writeAt(file, Buffer.alloc(bytes.length + AHEAD_BYTES), end);
          allocated = end + bytes.length + AHEAD_BYTES;
        }
        await writeAt(file, bytes, end);
        await file.datasync();
      } catch (error) {
        await file.truncate(end);
        allocated = end;
        throw error;
      }
      end += bytes.length;
    },
    async close() {
      await file.truncate(end);
      await file.close();
    },
  };
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
