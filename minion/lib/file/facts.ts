import { constants, type Stats } from 'node:fs';
import { access, readdir, readlink, realpath, stat, statfs } from 'node:fs/promises';
import * as v from 'valibot';
import { globPaths } from '../../../shared/data/glob_paths.ts';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import { Flag, Integer, Text } from '../../../shared/plugin/args.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { readAccounts } from '../accounts.ts';
import { commandFailed } from '../exec.ts';
import { FilePath, fileFn, requireAbsolute } from './file_function.ts';
import { hashFile, parseHash } from './hash.ts';
import { groupName, isThere, lstatIfThere, modeText, statOf, userName } from './owners.ts';
import { walk } from './walk.ts';

const accessModes: Readonly<Record<string, number>> = {
  f: constants.F_OK,
  r: constants.R_OK,
  w: constants.W_OK,
  x: constants.X_OK,
};

/** Functions that say what there is. */
export const factFunctions: Readonly<Record<string, MinionFunction>> = {
  file_exists: fileFn({
    summary: 'Tests to see if path is a valid file.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.file_exists /etc/passwd"],
    run: async (_context, { path }) => (await isThere(path)) && (await stat(path)).isFile(),
  }),
  directory_exists: fileFn({
    summary: 'Tests to see if path is a valid directory.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.directory_exists /etc"],
    run: async (_context, { path }) => isDirectory(path),
  }),
  path_exists_glob: fileFn({
    summary: 'Tests to see if path after expansion is a valid path (file or directory).',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.path_exists_glob '/etc/pam*/pass*'"],
    run: async (_context, { path }) => (await globPaths(path)).length > 0,
  }),
  access: fileFn({
    summary: 'Test whether the minion has the specified access to the file.',
    description: '\nThe mode is f (it exists), r (it can be read), w (it can be written) or x (it can be executed).',
    args: { path: FilePath, mode: v.union([v.number(), Text]) },
    reads: true,
    examples: ["salt '*' file.access /path/to/file f", "salt '*' file.access /path/to/file x"],
    async run(_context, { path, mode }) {
      requireAbsolute(path, 'Path to link must be absolute.');
      const bits = accessModes[mode] ?? mode;
      if (!Object.values(accessModes).includes(Number(bits))) {
        throw new FleetError('ARGS_INVALID', 'Invalid mode specified.', { hint: 'use f, r, w or x' });
      }
      return isAccessible(path, Number(bits));
    },
  }),
  stats: fileFn({
    summary: 'Return a dict containing the stats for a given file.',
    args: { path: FilePath, hash_type: v.optional(Text), follow_symlinks: v.optional(Flag, true) },
    reads: true,
    examples: ["salt '*' file.stats /etc/passwd", "salt '*' file.stats /etc/passwd sha256"],
    run: statsOf,
  }),
  lstat: fileFn({
    summary: 'Returns the lstat attributes for the given file or dir.',
    args: { path: FilePath },
    returns: 'an empty dict when there is nothing.',
    reads: true,
    examples: ["salt '*' file.lstat /path/to/file"],
    async run(_context, { path }) {
      requireAbsolute(path, 'Path to file must be absolute.');
      const found = await lstatIfThere(path);
      return found === undefined ? {} : lstatDict(found);
    },
  }),
  is_link: fileFn({
    summary: 'Check if the path is a symbolic link.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.is_link /path/to/link"],
    run: async (_context, { path }) => (await lstatIfThere(path))?.isSymbolicLink() ?? false,
  }),
  is_hardlink: fileFn({
    summary: 'Check if the path is a hard link by verifying that the number of links is larger than 1.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.is_hardlink /path/to/link"],
    run: async (_context, { path }) => ((await lstatIfThere(path))?.nlink ?? 0) > 1,
  }),
  is_chrdev: fileFn({
    summary: 'Check if a file exists and is a character device.',
    args: { name: FilePath },
    reads: true,
    examples: ["salt '*' file.is_chrdev /dev/chr"],
    run: async (_context, { name }) => (await isThere(name)) && (await stat(name)).isCharacterDevice(),
  }),
  is_blkdev: fileFn({
    summary: 'Check if a file exists and is a block device.',
    args: { name: FilePath },
    reads: true,
    examples: ["salt '*' file.is_blkdev /dev/blk"],
    run: async (_context, { name }) => (await isThere(name)) && (await stat(name)).isBlockDevice(),
  }),
  is_fifo: fileFn({
    summary: 'Check if a file exists and is a FIFO.',
    args: { name: FilePath },
    reads: true,
    examples: ["salt '*' file.is_fifo /dev/fifo"],
    run: async (_context, { name }) => (await isThere(name)) && (await stat(name)).isFIFO(),
  }),
  readlink: fileFn({
    summary: 'Return the path that a symlink points to.',
    args: { path: FilePath, canonicalize: v.optional(Flag, false) },
    reads: true,
    examples: ["salt '*' file.readlink /path/to/link"],
    async run(_context, { path, canonicalize }) {
      requireAbsolute(path, `Path to link must be absolute: ${path}`);
      if (!(await lstatIfThere(path))?.isSymbolicLink()) {
        throw new FleetError('ARGS_INVALID', `A valid link was not specified: ${path}`);
      }
      return canonicalize ? realpath(path) : readlink(path);
    },
  }),
  readdir: fileFn({
    summary: 'Return a list containing the contents of a directory.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.readdir /path/to/dir/"],
    async run(_context, { path }) {
      requireAbsolute(path, 'Dir path must be absolute.');
      if (!(await isDirectory(path))) throw new FleetError('ARGS_INVALID', 'A valid directory was not specified.');
      return ['.', '..', ...(await readdir(path)).sort()];
    },
  }),
  get_hash: fileFn({
    summary: 'Get the hash sum of a file.',
    args: { path: FilePath, form: v.optional(Text, 'sha256'), chunk_size: v.optional(Integer, 65_536) },
    reads: true,
    examples: ["salt '*' file.get_hash /etc/shadow"],
    run: (_context, { path, form }) => hashFile(path, form),
  }),
  get_sum: fileFn({
    summary: 'Return the checksum for the given file.',
    args: { path: FilePath, form: v.optional(Text, 'sha256') },
    reads: true,
    examples: ["salt '*' file.get_sum /etc/passwd sha512"],
    run: (_context, { path, form }) => hashFile(path, form),
  }),
  check_hash: fileFn({
    summary: 'Check if a file matches the given hash string.',
    description: '\nThe hash is the digits alone, or <hash type>=<digits>.',
    args: { path: FilePath, file_hash: Text },
    reads: true,
    examples: ["salt '*' file.check_hash /etc/fstab md5=e138491e9d5b97023cea823fe17bac22"],
    async run(_context, { path, file_hash }) {
      const { form, digest } = parseHash(file_hash);
      return (await hashFile(path, form)) === digest.toLowerCase();
    },
  }),
  diskusage: fileFn({
    summary: 'Recursively calculate disk usage of path and return it in bytes.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.diskusage /path/to/check"],
    run: (_context, { path }) => diskUsage(path),
  }),
  statvfs: fileFn({
    summary: 'Perform a statvfs call against the filesystem that the file resides on.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.statvfs /path/to/file"],
    async run(_context, { path }) {
      requireAbsolute(path, 'File path must be absolute.');
      const { bavail, bfree, blocks, bsize, ffree, files } = await statfs(path);
      return {
        f_bavail: bavail,
        f_bfree: bfree,
        f_blocks: blocks,
        f_bsize: bsize,
        f_favail: ffree,
        f_ffree: ffree,
        f_files: files,
        f_frsize: bsize,
      };
    },
  }),
};

