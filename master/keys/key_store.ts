import type { KeyObject } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { fingerprintOf, publicPem } from '../../shared/crypto/fingerprint.ts';
import { writeFileAtomically } from '../../shared/crypto/private_file.ts';
import { flushDirectory } from '../../shared/disk/flush_directory.ts';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { Fingerprint } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log.ts';
import { createSerialQueue } from '../../shared/serial_queue.ts';
import { keyDirectory, keyPath, makeKeyDirectories, readKey, readKeyIds } from './key_files.ts';
import {
  createKeyTable,
  type KeyAuthor,
  type KeyChange,
  type KeyIds,
  type KeyState,
  type KeyTable,
  keyStates,
  type MinionKey,
} from './key_table.ts';

/**
 * The minions' public keys: a file for each in the directory of its state, mirrored in memory so that the broker has
 * its answer at once. Changes are made one after another, on disk first.
 */
export interface KeyStore {
  list(): KeyIds;
  /** Sorted; kept until one comes or goes. */
  acceptedIds(): readonly string[];
  /** Ids that any of the globs matches. */
  find(globs: readonly string[]): KeyIds;
  /** All keys of that id, at most one a state. */
  get(id: string): readonly MinionKey[];
  /** Undefined when that key is accepted for that id, else why not. */
  refuseMinion(id: string, fingerprint: Fingerprint): string | undefined;
  /**
   * A minion offers its key. `decide` is asked about a key that waits already or is not known yet; for any other the
   * state it has is the answer. Returns the state the offer ended in. Throws LIMIT_EXCEEDED naming the limit, and
   * MESSAGE_INVALID for what is not a minion id. `admitDenied` may throw before a key is noted down that nobody decides
   * about, because another one has that id.
   */
  offer(id: string, publicKey: KeyObject, decide: Decide, admitDenied?: () => void): Promise<KeyState>;
  /** Accepts unaccepted keys, and those in the states of `include`. Returns them by the state they had. */
  accept(globs: readonly string[], include?: readonly ('rejected' | 'denied')[]): Promise<KeyIds>;
  /** Rejects unaccepted keys, and those in the states of `include`. Returns them by the state they had. */
  reject(globs: readonly string[], include?: readonly ('accepted' | 'denied')[]): Promise<KeyIds>;
  /** Deletes keys of all states. Returns them by the state they had. `keepsCache`: see KeyChange. */
  delete(globs: readonly string[], how?: { readonly keepsCache: boolean }): Promise<KeyIds>;
  /** Looks at the files of one id again. */
  refresh(id: string): Promise<void>;
  /** Looks for files that came or went: keys that somebody seeded or removed by hand. */
  rescan(): Promise<void>;
}

export type Decide = (standing: 'unaccepted' | undefined) => Promise<'accepted' | 'rejected' | 'unaccepted'>;

export interface KeyStoreOptions {
  readonly pkiDir: string;
  /** `max_minions`: accepted keys; 0 for any number. */
  readonly keysMax: number;
  /** Keys that may wait for an operator, and keys that autoreject_file may leave behind. */
  readonly pendingMax: number;
  /** Called for each change after the start. */
  readonly onChange: (change: KeyChange) => void;
  readonly log: Logger;
}

interface Shelf extends KeyStoreOptions {
  readonly table: KeyTable;
}

/** Reads all keys into memory. Throws FILE_UNREADABLE. */
export async function openKeyStore(options: KeyStoreOptions): Promise<KeyStore> {
  let isOpen = false;
  const table = createKeyTable((change) => {
    if (isOpen) options.onChange(change);
  });
  const shelf: Shelf = { ...options, table };
  const inOrder = createSerialQueue();
  await makeKeyDirectories(options.pkiDir);
  await rescan(shelf);
  isOpen = true;
  return {
    list: () => table.find(['*']),
    acceptedIds: () => table.ids('accepted'),
    find: (globs) => table.find(globs),
    get: table.get,
    refuseMinion: table.refuseMinion,
    offer: (id, publicKey, decide, admitDenied) => inOrder(() => offer(shelf, id, publicKey, decide, admitDenied)),
    accept: (globs, include = []) => inOrder(() => moveAll(shelf, globs, ['unaccepted', ...include], 'accepted')),
    reject: (globs, include = []) => inOrder(() => moveAll(shelf, globs, ['unaccepted', ...include], 'rejected')),
    delete: (globs, how) => inOrder(() => removeAll(shelf, globs, how?.keepsCache)),
    refresh: (id) => inOrder(() => refresh(shelf, id)),
    rescan: () => inOrder(() => rescan(shelf)),
  };
}

