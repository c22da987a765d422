import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { flushDirectory } from '../disk/flush_directory.ts';
import { FleetError, systemErrorCode } from '../errors.ts';
import { fileErrors } from '../file_errors.ts';
import { ifThere } from '../if_there.ts';
import { makeWithParents } from '../make_with_parents.ts';

/** Files that hold a secret: whole or not there, and readable by their owner alone. */

const OTHERS = 0o077;

/**
 * Writes beside the file, flushes, then renames, so that neither a reader nor a power cut sees half of it.
 * Throws FILE_UNREADABLE.
 */
export async function writeFileAtomically(path: string, content: string, mode: number): Promise<void> {
  await fileErrors(path, 'written', () => withTemporary(path, content, mode, (temporary) => rename(temporary, path)));
}

/** For the owner alone, 0600. Throws FILE_UNREADABLE. */
export function writePrivateFile(path: string, content: string): Promise<void> {
  return writeFileAtomically(path, content, 0o600);
}

/** Text of a file; undefined when there is none. Throws FILE_UNREADABLE. */
export async function readOptionalFile(path: string): Promise<string | undefined> {
  return fileErrors(path, 'read', () => ifThere(readFile(path, 'utf8')));
}

/**
 * The same of a file that nobody but its owner may read. Throws FILE_UNREADABLE, and NOT_PERMITTED telling the chmod.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const stats = await fileErrors(path, 'read', () => ifThere(stat(path)));
  if (stats?.isDirectory() === false && (stats.mode & OTHERS) !== 0) throw readableByOthers(path, stats.mode);
  return readOptionalFile(path);
}

/** The private key (PKCS#8 PEM) in a file; undefined when there is none. Throws CONFIG_INVALID naming a broken file. */
export async function readPrivateKey(path: string): Promise<KeyObject | undefined> {
  const pem = await readPrivateFile(path);
  if (pem === undefined) return undefined;
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} does not hold a private key`, {
      hint: 'put the key back from a backup, or remove the file to have a new one made',
      cause,
    });
  }
}

/** The private key in a file, made (Ed25519) when there is none. Two processes that start at once get the same key. */
export async function openPrivateKey(path: string): Promise<KeyObject> {
  const existing = await readPrivateKey(path);
  if (existing !== undefined) return existing;
  const { privateKey } = generateKeyPairSync('ed25519');
  const isMine = await createPrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return isMine ? privateKey : openPrivateKey(path);
}

/** False when the file is there already. */
async function createPrivateFile(path: string, content: string): Promise<boolean> {
  return fileErrors(path, 'written', async () => {
    await makeWithParents(dirname(path), 0o700);
    try {
      // Unlike rename, link fails when another process came first.
      await withTemporary(path, content, 0o600, (temporary) => link(temporary, path));
      return true;
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw error;
    }
  });
}

/** The leading dot keeps a file that a crash left behind from being taken for a minion's key. */
async function withTemporary(
  path: string,
  content: string,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary);
    await flushDirectory(dirname(path));
  } finally {
    await rm(temporary, { force: true });
  }
}

function readableByOthers(path: string, mode: number): FleetError {
  const octal = `0${(mode & 0o777).toString(8)}`;
  return new FleetError('NOT_PERMITTED', `${path} holds a secret and has mode ${octal}: others may read it`, {
    hint: `chmod 600 ${path}`,
  });
}