export async function isDirectory(path: string): Promise<boolean> {
  return (await isThere(path)) && (await stat(path)).isDirectory();
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

async function statsOf(
  context: MinionContext,
  args: { readonly path: string; readonly hash_type?: string | undefined; readonly follow_symlinks: boolean },
): Promise<Record<string, unknown>> {
  const { path, hash_type: hashType, follow_symlinks: followsLinks } = args;
  const found = await statOf(path, followsLinks);
  const accounts = await readAccounts(context.root);
  return {
    inode: found.ino,
    uid: found.uid,
    gid: found.gid,
    group: groupName(accounts, found.gid),
    user: userName(accounts, found.uid),
    atime: found.atimeMs / 1000,
    mtime: found.mtimeMs / 1000,
    ctime: found.ctimeMs / 1000,
    size: found.size,
    mode: modeText(found.mode),
    ...(hashType !== undefined && { sum: await hashFile(path, hashType) }),
    type: typeOf(found),
    target: (await isThere(path)) ? await realpath(path) : path,
  };
}

function typeOf(found: Stats): string {
  if (found.isDirectory()) return 'dir';
  if (found.isCharacterDevice()) return 'char';
  if (found.isBlockDevice()) return 'block';
  if (found.isSymbolicLink()) return 'link';
  if (found.isFIFO()) return 'pipe';
  return found.isSocket() ? 'socket' : 'file';
}

function lstatDict(found: Stats): Record<string, number> {
  return {
    st_atime: found.atimeMs / 1000,
    st_ctime: found.ctimeMs / 1000,
    st_gid: found.gid,
    st_mode: found.mode,
    st_mtime: found.mtimeMs / 1000,
    st_nlink: found.nlink,
    st_size: found.size,
    st_uid: found.uid,
  };
}

/** A file with several names counts once. */
async function diskUsage(path: string): Promise<number> {
  if (!(await isThere(path))) throw commandFailed(`Path not found: ${path}`);
  if (!(await isDirectory(path))) return (await stat(path)).size;
  const seen = new Set<string>();
  let bytes = 0;
  for await (const { path: inner, entry } of walk(path)) {
    if (entry.isDirectory()) continue;
    const found = await lstatIfThere(inner);
    if (found === undefined || seen.has(`${found.dev}:${found.ino}`)) continue;
    seen.add(`${found.dev}:${found.ino}`);
    bytes += found.size;
  }
  return bytes;
}
