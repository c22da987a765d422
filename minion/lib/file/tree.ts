import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, cp, link, readlink, rename, rm, rmdir, stat, symlink, unlink } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import * as v from 'valibot';
import { FleetError, systemErrorCode } from '../../../shared/errors.ts';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { Flag, Mode, Real, Text } from '../../../shared/plugin/args.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { osErrorText } from '../os_error.ts';
import { isDirectory } from './facts.ts';
import { FilePath, fileFn, requireAbsolute } from './file_function.ts';
import { changeOwner, isThere, lstatIfThere } from './owners.ts';
import { dirname, normalPath } from './paths.ts';
import { walk } from './walk.ts';

const owner = { user: v.optional(Text), group: v.optional(Text), mode: v.optional(Mode) };
const ABSOLUTE = 'File path must be absolute.';

/** Functions that make, move and remove files, folders and links. */
export const treeFunctions: Readonly<Record<string, MinionFunction>> = {
  mkdir: fileFn({
    summary: 'Ensure that a directory is available.',
    args: { dir_path: FilePath, ...owner },
    examples: ["salt '*' file.mkdir /opt/jetty/context"],
    async run(context, { dir_path, ...rest }) {
      if (!(await isDirectory(dir_path))) await makeFolders(context, normalPath(dir_path), rest);
      return true;
    },
  }),
  makedirs: fileFn({
    summary: 'Ensure that the directory containing this path is available.',
    description: '\nEnd the path with a slash, otherwise its last part is taken for a file.',
    args: { path: FilePath, ...owner },
    returns: 'a text when nothing was done.',
    examples: ["salt '*' file.makedirs /opt/code/"],
    async run(context, { path, ...rest }) {
      const folder = normalPath(dirname(path));
      if (await isDirectory(folder)) return `Directory '${folder}' already exists`;
      if (await isThere(folder)) return `The path '${folder}' already exists and is not a directory`;
      await makeFolders(context, folder, rest);
      return null;
    },
  }),
  makedirs_perms: fileFn({
    summary: 'Make a directory and those above it that are missing, all with the owner and mode.',
    args: { name: FilePath, user: v.optional(Text), group: v.optional(Text), mode: v.optional(Mode, '0755') },
    examples: ["salt '*' file.makedirs_perms /opt/code"],
    async run(context, { name, ...rest }) {
      await makeFolders(context, normalPath(name), rest);
      return null;
    },
  }),
  remove: fileFn({
    summary: 'Remove the named file. If a directory is supplied, it will be recursively deleted.',
    args: { path: FilePath },
    returns: '``False`` when there was nothing.',
    examples: ["salt '*' file.remove /tmp/foo"],
    async run(_context, { path }) {
      requireAbsolute(path, `File path must be absolute: ${path}`);
      if ((await lstatIfThere(path)) === undefined) return false;
      await explain(`Could not remove '${path}'`, () => rm(path, { recursive: true }));
      return true;
    },
  }),
  rmdir: fileFn({
    summary: 'Remove the specified directory. Fails if a directory is not empty.',
    description: `
With recurse=True the empty directories below it are removed, too. With older_than only those are that have not been
modified for so many days.`,
    args: {
      path: FilePath,
      recurse: v.optional(Flag, false),
      verbose: v.optional(Flag, false),
      older_than: v.optional(Real),
    },
    examples: ["salt '*' file.rmdir /tmp/foo/"],
    run: removeFolders,
  }),
  rename: fileFn({
    summary: 'Rename a file or directory.',
    args: { src: FilePath, dst: FilePath },
    examples: ["salt '*' file.rename /path/to/src /path/to/dst"],
    async run(_context, { src, dst }) {
      requireAbsolute(src, ABSOLUTE);
      await explain(`Could not rename '${src}' to '${dst}'`, () => rename(src, dst));
      return true;
    },
  }),
  move: fileFn({
    summary: 'Move a file or directory.',
    args: { src: FilePath, dst: FilePath, disallow_copy_and_unlink: v.optional(Flag, false) },
    examples: ["salt '*' file.move /path/to/src /path/to/dst"],
    async run(_context, { src, dst, disallow_copy_and_unlink: onlyRenames }) {
      requireAbsolute(src, 'Source path must be absolute.');
      requireAbsolute(dst, 'Destination path must be absolute.');
      await explain(`Unable to move '${src}' to '${dst}'`, () => (onlyRenames ? rename(src, dst) : move(src, dst)));
      return { result: true, comment: `'${src}' moved to '${dst}'` };
    },
  }),
  copy: fileFn({
    summary: 'Copy a file or directory from source to dst.',
    description: `
A directory needs recurse=True; its files overwrite those of the same name. With remove_existing=True the destination is
removed first.`,
    args: {
      src: FilePath,
      dst: FilePath,
      recurse: v.optional(Flag, false),
      remove_existing: v.optional(Flag, false),
    },
    examples: ["salt '*' file.copy /path/to/src /path/to/dst"],
    run: copy,
  }),
  link: fileFn({
    summary: 'Create a hard link to a file.',
    args: { src: FilePath, path: FilePath },
    examples: ["salt '*' file.link /path/to/file /path/to/link"],
    async run(_context, { src, path }) {
      requireAbsolute(src, ABSOLUTE);
      await explain(`Could not create '${path}'`, () => link(src, path));
      return true;
    },
  }),
  symlink: fileFn({
    summary: 'Create a symbolic link (symlink, soft link) to a file.',
    args: {
      src: FilePath,
      path: FilePath,
      force: v.optional(Flag, false),
      atomic: v.optional(Flag, false),
      follow_symlinks: v.optional(Flag, true),
    },
    examples: ["salt '*' file.symlink /path/to/file /path/to/link"],
    run: makeLink,
  }),
};

