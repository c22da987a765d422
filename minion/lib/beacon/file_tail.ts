import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { ifThere } from '../../../shared/if_there.ts';

const CHUNK_BYTES = 64 * 1024;

export interface TailChunk {
  readonly bytes: Buffer;
  /** It begins another file, or the same after it was cut: what is left of the one before is complete. */
  readonly isFresh: boolean;
}

/** What is appended to a file, however it is rotated: renamed and made anew, or copied and cut. */
export interface FileTail {
  /** What came since the last call. The first call begins at the end of the file. */
  read(): AsyncGenerator<TailChunk>;
  close(): Promise<void>;
}

export function createFileTail(path: string): FileTail {
  let file: FileHandle | undefined;
  let position = 0;
  let isFirst = true;
  let isFresh = false;
  let isReplaced = false;

  async function* rest(from: FileHandle): AsyncGenerator<TailChunk> {
    const { size } = await from.stat();
    if (size < position) {
      position = 0;
      isFresh = true;
    }
    while (position < size) {
      const { bytesRead, buffer } = await from.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield { bytes: buffer.subarray(0, bytesRead), isFresh };
      isFresh = false;
    }
  }

  const openNow = async (): Promise<void> => {
    file = await open(path, 'r');
    position = isFirst ? (await file.stat()).size : 0;
    isFresh = !isFirst;
    isReplaced = false;
  };

  return {
    async *read() {
      const now = await ifThere(stat(path));
      if (file !== undefined) {
        yield* rest(file);
        // Whoever writes learns of the rotation later than we do: the old file is looked at once more.
        const wasReplaced = isReplaced;
        isReplaced = now !== undefined && !isSame(now, await file.stat());
        if (!isReplaced || !wasReplaced) return;
        await file.close();
        file = undefined;
      }
      if (now !== undefined) await openNow();
      isFirst = false;
      if (file !== undefined) yield* rest(file);
    },
    async close() {
      await file?.close();
      file = undefined;
    },
  };
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}
