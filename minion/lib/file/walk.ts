import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';

export interface WalkEntry {
  readonly path: string;
  readonly name: string;
  /** 1 for what lies in the start directory itself. */
  readonly depth: number;
  readonly entry: Dirent;
}

/** All that lies below a directory, folders before what is in them; links are not followed. A folder that cannot be read is empty. */
export async function* walk(folder: string, depthMax = Number.POSITIVE_INFINITY, depth = 1): AsyncGenerator<WalkEntry> {
  if (depth > depthMax) return;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    yield { path, name: entry.name, depth, entry };
    if (entry.isDirectory()) yield* walk(path, depthMax, depth + 1);
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}
