import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type DetailedPeerCertificate } from 'node:tls';
import { connectReason } from '../../shared/client/connect_reason.ts';
import { MASTER_NAME, readCertificate, verifyCertificate } from '../../shared/crypto/certificate.ts';
import { colonFingerprint, fingerprintOf, parseFingerprint } from '../../shared/crypto/fingerprint.ts';
import { readOptionalFile, writeFileAtomically } from '../../shared/crypto/private_file.ts';
import { predecessorsOf } from '../../shared/crypto/succession.ts';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';

/** The file that holds the master's certificate once it is pinned. */
export const pinnedFile = (pkiDir: string): string => join(pkiDir, 'minion_master.crt');

export interface TrustOptions {
  readonly pkiDir: string;
  readonly host: string;
  readonly port: number;
  /** `master_finger` of the configuration; empty: trust on first use. */
  readonly masterFinger: string;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
}

/**
 * The certificate of the master's authority: the pinned one, or the one that the master shows at first contact, which
 * is then pinned. Throws KEY_MISMATCH when `master_finger` or the pin says that this is another master, and
 * FILE_UNREADABLE when the pinned one is damaged: whoever answers then may be anybody.
 */
export async function trustMaster(options: TrustOptions): Promise<{ readonly caPem: string; readonly isNew: boolean }> {
  const path = pinnedFile(options.pkiDir);
  const pinned = await readOptionalFile(path);
  if (pinned !== undefined) {
    checkPinned(path, pinned);
    checkFinger(options, pinned, `the pinned master key in ${path}`, `, or remove ${path}`);
    return { caPem: pinned, isNew: false };
  }
  const caPem = await fetchAuthority(options);
  checkFinger(options, caPem, `the master at ${options.host}:${options.port}`);
  await writeFileAtomically(path, caPem, 0o644);
  return { caPem, isNew: true };
}

function checkPinned(path: string, pem: string): void {
  try {
    readCertificate(pem);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `${path} holds no certificate, so the master cannot be told from others`, {
      hint: 'put it back from a backup, or remove it to trust the master that answers next',
      cause,
    });
  }
}

/**
 * The certificate to trust from now on, pinned: the given one, when it is of the same key, or proves that its authority
 * follows the one that was pinned. Throws KEY_MISMATCH.
 */
export async function followAuthority(pkiDir: string, pinnedPem: string, offeredPem: string): Promise<string> {
  const pinned = fingerprintOf(readCertificate(pinnedPem).publicKey);
  const offered = readCertificate(offeredPem);
  if (fingerprintOf(offered.publicKey) === pinned) return pinnedPem;
  if (!offered.ca || !predecessorsOf(offered).includes(pinned)) {
    throw new FleetError('KEY_MISMATCH', 'the new key of the master is not proven by the pinned one');
  }
  await writeFileAtomically(pinnedFile(pkiDir), offeredPem, 0o644);
  return offeredPem;
}

/**
 * Whether the master, which has another key than the pinned one, shows that the pinned one led to it; it is pinned
 * then.
 */
export async function followShownAuthority(options: TrustOptions): Promise<boolean> {
  const pinned = await readOptionalFile(pinnedFile(options.pkiDir));
  if (pinned === undefined) return false;
  try {
    const shown = await fetchAuthority(options);
    return (await followAuthority(options.pkiDir, pinned, shown)) !== pinned;
  } catch (error) {
    if (error instanceof FleetError && error.code !== 'FILE_UNREADABLE') return false;
    throw error;
  }
}

/** TLS towards the pinned master and nobody else. */
export function masterTls(
  caPem: string,
  client?: { readonly keyPem: string; readonly certPem: string },
): ConnectionOptions {
  return {
    ca: caPem,
    servername: MASTER_NAME,
    minVersion: 'TLSv1.2',
    ...(client !== undefined && { key: client.keyPem, cert: client.certPem }),
  };
}

/** A failed handshake with a pinned master, as what it means. */
export function explainTlsError(error: unknown, options: TrustOptions): unknown {
  const code = systemErrorCode(error instanceof FleetError ? error.cause : error);
  const mismatch = [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_SIGNATURE_FAILURE',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ];
  if (code !== undefined && mismatch.includes(code)) {
    return new FleetError(
      'KEY_MISMATCH',
      `the master at ${options.host}:${options.port} has another key than the pinned one`,
      {
        hint: `if the master was really replaced, remove ${pinnedFile(options.pkiDir)} and restart the minion; if not, somebody stands in between`,
        cause: error,
      },
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    // Not a wrong key: a machine that starts without knowing the time learns it later, and tries again until then.
    return notValidNow(options, error);
  }
  return error;
}

/** A key that the configured one led to is as good. */
function checkFinger({ masterFinger }: TrustOptions, caPem: string, whose: string, orElse = ''): void {
  if (masterFinger === '') return;
  const certificate = readCertificate(caPem);
  const fingerprint = fingerprintOf(certificate.publicKey);
  if ([fingerprint, ...predecessorsOf(certificate)].includes(parseFingerprint(masterFinger))) return;
  throw new FleetError('KEY_MISMATCH', `${whose} has fingerprint ${colonFingerprint(fingerprint)}, not master_finger`, {
    hint: `compare with \`salt-key -F\` on the master and correct master_finger${orElse}`,
  });
}

function isValidAt({ valid_from, valid_to }: DetailedPeerCertificate, nowMs: number): boolean {
  return nowMs >= Date.parse(valid_from) && nowMs <= Date.parse(valid_to);
}

function notValidNow({ host, port }: Pick<TrustOptions, 'host' | 'port'>, cause?: unknown): FleetError {
  return new FleetError('MASTER_UNREACHABLE', `the certificate of the master at ${host}:${port} is not valid now`, {
    hint: 'check the clocks of this machine and of the master',
    cause,
  });
}

/** Looks at the chain that the master shows, sends nothing, and keeps only a chain that holds together. */
function fetchAuthority({ host, port, timeoutMs, nowMs }: TrustOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: MASTER_NAME, rejectUnauthorized: false, timeout: timeoutMs });
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.once('error', (cause) => {
      reject(
        new FleetError('MASTER_UNREACHABLE', `cannot connect to ${host}:${port}: ${connectReason(cause)}`, { cause }),
      );
    });
    socket.once('secureConnect', () => {
      try {
        const leaf = socket.getPeerCertificate(true);
        if (!isValidAt(leaf, nowMs())) throw notValidNow({ host, port });
        resolve(authorityOf(leaf, nowMs()));
      } catch (error) {
        reject(error);
      }
      socket.destroy();
    });
  });
}

function authorityOf(leaf: DetailedPeerCertificate, nowMs: number): string {
  const issuer = leaf.issuerCertificate as DetailedPeerCertificate | undefined;
  if (issuer?.raw === undefined || issuer.raw.equals(leaf.raw)) {
    throw new FleetError('KEY_MISMATCH', 'the master shows no authority in its certificate chain');
  }
  const caPem = new X509Certificate(issuer.raw).toString();
  verifyCertificate({ certPem: new X509Certificate(leaf.raw).toString(), caPem, usage: 'server', nowMs });
  return caPem;
}
