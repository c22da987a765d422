import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { FleetError } from '../errors.ts';
import type { Fingerprint } from '../ids.ts';
import * as der from './der.ts';
import { fingerprintOf, spkiOf } from './fingerprint.ts';
import { fromPem, toPem } from './pem.ts';
import { handOver, SUCCESSION_ID } from './succession.ts';

/**
 * The fleet's certificates (RFC 5280): one self-signed authority, leaves below it, nothing between. Keys are Ed25519 or
 * P-256; the extended key usage says what a leaf is for, and is always there, so that none can play another's part.
 */
export interface CertificateAuthority {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly certPem: string;
  /** What a minion pins. */
  readonly fingerprint: Fingerprint;
}

export type CertificateUsage = 'client' | 'server' | 'signing';

const usageIds: Readonly<Record<CertificateUsage, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
  // Code signing is what a signed job is nearest to, and no TLS peer takes a certificate that is for this alone.
  signing: '1.3.6.1.5.5.7.3.3',
};

/** The name in the master's certificate, whatever host it runs on: a minion trusts a key, not a name server. */
export const MASTER_NAME = 'salt-master';

const DAY_MS = 86_400_000;
/** A device whose clock is set to local time is up to 14 hours behind. */
export const BACKDATE_MS = DAY_MS;
/** `99991231235959Z`, "no well-defined expiration date" (RFC 5280 §4.1.2.5): the authority is pinned by its key. */
const NEVER_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
/** X.520 ub-common-name, characters. */
const COMMON_NAME_MAX = 64;

/** Signs itself, or takes the certificate that it signed before. Throws CONFIG_INVALID when that is another key's. */
export function createCertificateAuthority(
  commonName: string,
  privateKey: KeyObject,
  nowMs: number,
  certPem?: string,
): CertificateAuthority {
  const fingerprint = fingerprintOf(privateKey);
  if (certPem === undefined) {
    return { commonName, privateKey, fingerprint, certPem: selfSigned(commonName, privateKey, nowMs) };
  }
  const certificate = readCertificate(certPem);
  if (fingerprintOf(certificate.publicKey) !== fingerprint || !certificate.ca) {
    throw new FleetError('CONFIG_INVALID', 'the certificate of the authority is not one of its key');
  }
  return { commonName: commonNameOf(certificate), privateKey, fingerprint, certPem };
}

/** Another authority, whose certificate proves to those who know the present one that it follows it. */
export function createSuccessor(
  predecessor: CertificateAuthority,
  privateKey: KeyObject,
  nowMs: number,
): CertificateAuthority {
  const { commonName, certPem } = predecessor;
  const certificate = readCertificate(certPem);
  const proof = handOver({ privateKey: predecessor.privateKey, certificate }, privateKey);
  return {
    commonName,
    privateKey,
    fingerprint: fingerprintOf(privateKey),
    certPem: selfSigned(commonName, privateKey, nowMs, [extension(SUCCESSION_ID, proof)]),
  };
}

function selfSigned(commonName: string, privateKey: KeyObject, nowMs: number, more: readonly Buffer[] = []): string {
  return buildCertificate({
    issuer: { commonName, privateKey },
    commonName,
    spki: spkiOf(privateKey),
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: NEVER_MS,
    extensions: [...authorityExtensions(), ...more],
  });
}

export interface CertificateRequest {
  readonly ca: CertificateAuthority;
  readonly publicKey: KeyObject | Uint8Array;
  readonly commonName: string;
  readonly usage: CertificateUsage;
  /** Host names and addresses that a server answers to. */
  readonly names?: readonly string[];
  readonly days: number;
  readonly nowMs: number;
}

/** A leaf certificate, PEM. Valid from a day ago, for devices whose clock is wrong. */
export function issueCertificate(request: CertificateRequest): string {
  const { ca, publicKey, commonName, usage, names = [], days, nowMs } = request;
  return buildCertificate({
    issuer: ca,
    commonName,
    spki: publicKey instanceof Uint8Array ? publicKey : spkiOf(publicKey),
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + days * DAY_MS,
    extensions: leafExtensions(usage, names),
  });
}

export interface VerifiedCertificate {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly fingerprint: Fingerprint;
  readonly expiresAtMs: number;
  /** See `renewalMs`. */
  readonly renewalMs: number;
}

/**
 * When another one is due: at two thirds to three quarters of its life, which leaves weeks without a connection. Where
 * in between is drawn by its own bytes, so that minions which were enrolled together do not come together again.
 */
export function renewalMs({ validFrom, validTo, raw }: X509Certificate): number {
  const beginMs = Date.parse(validFrom);
  const draw = createHash('sha256').update(raw).digest().readUInt32BE() / 2 ** 32;
  return beginMs + (Date.parse(validTo) - beginMs) * (2 / 3 + draw / 12);
}

