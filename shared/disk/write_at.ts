import type { FileHandle } from 'node:fs/promises';

/** Writes all of the bytes at a place in a file: the system may take fewer at a time. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
