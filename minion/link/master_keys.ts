import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { verifyCertificate } from '../../shared/crypto/certificate.ts';
import { keyId } from '../../shared/crypto/job_signature.ts';
import type { Logger } from '../../shared/log.ts';
import type { MasterKeysPayload } from '../../shared/protocol/messages/keys.ts';
import { type Credentials, storeSigningCert } from './enroll.ts';
import { followAuthority } from './trust.ts';

/** The keys of the master that this minion knows: the one that it pinned, and those that sign jobs. */
export interface MasterKeys {
  /** Of the pinned authority; empty before the first connection. */
  caPem(): string;
  /** Undefined also for a key whose jobs are not taken any more. */
  signingKey(kid: string): KeyObject | undefined;
  /** A connection begins with what was stored or issued. Throws KEY_MISMATCH. */
  begin(credentials: Credentials): void;
  /**
   * What the master says counts from then on; a key that it does not name is forgotten. Resolves with whether it has
   * another authority, and rejects with KEY_MISMATCH, when nothing is changed.
   */
  learn(told: MasterKeysPayload): Promise<boolean>;
}

interface SigningKey {
  readonly publicKey: KeyObject;
  /** Seconds UTC by the master's clock. */
  readonly until: number;
}

export interface MasterKeysOptions {
  readonly pkiDir: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
  /** In place of `verifyCertificate`, for who remembers what it found. */
  readonly verify?: typeof verifyCertificate;
  /** Seconds UTC by the master's clock. */
  readonly masterNow: () => number;
}

export function createMasterKeys(options: MasterKeysOptions): MasterKeys {
  const { pkiDir, clock, masterNow, log, verify = verifyCertificate } = options;
  let caPem = '';
  /** As it was read or written last: it is told at each hello, and hardly ever another one. */
  let storedPem = '';
  let signingKeys = new Map<string, SigningKey>();
  /** Two answers are taken in their order. */
  let last: Promise<unknown> = Promise.resolve();
  const publicKeyIn = (certPem: string, authorityPem: string): KeyObject =>
    verify({ certPem, caPem: authorityPem, usage: 'signing', nowMs: clock.nowMs() }).publicKey;

  const learn = async ({ signing_certs, signing_ends = {}, ca }: MasterKeysPayload): Promise<boolean> => {
    const before = caPem;
    const authorityPem = ca === undefined ? caPem : await followAuthority(pkiDir, caPem, ca);
    const learned = new Map<string, SigningKey>();
    for (const certPem of signing_certs) {
      const publicKey = publicKeyIn(certPem, authorityPem);
      const kid = keyId(publicKey);
      learned.set(kid, { publicKey, until: signing_ends[kid] ?? Number.POSITIVE_INFINITY });
    }
    caPem = authorityPem;
    signingKeys = learned;
    const [usedPem] = signing_certs as [string];
    if (usedPem !== storedPem) await storeSigningCert(pkiDir, usedPem);
    storedPem = usedPem;
    if (caPem === before) return false;
    log.info('the master has another authority, which the pinned one vouches for');
    return true;
  };

  return {
    caPem: () => caPem,
    signingKey(kid) {
      const found = signingKeys.get(kid);
      return found !== undefined && masterNow() < found.until ? found.publicKey : undefined;
    },
    begin(credentials) {
      ({ caPem, signingCertPem: storedPem } = credentials);
      const publicKey = publicKeyIn(storedPem, caPem);
      const kid = keyId(publicKey);
      if (!signingKeys.has(kid)) signingKeys.set(kid, { publicKey, until: Number.POSITIVE_INFINITY });
    },
    learn(told) {
      const learning = last.then(() => learn(told));
      last = learning.catch(() => undefined);
      return learning;
    },
  };
}
