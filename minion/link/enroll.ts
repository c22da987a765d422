import type { KeyObject } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, openConnection } from '../../shared/client/connection.ts';
import { createCsr, type VerifiedCertificate, verifyCertificate } from '../../shared/crypto/certificate.ts';
import { colonFingerprint, fingerprintOf } from '../../shared/crypto/fingerprint.ts';
import { readOptionalFile, writeFileAtomically } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { decodePayload } from '../../shared/protocol/codec.ts';
import { Enroll, EnrollResponse, type EnrollResponsePayload } from '../../shared/protocol/messages/enroll.ts';
import { topicFilter } from '../../shared/protocol/topic.ts';
import { followAuthority, masterTls } from './trust.ts';

/** What an accepted minion holds. */
export interface Credentials {
  readonly certPem: string;
  /** Certificate of the key that signs jobs. */
  readonly signingCertPem: string;
  /** Of the authority that issued both. */
  readonly caPem: string;
}

export interface EnrollOptions {
  readonly id: string;
  readonly pkiDir: string;
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly privateKey: KeyObject;
  /** One-time token of `salt-key --gen-token`; empty: none. */
  readonly token: string;
  /** Grains for autosign rules. */
  readonly grains: Readonly<Record<string, unknown>>;
  readonly connectTimeoutMs: number;
  readonly nowMs: () => number;
  /** In place of `verifyCertificate`, for who remembers what it found. */
  readonly verify?: typeof verifyCertificate;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told when the master has the key, and an operator has to decide. */
  readonly offered?: () => void;
}

const certFile = (pkiDir: string): string => join(pkiDir, 'minion.crt');
const signingFile = (pkiDir: string): string => join(pkiDir, 'minion_master_sign.crt');

/** The credentials on disk, when they are of this key and this master and still valid; else undefined. Throws FILE_UNREADABLE. */
export async function storedCredentials(options: EnrollOptions): Promise<Credentials | undefined> {
  const certPem = await readOptionalFile(certFile(options.pkiDir));
  const signingCertPem = await readOptionalFile(signingFile(options.pkiDir));
  if (certPem === undefined || signingCertPem === undefined) return undefined;
  const credentials = { certPem, signingCertPem, caPem: options.caPem };
  try {
    checkCredentials(options, credentials);
    return credentials;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    options.log.warning('the stored certificate is of no use: enrolling again', { reason: error.message });
    return undefined;
  }
}

/** The master does not take the certificate any more. */
export function forgetCredentials(pkiDir: string): Promise<void> {
  return rm(certFile(pkiDir), { force: true });
}

/** The disk is touched only when it is another one. */
export async function storeSigningCert(pkiDir: string, signingCertPem: string): Promise<void> {
  const path = signingFile(pkiDir);
  if ((await readOptionalFile(path)) === signingCertPem) return;
  await writeFileAtomically(path, signingCertPem, 0o644);
}

/**
 * Offers this minion's key and waits, as long as the connection holds, until an operator accepts it. Rejects with
 * NOT_PERMITTED when the offer is turned down, MASTER_UNREACHABLE when the connection ends.
 */
export async function enroll(options: EnrollOptions): Promise<Credentials> {
  const fingerprint = fingerprintOf(options.privateKey);
  let connection: Connection | undefined;
  const answers = answerQueue();
  const stop = (): void => void connection?.close();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    connection = await openConnection({
      endpoint: { kind: 'tls', host: options.host, port: options.port, options: masterTls(options.caPem) },
      clientId: fingerprint,
      keepaliveSeconds: 60,
      connectTimeoutMs: options.connectTimeoutMs,
      received: (_topic, payload) => answers.put(EnrollResponse.check(decodePayload(payload))),
    });
    if (options.signal.aborted) throw new FleetError('MASTER_UNREACHABLE', 'stopped before the key was offered');
    await connection.subscribe([topicFilter(EnrollResponse.topic, { fingerprint })]);
    await connection.publish(Enroll.encode({ fingerprint }, offerOf(options)));
    options.log.info('key offered to the master', { fingerprint: colonFingerprint(fingerprint) });
    return await waitForAcceptance(options, answers, connection.closed);
  } finally {
    options.signal.removeEventListener('abort', stop);
    await connection?.close();
  }
}

