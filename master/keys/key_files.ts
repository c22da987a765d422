import { createPublicKey } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOf } from '../../shared/crypto/fingerprint.ts';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import { isMinionId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log.ts';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import { systemReason } from '../../shared/system_reason.ts';
import { type KeyState, keyStates, type MinionKey } from './key_table.ts';

/** Salt's directories in pki_dir. A file is named as its minion and holds its public key, PEM. */
export const keyDirectories: Readonly<Record<KeyState, string>> = {
  accepted: 'minions',
  denied: 'minions_denied',
  unaccepted: 'minions_pre',
  rejected: 'minions_rejected',
};

export function keyDirectory(pkiDir: string, state: KeyState): string {
  return join(pkiDir, keyDirectories[state]);
}

/** Throws MESSAGE_INVALID: nothing but a minion id becomes a file name. */
export function keyPath(pkiDir: string, state: KeyState, id: string): string {
  if (!isMinionId(id)) throw new FleetError('MESSAGE_INVALID', `not a minion id: ${id.slice(0, 100)}`);
  return join(keyDirectory(pkiDir, state), id);
}

/** Throws FILE_UNREADABLE. */
export async function makeKeyDirectories(pkiDir: string): Promise<void> {
  try {
    for (const state of keyStates) await makeWithParents(keyDirectory(pkiDir, state), 0o700);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `${pkiDir} cannot be made: ${systemReason(cause)}`, { cause });
  }
}

/** The ids that have a file; other names are passed over. Throws FILE_UNREADABLE. */
export async function readKeyIds(pkiDir: string, state: KeyState): Promise<string[]> {
  const path = keyDirectory(pkiDir, state);
  try {
    return (await readdir(path)).filter(isMinionId);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `${path} cannot be read: ${systemReason(cause)}`, { cause });
  }
}

/** Undefined when there is no such file, and with a warning when it holds no public key: then it accepts nobody. */
export async function readKey(
  pkiDir: string,
  state: KeyState,
  id: string,
  log: Logger,
): Promise<MinionKey | undefined> {
  const path = keyPath(pkiDir, state, id);
  try {
    const pem = await readFile(path, 'utf8');
    return { id, state, pem, fingerprint: fingerprintOf(createPublicKey(pem)) };
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') {
      log.warning('a key file is passed over: it holds no public key in PEM form', { path, error: String(error) });
    }
    return undefined;
  }
}
