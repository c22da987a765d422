import { open } from 'node:fs/promises';

/** Makes renames and removals in a directory durable. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