async function offer(
  shelf: Shelf,
  id: string,
  publicKey: KeyObject,
  decide: Decide,
  admitDenied?: () => void,
): Promise<KeyState> {
  await refresh(shelf, id);
  const fingerprint = fingerprintOf(publicKey);
  const standing = shelf.table.standing(id, fingerprint);
  if (standing === 'accepted' || standing === 'rejected') return standing;
  if (standing !== 'denied') checkRoom(shelf, 'accepted', shelf.keysMax === 0 ? Infinity : shelf.keysMax);
  const state = standing === 'denied' ? standing : await decide(standing);
  const pending = standing === 'unaccepted' ? shelf.table.at(id, standing) : undefined;
  if (pending !== undefined && state !== standing) {
    await move(shelf, pending, state, 'offer');
    await flush(shelf, ['unaccepted', state]);
  } else if (shelf.table.at(id, state)?.fingerprint !== fingerprint) {
    if (state === 'denied') admitDenied?.();
    await write(shelf, { id, state, fingerprint, pem: publicPem(publicKey) });
  }
  return state;
}

/** A denied key needs no limit: there is at most one for each id that is known. */
async function write(shelf: Shelf, key: MinionKey): Promise<void> {
  const { pkiDir, table, pendingMax } = shelf;
  if (key.state === 'rejected' && table.count('rejected') >= pendingMax) return;
  if (key.state === 'unaccepted') checkRoom(shelf, 'unaccepted', pendingMax);
  await writeFileAtomically(keyPath(pkiDir, key.state, key.id), key.pem, 0o644);
  table.add(key, 'offer');
}

function checkRoom({ table }: Shelf, state: 'accepted' | 'unaccepted', max: number): void {
  if (table.count(state) < max) return;
  const name = state === 'accepted' ? 'max_minions' : 'the limit of keys that wait';
  throw new FleetError('LIMIT_EXCEEDED', `${name} is reached: ${max} keys are ${state}`);
}

async function moveAll(
  shelf: Shelf,
  globs: readonly string[],
  from: readonly KeyState[],
  to: KeyState,
): Promise<KeyIds> {
  const found = shelf.table.find(globs, from);
  for (const key of keysOf(shelf, found)) await move(shelf, key, to, 'operator');
  await flush(shelf, [...from, to]);
  return found;
}

async function removeAll(shelf: Shelf, globs: readonly string[], keepsCache = false): Promise<KeyIds> {
  const found = shelf.table.find(globs);
  for (const key of keysOf(shelf, found)) {
    await rm(keyPath(shelf.pkiDir, key.state, key.id), { force: true });
    shelf.table.remove(key, 'operator', keepsCache);
  }
  await flush(shelf, keyStates);
  return found;
}

function keysOf({ table }: Shelf, found: KeyIds): MinionKey[] {
  return keyStates.flatMap((state) => found[state].map((id) => table.at(id, state))).filter((key) => key !== undefined);
}

async function move({ pkiDir, table }: Shelf, key: MinionKey, to: KeyState, by: KeyAuthor): Promise<void> {
  try {
    await rename(keyPath(pkiDir, key.state, key.id), keyPath(pkiDir, to, key.id));
    table.move(key, to, by);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    table.remove(key, 'file');
  }
}

/** Once a batch: a rejected key must not be accepted again after a power cut. */
async function flush({ pkiDir }: Shelf, states: readonly KeyState[]): Promise<void> {
  for (const state of states) await flushDirectory(keyDirectory(pkiDir, state));
}

async function refresh(shelf: Shelf, id: string): Promise<void> {
  for (const state of keyStates) await reread(shelf, state, id);
}

async function rescan(shelf: Shelf): Promise<void> {
  for (const state of keyStates) {
    const onDisk = new Set(await readKeyIds(shelf.pkiDir, state));
    for (const id of shelf.table.find(['*'], [state])[state]) {
      const key = onDisk.has(id) ? undefined : shelf.table.at(id, state);
      if (key !== undefined) shelf.table.remove(key, 'file');
    }
    const news = [...onDisk].filter((id) => shelf.table.at(id, state) === undefined);
    for (let start = 0; start < news.length; start += READS_AT_A_TIME) {
      await Promise.all(news.slice(start, start + READS_AT_A_TIME).map((id) => reread(shelf, state, id)));
    }
  }
}

/** Thousands of files at once would run out of descriptors. */
const READS_AT_A_TIME = 32;

async function reread({ pkiDir, table, log }: Shelf, state: KeyState, id: string): Promise<void> {
  const key = await readKey(pkiDir, state, id, log);
  const before = table.at(id, state);
  if (key !== undefined) table.add(key, 'file');
  else if (before !== undefined) table.remove(before, 'file');
}
