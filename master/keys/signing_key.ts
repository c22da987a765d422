import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import {
  type CertificateAuthority,
  issueCertificate,
  MASTER_NAME,
  verifyCertificate,
} from '../../shared/crypto/certificate.ts';
import { fingerprintOf, publicPem } from '../../shared/crypto/fingerprint.ts';
import { keyId } from '../../shared/crypto/job_signature.ts';
import {
  openPrivateKey,
  readOptionalFile,
  writeFileAtomically,
  writePrivateFile,
} from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { namingFile } from './own_authority.ts';

/** The key that signs jobs, on disk: `signing.pem` and `signing.crt` in pki_dir. */
export interface SigningKey {
  /** Names it on the wire. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly certPem: string;
}

/** A key that signs no more; minions take its jobs until then, seconds UTC. */
export interface RetiredKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly until: number;
}

const YEAR_DAYS = 365;
/** Of what only a start or a rotation replaces: longer than a master runs. */
export const OWN_CERT_DAYS = 10 * YEAR_DAYS;
const DAY_MS = 86_400_000;

/** Takes the key and its certificate, or makes them. Throws CONFIG_INVALID naming a broken file. */
export async function openSigningKey(pkiDir: string, ca: CertificateAuthority, nowMs: number): Promise<SigningKey> {
  const keyPath = join(pkiDir, 'signing.pem');
  const privateKey = await openPrivateKey(keyPath);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new FleetError('CONFIG_INVALID', `${keyPath} must hold an Ed25519 key`, {
      hint: 'remove the file to have a new key made',
    });
  }
  const path = certificatePath(pkiDir);
  const existing = await readOptionalFile(path);
  if (existing !== undefined && namingFile(path, () => isCurrent(existing, ca, privateKey, nowMs))) {
    return { kid: keyId(privateKey), privateKey, certPem: existing };
  }
  return certifySigningKey(pkiDir, ca, privateKey, nowMs);
}

/** In memory alone. */
export function makeSigningKey(ca: CertificateAuthority, nowMs: number): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { kid: keyId(privateKey), privateKey, certPem: signingCertificate(ca, privateKey, nowMs) };
}

/** From now on it is the one that is opened. A crash in between costs the certificate, which is made again. */
export async function storeSigningKey(pkiDir: string, { privateKey, certPem }: SigningKey): Promise<void> {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writePrivateFile(join(pkiDir, 'signing.pem'), pem);
  await writeFileAtomically(certificatePath(pkiDir), certPem, 0o644);
}

/** Another certificate for a key that stays. */
export async function certifySigningKey(
  pkiDir: string,
  ca: CertificateAuthority,
  privateKey: KeyObject,
  nowMs: number,
): Promise<SigningKey> {
  const certPem = signingCertificate(ca, privateKey, nowMs);
  await writeFileAtomically(certificatePath(pkiDir), certPem, 0o644);
  return { kid: keyId(privateKey), privateKey, certPem };
}

export function signingCertificate(ca: CertificateAuthority, publicKey: KeyObject, nowMs: number): string {
  return issueCertificate({ ca, publicKey, commonName: MASTER_NAME, usage: 'signing', days: OWN_CERT_DAYS, nowMs });
}

const RetiredKeys = v.array(v.object({ key: v.string(), until: v.number() }));
const retiredPath = (pkiDir: string): string => join(pkiDir, 'signing_retired.json');
const certificatePath = (pkiDir: string): string => join(pkiDir, 'signing.crt');

/** Only public halves are kept of them. Throws CONFIG_INVALID. */
export async function readRetiredKeys(pkiDir: string): Promise<readonly RetiredKey[]> {
  const path = retiredPath(pkiDir);
  const text = await readOptionalFile(path);
  if (text === undefined) return [];
  try {
    return v.parse(RetiredKeys, JSON.parse(text)).map(({ key, until }) => {
      const publicKey = createPublicKey(key);
      return { kid: keyId(publicKey), publicKey, until };
    });
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} does not hold the keys that signed jobs before`, {
      hint: 'remove the file: jobs that they signed are refused then',
      cause,
    });
  }
}

export function writeRetiredKeys(pkiDir: string, keys: readonly RetiredKey[]): Promise<void> {
  const rows = keys.map(({ publicKey, until }) => ({ key: publicPem(publicKey), until }));
  return writeFileAtomically(retiredPath(pkiDir), `${JSON.stringify(rows)}\n`, 0o644);
}

/** False when another certificate is due: another authority, another key, or less than a year left. */
function isCurrent(certPem: string, ca: CertificateAuthority, signingKey: KeyObject, nowMs: number): boolean {
  try {
    const { fingerprint } = verifyCertificate({
      certPem,
      caPem: ca.certPem,
      usage: 'signing',
      nowMs: nowMs + YEAR_DAYS * DAY_MS,
    });
    return fingerprint === fingerprintOf(signingKey);
  } catch (error) {
    if (error instanceof FleetError && error.code === 'KEY_MISMATCH') return false;
    throw error;
  }
}