/** Throws KEY_MISMATCH unless the authority issued the certificate, for this usage, and it is valid now. */
export function verifyCertificate(options: {
  readonly certPem: string;
  readonly caPem: string;
  readonly usage: CertificateUsage;
  readonly nowMs: number;
}): VerifiedCertificate {
  const certificate = readCertificate(options.certPem);
  const authority = readCertificate(options.caPem);
  const commonName = commonNameOf(certificate);
  const refusal = whyRefused(certificate, authority, options.usage, options.nowMs);
  if (refusal !== undefined) throw new FleetError('KEY_MISMATCH', `the certificate of ${commonName} ${refusal}`);
  const { publicKey } = certificate;
  return {
    commonName,
    publicKey,
    fingerprint: fingerprintOf(publicKey),
    expiresAtMs: Date.parse(certificate.validTo),
    renewalMs: renewalMs(certificate),
  };
}

function whyRefused(
  certificate: X509Certificate,
  authority: X509Certificate,
  usage: CertificateUsage,
  nowMs: number,
): string | undefined {
  if (!certificate.verify(authority.publicKey)) return 'is not issued by this authority';
  if (certificate.ca || certificate.keyUsage?.join() !== usageIds[usage]) return `is not for use as ${usage}`;
  if (nowMs < Date.parse(certificate.validFrom)) return `is not valid before ${certificate.validFrom}`;
  if (nowMs > Date.parse(certificate.validTo)) return `expired on ${certificate.validTo}`;
  return undefined;
}

/** Throws MESSAGE_INVALID. */
export function readCertificate(certPem: string): X509Certificate {
  try {
    return new X509Certificate(fromPem(certPem, 'CERTIFICATE'));
  } catch (cause) {
    throw new FleetError('MESSAGE_INVALID', 'not a certificate in PEM form', { cause });
  }
}

export function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}

interface CertificateFields {
  readonly issuer: { readonly commonName: string; readonly privateKey: KeyObject };
  readonly commonName: string;
  readonly spki: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: readonly Buffer[];
}

function buildCertificate(fields: CertificateFields): string {
  const { issuer, commonName, spki } = fields;
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.of(2))),
    der.integer(serialNumber()),
    signatureAlgorithm(issuer.privateKey).id,
    distinguishedName(issuer.commonName),
    der.sequence(der.time(fields.notBeforeMs), der.time(fields.notAfterMs)),
    distinguishedName(commonName),
    spki,
    der.explicit(
      3,
      der.sequence(
        ...fields.extensions,
        extension('2.5.29.14', der.octetString(keyIdentifier(spki))),
        extension('2.5.29.35', der.sequence(der.implicit(0, keyIdentifier(spkiOf(issuer.privateKey))))),
      ),
    ),
  );
  return toPem(signed(body, issuer.privateKey), 'CERTIFICATE');
}

