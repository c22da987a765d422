import { generateKeyPairSync } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createSuccessor,
  MASTER_NAME,
} from '../../shared/crypto/certificate.ts';
import { publicPem } from '../../shared/crypto/fingerprint.ts';
import {
  openPrivateKey,
  readOptionalFile,
  writeFileAtomically,
  writePrivateFile,
} from '../../shared/crypto/private_file.ts';
import { flushDirectory } from '../../shared/disk/flush_directory.ts';
import { FleetError } from '../../shared/errors.ts';

/** The master's authority on disk: `master.pem`, `master.crt` and `master.pub` in pki_dir. */

/** Takes the key and the certificate, or makes them. Throws CONFIG_INVALID naming a broken file. */
export async function openOwnAuthority(pkiDir: string, nowMs: number): Promise<CertificateAuthority> {
  await finishSuccession(pkiDir);
  const privateKey = await openPrivateKey(join(pkiDir, 'master.pem'));
  const path = join(pkiDir, 'master.crt');
  const existing = await readOptionalFile(path);
  const ca = namingFile(path, () => createCertificateAuthority(MASTER_NAME, privateKey, nowMs, existing));
  if (existing === undefined) await writeFileAtomically(path, ca.certPem, 0o644);
  await keepFile(join(pkiDir, 'master.pub'), publicPem(privateKey));
  return ca;
}

/** Replaces the authority by a new one that proves to follow it. The old private key is gone then. */
export async function replaceOwnAuthority(
  pkiDir: string,
  predecessor: CertificateAuthority,
  nowMs: number,
): Promise<CertificateAuthority> {
  // The same kind of key: who can check the one can check the other.
  const { privateKey } = newKeyLike(predecessor);
  const ca = createSuccessor(predecessor, privateKey, nowMs);
  await writePrivateFile(nextKey(pkiDir), privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await writeFileAtomically(nextCertificate(pkiDir), ca.certPem, 0o644);
  await finishSuccession(pkiDir);
  await keepFile(join(pkiDir, 'master.pub'), publicPem(privateKey));
  return ca;
}

export function newKeyLike({ privateKey }: CertificateAuthority) {
  return privateKey.asymmetricKeyType === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    : generateKeyPairSync('ed25519');
}

const nextKey = (pkiDir: string): string => join(pkiDir, 'master_next.pem');
const nextCertificate = (pkiDir: string): string => join(pkiDir, 'master_next.crt');

/** Two files change; that the certificate of the new key lies there decides, also after a crash in between. */
async function finishSuccession(pkiDir: string): Promise<void> {
  if ((await readOptionalFile(nextCertificate(pkiDir))) === undefined) {
    await rm(nextKey(pkiDir), { force: true });
    return;
  }
  if ((await readOptionalFile(nextKey(pkiDir))) !== undefined) {
    await rename(nextKey(pkiDir), join(pkiDir, 'master.pem'));
  }
  await rename(nextCertificate(pkiDir), join(pkiDir, 'master.crt'));
  await flushDirectory(pkiDir);
}

async function keepFile(path: string, content: string): Promise<void> {
  if ((await readOptionalFile(path)) !== content) await writeFileAtomically(path, content, 0o644);
}

/** What is wrong with a file's content, as the file's fault. */
export function namingFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof FleetError)) throw cause;
    throw new FleetError('CONFIG_INVALID', `${path}: ${cause.message}`, {
      hint: 'put the file back from a backup, or remove it to have it made again',
      cause,
    });
  }
}
