import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';
import { type FileState, isOnlyAttribute, isSameFile, readFileState } from './file_state.ts';

/** In the words of inotify(7). */
export type ChangeKind = 'create' | 'delete' | 'modify' | 'attrib' | 'moved_from' | 'moved_to' | 'delete_self';

export interface FileChange {
  readonly kind: ChangeKind;
  /** The watched folder, or the watched file. */
  readonly watched: string;
  readonly path: string;
  readonly isFolder: boolean;
  /** With moved_to: it took the place of another. */
  readonly isReplaced: boolean;
}

export interface FileWatcherOptions {
  /** Directory that stands for `/`. */
  readonly root: string;
  readonly path: string;
  /** Folders in the folder too. */
  readonly recurse: boolean;
  /** Folders that are made later too. */
  readonly autoAdd: boolean;
  readonly isExcluded: (path: string) => boolean;
  readonly tell: (change: FileChange) => void;
  /** Told of what ends the watching. */
  readonly failed: (error: unknown) => void;
}

/** A folder, or a file by the folder that it is in. */
export interface FileWatcher {
  /** Begins to watch, as soon as there is something to watch. */
  refresh(): Promise<void>;
  close(): void;
}

interface Folder {
  readonly path: string;
  readonly handle: FSWatcher;
  readonly known: Map<string, FileState>;
  /** Names that something happened to: `rename` came, or went; `change`: content or attributes. */
  readonly pending: Map<string, Set<string>>;
}

/** What happened to one name. */
interface Difference {
  readonly folder: Folder;
  readonly name: string;
  readonly events: ReadonlySet<string>;
  readonly before: FileState | undefined;
  readonly after: FileState | undefined;
}

/** So many files are looked at in one go. */
const BATCH = 64;

/**
 * Node tells that something happened to a name, not what: that is found by what was known of the file. One inotify
 * watch a folder, no polling, nothing to do while nothing happens.
 */
export function createFileWatcher(options: FileWatcherOptions): FileWatcher {
  const { root, autoAdd, recurse, isExcluded, failed } = options;
  const folders = new Map<string, Folder>();
  /** The one name that counts, when a file is watched. */
  let only: string | undefined;
  let isBusy = false;
  let isClosed = false;

  const forget = (folder: Folder): void => {
    folder.handle.close();
    folders.delete(folder.path);
  };

  const look = async (): Promise<void> => {
    // What belongs together, the two names of a move, comes in one go.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const busy = [...folders.values()].filter(({ pending }) => pending.size > 0);
      if (busy.length === 0 || isClosed) return;
      const differences = (await Promise.all(busy.map((folder) => readDifferences(folder, root)))).flat();
      tellDifferences(differences, options, only);
      for (const { folder, name, after } of differences) {
        if (after?.isFolder === true && autoAdd && only === undefined) await add(join(folder.path, name), true);
      }
      for (const folder of busy) if ((await readFileState(join(root, folder.path))) === undefined) lose(folder);
    }
  };
  const wake = (): void => {
    if (isBusy) return;
    isBusy = true;
    look()
      .catch(failed)
      .finally(() => {
        isBusy = false;
      });
  };
  const lose = (folder: Folder): void => {
    forget(folder);
    if (folder.path !== options.path) return;
    options.tell({ kind: 'delete_self', watched: folder.path, path: folder.path, isFolder: true, isReplaced: false });
  };

  const add = async (path: string, isNew: boolean): Promise<void> => {
    if (isClosed || folders.has(path) || isExcluded(path)) return;
    const folder = openFolder(path, root, only, wake, (lost, error) =>
      error === undefined ? lose(lost) : failed(error),
    );
    if (folder === undefined) return;
    folders.set(path, folder);
    const names = await listNames(join(root, path));
    // What is in a new folder already was made in it: it is looked at as something that came.
    if (isNew) for (const name of names) folder.pending.set(name, new Set(['rename']));
    else await fillKnown(folder, names, root);
    if (recurse && !isNew) {
      for (const [name, { isFolder }] of folder.known) if (isFolder) await add(join(path, name), false);
    }
    if (folder.pending.size > 0) wake();
  };

  return {
    async refresh() {
      const { path } = options;
      if (only === undefined && folders.has(path)) return;
      const isFolder = await isFolderThere(join(root, path));
      if (only !== undefined && !isFolder && folders.has(dirname(path))) return;
      for (const folder of folders.values()) forget(folder);
      only = isFolder ? undefined : basename(path);
      await add(isFolder ? path : dirname(path), false);
    },
    close() {
      isClosed = true;
      for (const folder of folders.values()) forget(folder);
    },
  };
}