function offerOf({ id, privateKey, token, grains }: EnrollOptions) {
  return {
    id,
    csr: createCsr(privateKey, id),
    ...(token !== '' && { token }),
    ...(Object.keys(grains).length > 0 && { grains }),
  };
}

async function waitForAcceptance(
  options: EnrollOptions,
  answers: ReturnType<typeof answerQueue>,
  closed: Promise<string>,
): Promise<Credentials> {
  for (;;) {
    const answer = await Promise.race([answers.next(), closed]);
    if (typeof answer === 'string') {
      throw new FleetError('MASTER_UNREACHABLE', `the connection ended while waiting to be accepted: ${answer}`);
    }
    if (answer.st === 'pending') {
      options.offered?.();
      options.log.warning(answer.message ?? 'waiting for an operator to accept this minion');
    } else if (answer.st === 'accepted') return accept(options, answer);
    else throw new FleetError('NOT_PERMITTED', answer.message ?? `the master answered: ${answer.st}`);
  }
}

async function accept(options: EnrollOptions, answer: EnrollResponsePayload): Promise<Credentials> {
  const credentials = await keepCredentials(options, answer);
  options.log.info('the master accepted this minion');
  return credentials;
}

/** Stores what the master issued. Throws MESSAGE_INVALID when that is nothing, KEY_MISMATCH when it is another's. */
export async function keepCredentials(
  options: EnrollOptions,
  { cert, signing_cert, ca }: EnrollResponsePayload,
): Promise<Credentials & Pick<VerifiedCertificate, 'expiresAtMs'>> {
  if (cert === undefined || signing_cert === undefined) {
    throw new FleetError('MESSAGE_INVALID', 'the master accepted this minion but sent no certificate');
  }
  // The master may have replaced its authority while this minion waited.
  const caPem = ca === undefined ? options.caPem : await followAuthority(options.pkiDir, options.caPem, ca);
  const credentials = { certPem: cert, signingCertPem: signing_cert, caPem };
  const { expiresAtMs } = checkCredentials(options, credentials);
  await storeSigningCert(options.pkiDir, signing_cert);
  await writeFileAtomically(certFile(options.pkiDir), cert, 0o644);
  return { ...credentials, expiresAtMs };
}

/** Throws KEY_MISMATCH. */
function checkCredentials(options: EnrollOptions, credentials: Credentials): VerifiedCertificate {
  const { nowMs, verify = verifyCertificate } = options;
  const { certPem, signingCertPem, caPem } = credentials;
  const own = checkCertificate(options, certPem, caPem);
  verify({ certPem: signingCertPem, caPem, usage: 'signing', nowMs: nowMs() });
  return own;
}

/** What is known of this minion's certificate. Throws KEY_MISMATCH when it is not of its key and that authority, or not valid now. */
export function checkCertificate(
  { id, privateKey, nowMs, verify = verifyCertificate }: EnrollOptions,
  certPem: string,
  caPem: string,
): VerifiedCertificate {
  const own = verify({ certPem, caPem, usage: 'client', nowMs: nowMs() });
  if (own.commonName !== id)
    throw new FleetError('KEY_MISMATCH', `the certificate is for ${own.commonName}, not ${id}`);
  if (own.fingerprint !== fingerprintOf(privateKey)) {
    throw new FleetError('KEY_MISMATCH', 'the certificate is for another key than minion.pem');
  }
  return own;
}

/** Answers in the order they came, for one who waits. */
function answerQueue() {
  const ready: EnrollResponsePayload[] = [];
  let wake: ((answer: EnrollResponsePayload) => void) | undefined;
  return {
    put(answer: EnrollResponsePayload): void {
      if (wake === undefined) ready.push(answer);
      else wake(answer);
      wake = undefined;
    },
    next(): Promise<EnrollResponsePayload> {
      const answer = ready.shift();
      return answer === undefined ? new Promise((resolve) => (wake = resolve)) : Promise.resolve(answer);
    },
  };
}
