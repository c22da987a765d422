import { createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import {
  type CertificateAuthority,
  issueCertificate,
  MASTER_NAME,
  readCertificate,
} from '../../shared/crypto/certificate.ts';
import { predecessorsOf } from '../../shared/crypto/succession.ts';
import type { Fingerprint } from '../../shared/ids.ts';
import type { MasterKeysPayload } from '../../shared/protocol/messages/keys.ts';
import { newKeyLike, openOwnAuthority, replaceOwnAuthority } from './own_authority.ts';
import {
  certifySigningKey,
  makeSigningKey,
  OWN_CERT_DAYS,
  openSigningKey,
  type RetiredKey,
  readRetiredKeys,
  type SigningKey,
  signingCertificate,
  storeSigningKey,
  writeRetiredKeys,
} from './signing_key.ts';

/** What Node.js and OpenSSL take: a name, an HMAC key and an AES key. */
const TICKET_KEYS_BYTES = 48;

/** The master's own keys: one that issues certificates and is what minions pin, and one that signs jobs. */
export interface Authority {
  /** Of master.pub: what `salt-key -F` prints and minions pin. */
  readonly fingerprint: Fingerprint;
  readonly caPem: string;
  /** The keys that minions may have pinned before, the latest first; with each the certificate proves to follow it. */
  readonly predecessors: readonly Fingerprint[];
  /** Names the job signing key on the wire. */
  readonly kid: string;
  readonly signingKey: KeyObject;
  readonly signingCertPem: string;
  /** Keys that signed before, whose jobs are still taken. */
  retired(): readonly RetiredKey[];
  /** What minions have to know of these keys. */
  told(): MasterKeysPayload;
  /** The certificate of the authority for a minion that may have pinned the one before; empty when there was none. */
  succession(): { readonly ca?: string };
  /** A client certificate, valid from now for the configured days. */
  issueMinionCertificate(id: string, publicKey: KeyObject): string;
  /** A fresh key that never touches the disk, and its certificate, which outlives the process. */
  serverTls(): ServerTls;
  /** Another key to sign jobs with, which is told of from now on and signs nothing before it is taken. */
  prepareSigningKey(): PreparedSigningKey;
  /** Another authority from now on, which proves to follow this one; the key that signs jobs stays. */
  replaceAuthority(): Promise<void>;
}

export interface PreparedSigningKey {
  /** It signs from now on; jobs of the one before are taken until then, seconds UTC. */
  take(until: number): Promise<void>;
  drop(): void;
}

export interface ServerTls {
  readonly keyPem: string;
  /** The server's certificate, then the authority's. */
  readonly certPem: string;
  /** Of the authority: another one resumes no session of this one. */
  readonly ticketKeys: Buffer;
}

export interface AuthorityOptions {
  readonly pkiDir: string;
  readonly clock: Clock;
  /** How long a minion's certificate is valid, days. */
  readonly minionCertDays: number;
}

interface Keys {
  ca: CertificateAuthority;
  signing: SigningKey;
  next: SigningKey | undefined;
  retired: readonly RetiredKey[];
}

/**
 * Takes the keys in pkiDir and makes what is missing. Throws CONFIG_INVALID naming a broken file and NOT_PERMITTED for
 * a private key that others may read.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { pkiDir, clock, minionCertDays } = options;
  const ca = await openOwnAuthority(pkiDir, clock.nowMs());
  const signing = await openSigningKey(pkiDir, ca, clock.nowMs());
  const keys: Keys = { ca, signing, next: undefined, retired: await readRetiredKeys(pkiDir) };
  // Each minion that connects is told; the signatures in the certificate are checked once.
  let followed = { ca, predecessors: predecessorsOf(readCertificate(ca.certPem)) };
  const predecessors = (): readonly Fingerprint[] => {
    if (followed.ca !== keys.ca) {
      followed = { ca: keys.ca, predecessors: predecessorsOf(readCertificate(keys.ca.certPem)) };
    }
    return followed.predecessors;
  };
  // A crash may have left the key that signs among those that were about to be retired.
  const retired = (): readonly RetiredKey[] =>
    keys.retired.filter(({ kid, until }) => until > nowSeconds(clock) && kid !== keys.signing.kid);
  const succession = () => (predecessors().length === 0 ? {} : { ca: keys.ca.certPem });
  return {
    get fingerprint() {
      return keys.ca.fingerprint;
    },
    get caPem() {
      return keys.ca.certPem;
    },
    get predecessors() {
      return predecessors();
    },
    get kid() {
      return keys.signing.kid;
    },
    get signingKey() {
      return keys.signing.privateKey;
    },
    get signingCertPem() {
      return keys.signing.certPem;
    },
    retired,
    told: () => ({ ...tellSigningKeys(keys, retired(), clock.nowMs()), ...succession() }),
    succession,
    issueMinionCertificate: (id, publicKey) =>
      issueCertificate({
        ca: keys.ca,
        publicKey,
        commonName: id,
        usage: 'client',
        days: minionCertDays,
        nowMs: clock.nowMs(),
      }),
    serverTls: () => serverTls(keys.ca, clock.nowMs()),
    prepareSigningKey: () => prepareSigningKey(options, keys, retired),
    async replaceAuthority() {
      const nowMs = clock.nowMs();
      const successor = await replaceOwnAuthority(pkiDir, keys.ca, nowMs);
      keys.signing = await certifySigningKey(pkiDir, successor, keys.signing.privateKey, nowMs);
      keys.ca = successor;
    },
  };
}

function tellSigningKeys(
  { ca, signing, next }: Keys,
  retired: readonly RetiredKey[],
  nowMs: number,
): MasterKeysPayload {
  return {
    signing_certs: [
      signing.certPem,
      ...(next === undefined ? [] : [next.certPem]),
      ...retired.map(({ publicKey }) => signingCertificate(ca, publicKey, nowMs)),
    ],
    ...(retired.length > 0 && { signing_ends: Object.fromEntries(retired.map(({ kid, until }) => [kid, until])) }),
  };
}

function prepareSigningKey(
  { pkiDir, clock }: AuthorityOptions,
  keys: Keys,
  retired: () => readonly RetiredKey[],
): PreparedSigningKey {
  const next = makeSigningKey(keys.ca, clock.nowMs());
  keys.next = next;
  return {
    async take(until) {
      const { kid, privateKey } = keys.signing;
      const kept = [{ kid, publicKey: createPublicKey(privateKey), until }, ...retired()];
      await writeRetiredKeys(pkiDir, kept);
      await storeSigningKey(pkiDir, next);
      Object.assign(keys, { signing: next, next: undefined, retired: kept });
    },
    drop() {
      keys.next = undefined;
    },
  };
}

function serverTls(ca: CertificateAuthority, nowMs: number): ServerTls {
  const { privateKey, publicKey } = newKeyLike(ca);
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
    ticketKeys: ticketKeysOf(ca),
  };
}

/** The same after a restart, without another secret on the disk (RFC 5869). */
function ticketKeysOf({ privateKey }: CertificateAuthority): Buffer {
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' });
  return Buffer.from(hkdfSync('sha256', secret, '', 'brine tls session tickets', TICKET_KEYS_BYTES));
}