/** Undefined when there is no such folder, or it may not be read. */
function openFolder(
  path: string,
  root: string,
  only: string | undefined,
  wake: () => void,
  lost: (folder: Folder, error?: unknown) => void,
): Folder | undefined {
  const known = new Map<string, FileState>();
  const pending = new Map<string, Set<string>>();
  let handle: FSWatcher;
  try {
    handle = watch(join(root, path), { persistent: false });
  } catch (error) {
    if (/^(ENOENT|ENOTDIR|EACCES)$/.test(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
  const folder = { path, handle, known, pending };
  handle.on('change', (event, name) => {
    const key = String(name);
    if (only !== undefined && key !== only) return;
    pending.set(key, (pending.get(key) ?? new Set()).add(event));
    wake();
  });
  handle.on('error', (error) => lost(folder, error));
  return folder;
}

/** Also behind a symbolic link. */
async function isFolderThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

async function listNames(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

async function fillKnown(folder: Folder, names: readonly string[], root: string): Promise<void> {
  for (let index = 0; index < names.length; index += BATCH) {
    await Promise.all(
      names.slice(index, index + BATCH).map(async (name) => {
        const state = await readFileState(join(root, folder.path, name));
        if (state !== undefined) folder.known.set(name, state);
      }),
    );
  }
}

async function readDifferences(folder: Folder, root: string): Promise<Difference[]> {
  const taken = [...folder.pending].slice(0, BATCH);
  return Promise.all(
    taken.map(async ([name, events]) => {
      folder.pending.delete(name);
      const before = folder.known.get(name);
      const after = await readFileState(join(root, folder.path, name));
      if (after === undefined) folder.known.delete(name);
      else folder.known.set(name, after);
      return { folder, name, events, before, after };
    }),
  );
}

/** What went, then what came, then what changed. */
function tellDifferences(
  differences: readonly Difference[],
  { path: watchedPath, isExcluded, tell }: FileWatcherOptions,
  only: string | undefined,
): void {
  const tellOne = ({ folder, name, before, after }: Difference, kind: ChangeKind, isReplaced = false): void => {
    const path = join(folder.path, name);
    if (isExcluded(path)) return;
    const watched = only === undefined ? folder.path : watchedPath;
    tell({ kind, watched, path, isFolder: (after ?? before)?.isFolder === true, isReplaced });
  };
  const went = differences.filter(({ before, after }) => before !== undefined && after === undefined);
  const came = differences.filter(
    ({ before, after }) => after !== undefined && (before === undefined || !isSameFile(before, after)),
  );
  const isMoved = (from: Difference, to: Difference): boolean =>
    isSameFile(from.before as FileState, to.after as FileState);
  for (const one of went) tellOne(one, came.some((other) => isMoved(one, other)) ? 'moved_from' : 'delete');
  for (const one of came) {
    const isReplaced = one.before !== undefined;
    // What took the place of another was moved there, also from where nobody watches.
    if (isReplaced || went.some((other) => isMoved(other, one))) tellOne(one, 'moved_to', isReplaced);
    else {
      tellOne(one, 'create');
      if (one.events.has('change') && (one.after as FileState).size > 0) tellOne(one, 'modify');
    }
  }
  for (const one of differences) {
    const { before, after, events, folder, name } = one;
    if (before !== undefined && after !== undefined && isSameFile(before, after) && events.has('change')) {
      tellOne(one, isOnlyAttribute(before, after) ? 'attrib' : 'modify');
    } else if (before === undefined && after === undefined && events.has('rename') && name !== basename(folder.path)) {
      // It came and went before it could be looked at.
      tellOne(one, 'create');
      tellOne(one, 'delete');
    }
  }
}