/** 127 random bits: positive, not zero (RFC 5280 §4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function authorityExtensions(): Buffer[] {
  const pathLength = der.integer(Buffer.of(0));
  const signsCertificates = der.bitString(Buffer.of(0b0000_0110), 1);
  return [
    extension('2.5.29.19', der.sequence(der.boolean(true), pathLength), true),
    extension('2.5.29.15', signsCertificates, true),
  ];
}

function leafExtensions(usage: CertificateUsage, names: readonly string[]): Buffer[] {
  const digitalSignature = der.bitString(Buffer.of(0b1000_0000), 7);
  return [
    extension('2.5.29.19', der.sequence(), true),
    extension('2.5.29.15', digitalSignature, true),
    extension('2.5.29.37', der.sequence(der.objectId(usageIds[usage])), true),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', der.sequence(...names.map(generalName)))]),
  ];
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.objectId(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? der.implicit(2, Buffer.from(name, 'latin1')) : der.implicit(7, addressBytes(name));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // URL writes every IPv6 address in one form: hexadecimal groups, `::` at most once.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const missing = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  const all = [...groups(head), ...missing, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function distinguishedName(commonName: string): Buffer {
  if (commonName === '' || commonName.length > COMMON_NAME_MAX) {
    throw new FleetError('MESSAGE_INVALID', `a common name has 1 to ${COMMON_NAME_MAX} characters`);
  }
  return der.sequence(der.set(der.sequence(COMMON_NAME, der.utf8String(commonName))));
}

/** The leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093 §2). */
function keyIdentifier(spki: Uint8Array): Buffer {
  const bits = der.derChildren(der.readDer(spki))[1]?.content.subarray(1) ?? Buffer.alloc(0);
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

const COMMON_NAME = der.objectId('2.5.4.3');
const ED25519 = { id: der.sequence(der.objectId('1.3.101.112')), digest: null };
const ECDSA_SHA256 = { id: der.sequence(der.objectId('1.2.840.10045.4.3.2')), digest: 'sha256' };

/** How a key signs: AlgorithmIdentifier and digest. Throws MESSAGE_INVALID for keys that are not of ours. */
function signatureAlgorithm(key: KeyObject): { readonly id: Buffer; readonly digest: string | null } {
  if (key.asymmetricKeyType === 'ed25519') return ED25519;
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return ECDSA_SHA256;
  throw new FleetError('MESSAGE_INVALID', `keys of type ${key.asymmetricKeyType ?? key.type} are not accepted`, {
    hint: 'use Ed25519 or P-256',
  });
}

function signed(body: Buffer, privateKey: KeyObject): Buffer {
  const { id, digest } = signatureAlgorithm(privateKey);
  return der.sequence(body, id, der.bitString(sign(digest, body, privateKey)));
}

/** A certificate signing request (PKCS#10, RFC 2986), PEM: names the key and proves that its holder made it. */
export function createCsr(privateKey: KeyObject, commonName: string): string {
  const version = der.integer(Buffer.of(0));
  const info = der.sequence(version, distinguishedName(commonName), spkiOf(privateKey), der.explicit(0));
  return toPem(signed(info, privateKey), 'CERTIFICATE REQUEST');
}

export interface Csr {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly fingerprint: Fingerprint;
}

/** Longest request that is looked at, bytes of DER or characters of PEM; ours have 170 bytes. */
const CSR_SIZE_MAX = 8192;

/** Strict, and the signature is verified: what comes back is the one meaning of the bytes. Throws MESSAGE_INVALID. */
export function parseCsr(request: string | Uint8Array): Csr {
  if (request.length > CSR_SIZE_MAX) throw invalid(`longer than ${CSR_SIZE_MAX}`);
  const top = der.readDer(typeof request === 'string' ? fromPem(request, 'CERTIFICATE REQUEST') : request);
  const [info, algorithm, signature] = members(top, [der.derTag.sequence, der.derTag.sequence, der.derTag.bitString]);
  const [version, subject, spki] = members(info, [
    der.derTag.integer,
    der.derTag.sequence,
    der.derTag.sequence,
    der.derTag.context0,
  ]);
  if (!version.content.equals(Buffer.of(0))) throw invalid('unknown version');
  const publicKey = readPublicKey(spki.raw);
  const { id, digest } = signatureAlgorithm(publicKey);
  // The outer algorithm is not covered by the signature: it must be the key's own, byte for byte.
  if (!algorithm.raw.equals(id)) throw invalid('the signature algorithm is not the one of the key');
  if (signature.content[0] !== 0 || !verify(digest, info.raw, publicKey, signature.content.subarray(1))) {
    throw invalid('the signature does not verify');
  }
  return { commonName: readCommonName(subject), publicKey, fingerprint: fingerprintOf(publicKey) };
}

/** The children, when there are exactly these; typed as long as the list of tags. */
function members<const T extends readonly number[]>(
  parent: der.DerValue,
  tags: T,
): { readonly [K in keyof T]: der.DerValue } {
  const children = parent.tag === der.derTag.sequence ? der.derChildren(parent) : [];
  if (children.length !== tags.length || children.some((child, index) => child.tag !== tags[index])) {
    throw invalid('not a PKCS#10 request');
  }
  return children as unknown as { readonly [K in keyof T]: der.DerValue };
}

function readPublicKey(spki: Buffer): KeyObject {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: spki, type: 'spki', format: 'der' });
  } catch (cause) {
    throw new FleetError('MESSAGE_INVALID', 'certificate request: the public key cannot be read', { cause });
  }
  // A key with two encodings would have two fingerprints.
  if (!spkiOf(publicKey).equals(spki)) throw invalid('the public key is not in its usual encoding');
  return publicKey;
}

function readCommonName(subject: der.DerValue): string {
  const textTags: readonly number[] = [der.derTag.utf8String, der.derTag.printableString, der.derTag.ia5String];
  const names = der
    .derChildren(subject)
    .flatMap((relative) => der.derChildren(relative))
    .map((attribute) => der.derChildren(attribute))
    .filter(([type]) => type?.raw.equals(COMMON_NAME));
  const value = names[0]?.[1];
  if (names.length !== 1 || value === undefined || !textTags.includes(value.tag)) {
    throw invalid('there must be one common name');
  }
  return value.content.toString('utf8');
}

function invalid(what: string): FleetError {
  return new FleetError('MESSAGE_INVALID', `certificate request: ${what}`);
}
