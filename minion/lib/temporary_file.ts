import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFileOptions {
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** Undefined: this process. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Writes content into a directory of its own that only the owner can enter, and removes both when `use` is done. */
export async function withTemporaryFile<T>(
  content: string | Uint8Array,
  { name, mode, owner }: TemporaryFileOptions,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'salt-'));
  try {
    const path = join(folder, name);
    await writeFile(path, content);
    await chmod(path, mode);
    if (owner !== undefined) for (const item of [path, folder]) await chown(item, owner.uid, owner.gid);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
