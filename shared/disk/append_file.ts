import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifThere } from '../if_there.ts';
import { flushDirectory } from './flush_directory.ts';
import { writeAt } from './write_at.ts';

/** A file that only grows, for what must not be forgotten. One append at a time. */
export interface AppendFile {
  /**
   * Resolves to where the bytes begin, when they would survive a power cut; those not flushed, when they would survive
   * the end of this process. When it rejects, the file is as it was before.
   */
  append(bytes: Uint8Array, options?: { readonly flush: boolean }): Promise<number>;
  /** Bytes from a place on, fewer where the file ends. */
  read(start: number, length: number): Promise<Buffer<ArrayBuffer>>;
  /** Where the next bytes go. */
  end(): number;
  /** Forgets all that was appended; after a power cut before the next flush it may be there again. */
  rewind(): Promise<void>;
  close(): Promise<void>;
}

/**
 * How far the file is filled with zeros beyond its last byte. A write that does not change the size of the file needs
 * no commit of the file system's journal: 0.34 ms with its flush, against 0.76 (ext4).
 */
const AHEAD_BYTES = 64 * 1024;

/** Bytes that are written again with the next flush, at most. */
const UNFLUSHED_BYTES_MAX = 4096;

/** Each write through it returns when it is on the disk: one call in the place of two, write and flush. */
const SYNCHRONOUS = constants.O_RDWR | constants.O_DSYNC;

/**
 * Begins the file anew with what `fill` appends, beside the old one, which it then replaces. A power cut before the next
 * flush may bring the old one back. When it rejects, the old one is still there.
 */
export async function createAppendFile(
  path: string,
  fill: (file: AppendFile) => Promise<unknown>,
): Promise<AppendFile> {
  const beside = `${path}.new`;
  await ifThere(unlink(beside));
  const handle = await open(beside, 'wx+', 0o600);
  let synchronous: FileHandle | undefined;
  try {
    synchronous = await open(beside, SYNCHRONOUS);
    const name: FileName = { folder: dirname(path), isOnDisk: true };
    const file = appendFrom(handle, synchronous, 0, name);
    await fill(file);
    await handle.datasync();
    await rename(beside, path);
    // The old file is gone: a failure from here on is one of the next append, not of this one.
    name.isOnDisk = false;
    return file;
  } catch (error) {
    await synchronous?.close();
    await handle.close();
    // Half a file on a full disk would only keep it full.
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

/** Goes on with a file that is there; what follows `end` was never acknowledged, and goes. */
export async function openAppendFile(path: string, end: number): Promise<AppendFile> {
  const handle = await open(path, 'r+');
  try {
    await handle.truncate(end);
    return appendFrom(handle, await open(path, SYNCHRONOUS), end, { folder: dirname(path), isOnDisk: true });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What leads to the file. */
interface FileName {
  readonly folder: string;
  isOnDisk: boolean;
}

/** Two handles of one file: what is written through `synchronous` is on the disk, and nothing else that was written. */
function appendFrom(handle: FileHandle, synchronous: FileHandle, start: number, name: FileName): AppendFile {
  let end = start;
  let allocated = start;
  // The last bytes, which may not be on the disk: they are written again with what follows, that would be lost with them.
  let unflushed = new Uint8Array();
  // More than those may not be on the disk.
  let needsFlush = true;

  const extend = async (bytes: number): Promise<void> => {
    if (end + bytes <= allocated) return;
    needsFlush = true;
    // What is to be appended itself fills the file up to there.
    await writeAt(handle, new Uint8Array(AHEAD_BYTES), end + bytes);
    allocated = end + bytes + AHEAD_BYTES;
  };
  const write = async (bytes: Uint8Array): Promise<void> => {
    await writeAt(handle, bytes, end);
    if (unflushed.length + bytes.length > UNFLUSHED_BYTES_MAX) needsFlush = true;
    unflushed = needsFlush ? new Uint8Array() : Buffer.concat([unflushed, bytes]);
  };
  const writeFlushed = async (bytes: Uint8Array): Promise<void> => {
    if (!name.isOnDisk) await flushDirectory(name.folder);
    name.isOnDisk = true;
    if (needsFlush) {
      await writeAt(handle, bytes, end);
      await handle.datasync();
    } else await writeAt(synchronous, Buffer.concat([unflushed, bytes]), end - unflushed.length);
    needsFlush = false;
    unflushed = new Uint8Array();
  };

  return {
    async append(bytes, { flush } = { flush: true }) {
      try {
        await extend(bytes.length);
        await (flush ? writeFlushed(bytes) : write(bytes));
      } catch (error) {
        needsFlush = true;
        unflushed = new Uint8Array();
        await handle.truncate(end);
        allocated = end;
        throw error;
      }
      const begin = end;
      end += bytes.length;
      return begin;
    },
    async read(from, length) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
      return buffer.subarray(0, bytesRead);
    },
    end: () => end,
    async rewind() {
      await handle.truncate(0);
      end = 0;
      allocated = 0;
      needsFlush = true;
      unflushed = new Uint8Array();
    },
    async close() {
      await handle.truncate(end);
      await Promise.all([handle.close(), synchronous.close()]);
    },
  };
}
