import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../../../shared/errors.ts';
import { Flag } from '../../../shared/plugin/args.ts';
import { fn, type MinionFunction } from '../../context.ts';

/** `file.open_files`. */
export const openFileFunctions: Readonly<Record<string, MinionFunction>> = {
  open_files: fn({
    summary: 'Return the files on the system that processes hold open, with the numbers of these processes.',
    args: { by_pid: v.optional(Flag, false) },
    returns: 'process numbers by file; with by_pid=True the files by process number.',
    reads: true,
    examples: ["salt '*' file.open_files", "salt '*' file.open_files by_pid=True"],
    async run({ root }, { by_pid }) {
      const files = new Map<string, number[]>();
      const pids = new Map<string, string[]>();
      for (const pid of (await listed(join(root, 'proc'))).filter((name) => /^\d+$/.test(name))) {
        const paths = await openOf(join(root, 'proc', pid, 'fd'));
        if (paths.length > 0) pids.set(pid, paths);
        for (const path of paths) files.set(path, [...(files.get(path) ?? []), Number(pid)]);
      }
      return Object.fromEntries(by_pid ? pids : files);
    },
  }),
};

async function openOf(folder: string): Promise<string[]> {
  const found = new Set<string>();
  for (const entry of await listed(folder)) {
    const path = await unlessGone(() => readlink(join(folder, entry)));
    // Sockets, pipes and the like have no path.
    if (path?.startsWith('/')) found.add(path);
  }
  return [...found].sort();
}

async function listed(folder: string): Promise<string[]> {
  return (await unlessGone(() => readdir(folder))) ?? [];
}

/** A process ends at any time, and another user's may be nobody else's business. */
async function unlessGone<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
