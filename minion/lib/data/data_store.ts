import { randomBytes } from 'node:crypto';
import { renameSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushDirectory } from '../../../shared/disk/flush_directory.ts';
import { FleetError } from '../../../shared/errors.ts';
import { ifThere } from '../../../shared/if_there.ts';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { isDict } from '../../../shared/python_text.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';

export type Store = Readonly<Record<string, unknown>>;

const BYTES_MAX = 4 * 1024 * 1024;
/** How often a change is made anew because another came between. */
const ATTEMPTS_MAX = 100;

/** The minion's data store, a file of JSON in its cache directory. Throws COMMAND_FAILED when it is broken. */
export async function readStore(context: MinionContext): Promise<Store> {
  return (await readFile(pathOf(context))).store;
}

/**
 * Changes the store so that no change of another job is lost and a power cut leaves the old one or the new one.
 * Undefined leaves it as it is. `change` may be called more than once. Throws LIMIT_EXCEEDED.
 */
export async function changeStore(
  context: MinionContext,
  change: (store: Store) => Store | undefined,
): Promise<boolean> {
  const path = pathOf(context);
  await makeWithParents(dirname(path));
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const { store, mark } = await readFile(path);
    const changed = change(store);
    if (changed === undefined) return false;
    if (await replaceFile(path, mark, toText(changed))) return true;
  }
  throw commandFailed('the data store is changed by too many jobs at a time');
}

function pathOf({ root, config }: MinionContext): string {
  return join(root, String(config.cachedir), 'datastore.json');
}

interface ReadFile {
  readonly store: Store;
  /** Differs for each content that the file ever had; undefined when there is no file. */
  readonly mark: string | undefined;
}

async function readFile(path: string): Promise<ReadFile> {
  const file = await ifThere(open(path));
  if (file === undefined) return { store: {}, mark: undefined };
  try {
    const { ino, ctimeNs } = await file.stat({ bigint: true });
    return { store: parse(await file.readFile('utf8'), path), mark: `${ino} ${ctimeNs}` };
  } finally {
    await file.close();
  }
}

function parse(text: string, path: string): Store {
  try {
    const store: unknown = JSON.parse(text);
    if (isDict(store)) return store;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw commandFailed(`the data store ${path} is broken`, 'data.clear begins it anew');
}

function toText(store: Store): string {
  const text = `${JSON.stringify(store)}\n`;
  if (Buffer.byteLength(text) <= BYTES_MAX) return text;
  throw new FleetError('LIMIT_EXCEEDED', `the data store would have more than ${BYTES_MAX} bytes`, {
    hint: 'keep large data in files',
  });
}

/** False when somebody else replaced it meanwhile. */
async function replaceFile(path: string, mark: string | undefined, text: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    // Nothing of this process can come between these two.
    if (markOf(path) !== mark) return false;
    renameSync(temporary, path);
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
  await flushDirectory(dirname(path));
  return true;
}

function markOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.ctimeNs}`;
}

/** Begins the store anew, also when it is broken. */
export async function clearStore(context: MinionContext): Promise<void> {
  await rm(pathOf(context), { force: true });
}