/** Puts Salt's sentence before the operating system's reason. */
async function explain<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const reason = osErrorText(error);
    throw reason === undefined ? error : new FleetError('COMMAND_FAILED', `${what}: ${reason}`, { cause: error });
  }
}

interface FolderOwner {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
}

/** Makes a folder and those above it that are missing, all with the owner and mode. */
export async function makeFolders(
  context: MinionContext,
  folder: string,
  { user, group, mode }: FolderOwner,
): Promise<void> {
  const first = await makeWithParents(folder);
  if (first === undefined) return;
  for (let path = folder; path.length >= first.length; path = dirname(path)) {
    if (user !== undefined || group !== undefined) {
      await changeOwner(context, path, { user: user ?? '', group: group ?? '' });
    }
    if (mode !== undefined) await chmod(path, Number.parseInt(mode, 8));
  }
}

interface RemovedFolders {
  readonly deleted: string[];
  readonly errors: [string, string][];
  readonly result: boolean;
}

async function removeFolders(
  { clock }: MinionContext,
  args: {
    readonly path: string;
    readonly recurse: boolean;
    readonly verbose: boolean;
    readonly older_than?: number | undefined;
  },
): Promise<boolean | RemovedFolders> {
  requireAbsolute(args.path, ABSOLUTE);
  if (!(await isDirectory(args.path))) throw new FleetError('ARGS_INVALID', 'A valid directory was not specified.');
  const beforeMs = args.older_than ? clock.nowMs() - args.older_than * 86_400_000 : Number.POSITIVE_INFINITY;
  const folders = [args.path];
  if (args.recurse) for await (const { path, entry } of walk(args.path)) if (entry.isDirectory()) folders.push(path);
  const deleted: string[] = [];
  const errors: [string, string][] = [];
  // The deepest first.
  for (const folder of folders.reverse()) {
    if ((await stat(folder)).mtimeMs >= beforeMs) continue;
    try {
      await rmdir(folder);
      deleted.push(folder);
    } catch (error) {
      const reason = osErrorText(error);
      if (reason === undefined) throw error;
      errors.push([folder, reason]);
    }
  }
  const result = errors.length === 0 && deleted.includes(args.path);
  return args.verbose ? { deleted, errors, result } : result;
}

/** Into an existing folder; by copying where the file system ends. */
async function move(from: string, to: string): Promise<void> {
  const target = (await isDirectory(to)) ? join(to, basename(from)) : to;
  try {
    await rename(from, target);
  } catch (error) {
    if (systemErrorCode(error) !== 'EXDEV') throw error;
    await cp(from, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await rm(from, { recursive: true });
  }
}

async function copy(
  _context: MinionContext,
  args: { readonly src: string; readonly dst: string; readonly recurse: boolean; readonly remove_existing: boolean },
): Promise<true> {
  const { src, dst } = args;
  requireAbsolute(src, ABSOLUTE);
  if (!(await isThere(src))) throw commandFailed(`No such file or directory '${src}'`);
  const copiesFolder = (await isDirectory(src)) || (await isDirectory(dst));
  if (copiesFolder && !args.recurse) {
    throw new FleetError('ARGS_INVALID', 'Cannot copy overwriting a directory without recurse flag set to true!');
  }
  await explain(`Could not copy '${src}' to '${dst}'`, async () => {
    if (!copiesFolder) return copyFile(src, dst);
    if (args.remove_existing) await rm(dst, { recursive: true, force: true });
    // cp would make the folders above by a recursive mkdir.
    await makeWithParents(dirname(dst));
    return cp(src, dst, { recursive: true, verbatimSymlinks: true });
  });
  const { uid, gid, mode } = await stat(src);
  const made = await stat(dst);
  if (made.uid !== uid || made.gid !== gid) await chown(dst, uid, gid);
  await chmod(dst, mode & 0o7777);
  return true;
}

async function makeLink(
  _context: MinionContext,
  args: {
    readonly src: string;
    readonly path: string;
    readonly force: boolean;
    readonly atomic: boolean;
    readonly follow_symlinks: boolean;
  },
): Promise<true> {
  const { src, path, force, atomic } = args;
  requireAbsolute(path, `Link path must be absolute: ${path}`);
  const found = await lstatIfThere(path);
  if (found?.isSymbolicLink()) {
    if (normalize(await readlink(path)) === normalize(src)) return true;
    if (!force && !atomic) throw commandFailed(`Found existing symlink: ${path}`, 'force=True replaces it');
  } else if (found !== undefined && !force && !atomic) {
    throw commandFailed(`Existing path is not a symlink: ${path}`, 'force=True replaces it');
  }
  await explain(`Could not create '${path}'`, async () => {
    if (found === undefined) return symlink(src, path);
    if (!atomic) {
      await unlink(path);
      return symlink(src, path);
    }
    const temporary = `${path}.${randomBytes(6).toString('hex')}`;
    await symlink(src, temporary);
    try {
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary);
      throw error;
    }
  });
  return true;
}
