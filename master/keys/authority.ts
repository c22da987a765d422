import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  issueCertificate,
  MASTER_NAME,
  verifyCertificate,
} from '../../shared/crypto/certificate.ts';
import { fingerprintOf, publicPem } from '../../shared/crypto/fingerprint.ts';
import { keyId } from '../../shared/crypto/job_signature.ts';
import { openPrivateKey, readOptionalFile, writeFileAtomically } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Fingerprint } from '../../shared/ids.ts';

/** The master's own keys: one that issues certificates and is what minions pin, and one that signs jobs. */
export interface Authority {
  /** Of master.pub: what `salt-key -F` prints and minions pin. */
  readonly fingerprint: Fingerprint;
  readonly caPem: string;
  /** Names the job signing key on the wire. */
  readonly kid: string;
  readonly signingKey: KeyObject;
  readonly signingCertPem: string;
  /** A client certificate, valid from now for the configured days. */
  issueMinionCertificate(id: string, publicKey: KeyObject): string;
  /** A fresh key that never touches the disk, and its certificate, which outlives the process. */
  serverTls(): ServerTls;
}

export interface ServerTls {
  readonly keyPem: string;
  /** The server's certificate, then the authority's. */
  readonly certPem: string;
}

export interface AuthorityOptions {
  readonly pkiDir: string;
  readonly clock: Clock;
  /** How long a minion's certificate is valid, days. */
  readonly minionCertDays: number;
}

const YEAR_DAYS = 365;
/** Of what only a start of the master replaces: longer than one runs. */
const OWN_CERT_DAYS = 10 * YEAR_DAYS;
const DAY_MS = 86_400_000;

/**
 * Takes the keys in pkiDir and makes what is missing. Throws CONFIG_INVALID naming a broken file and NOT_PERMITTED for a
 * private key that others may read.
 */
export async function openAuthority({ pkiDir, clock, minionCertDays }: AuthorityOptions): Promise<Authority> {
  const ca = await openCa(pkiDir, clock.nowMs());
  const { signingKey, signingCertPem } = await openSigning(pkiDir, ca, clock.nowMs());
  return {
    fingerprint: ca.fingerprint,
    caPem: ca.certPem,
    kid: keyId(signingKey),
    signingKey,
    signingCertPem,
    issueMinionCertificate: (id, publicKey) =>
      issueCertificate({
        ca,
        publicKey,
        commonName: id,
        usage: 'client',
        days: minionCertDays,
        nowMs: clock.nowMs(),
      }),
    serverTls: () => serverTls(ca, clock.nowMs()),
  };
}

async function openCa(pkiDir: string, nowMs: number): Promise<CertificateAuthority> {
  const privateKey = await openPrivateKey(join(pkiDir, 'master.pem'));
  const path = join(pkiDir, 'master.crt');
  const existing = await readOptionalFile(path);
  const ca = named(path, () => createCertificateAuthority(MASTER_NAME, privateKey, nowMs, existing));
  if (existing === undefined) await writeFileAtomically(path, ca.certPem, 0o644);
  await keepFile(join(pkiDir, 'master.pub'), publicPem(privateKey));
  return ca;
}

async function openSigning(
  pkiDir: string,
  ca: CertificateAuthority,
  nowMs: number,
): Promise<{ signingKey: KeyObject; signingCertPem: string }> {
  const keyPath = join(pkiDir, 'signing.pem');
  const signingKey = await openPrivateKey(keyPath);
  if (signingKey.asymmetricKeyType !== 'ed25519') {
    throw new FleetError('CONFIG_INVALID', `${keyPath} must hold an Ed25519 key`, {
      hint: 'remove the file to have a new key made',
    });
  }
  const path = join(pkiDir, 'signing.crt');
  const existing = await readOptionalFile(path);
  if (existing !== undefined && named(path, () => isCurrent(existing, ca, signingKey, nowMs))) {
    return { signingKey, signingCertPem: existing };
  }
  const signingCertPem = issueCertificate({
    ca,
    publicKey: signingKey,
    commonName: MASTER_NAME,
    usage: 'signing',
    days: OWN_CERT_DAYS,
    nowMs,
  });
  await writeFileAtomically(path, signingCertPem, 0o644);
  return { signingKey, signingCertPem };
}

/** False when another one is due: another authority, another key, or less than a year left. */
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

function serverTls(ca: CertificateAuthority, nowMs: number): ServerTls {
  // The same kind of key as the authority's: who can check the one can check the other.
  const { privateKey, publicKey } =
    ca.privateKey.asymmetricKeyType === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('ed25519');
  const certificate = issueCertificate({
    ca,
    publicKey,
    commonName: MASTER_NAME,
    usage: 'server',
    names: [MASTER_NAME],
    days: OWN_CERT_DAYS,
    nowMs,
  });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certPem: certificate + ca.certPem,
  };
}

async function keepFile(path: string, content: string): Promise<void> {
  if ((await readOptionalFile(path)) !== content) await writeFileAtomically(path, content, 0o644);
}

/** What is wrong with a file's content, as the file's fault. */
function named<T>(path: string, read: () => T): T {
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
