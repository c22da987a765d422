import { createPublicKey, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import type { Fingerprint } from '../ids.ts';
import * as der from './der.ts';
import { fingerprintOf, spkiOf } from './fingerprint.ts';

/**
 * How a new authority proves that the one before it made it so: an extension of its own certificate holds the keys
 * before it, the latest first, each with its signature of the key that followed. Whoever knows any of them can go on to
 * the new one with nothing but the certificate, which TLS shows before anything else is trusted.
 */
export const SUCCESSION_ID = '2.25.189326990539391705653112691577614021606';
const DOMAIN = Buffer.from('salt-ca-v1\0');
/** Keys before the present one that a certificate tells of; it has to stay small. */
const LINKS_MAX = 8;
const OID = der.objectId(SUCCESSION_ID);

/** The value of the extension: the predecessor hands over to the owner of that key. */
export function handOver(
  predecessor: { readonly privateKey: KeyObject; readonly certificate: X509Certificate },
  successor: KeyObject,
): Buffer {
  const { privateKey, certificate } = predecessor;
  const signature = sign(digestOf(privateKey), statementOf(spkiOf(successor)), privateKey);
  const link = der.sequence(spkiOf(privateKey), der.octetString(signature));
  const earlier = linksOf(certificate).slice(0, LINKS_MAX - 1);
  return der.sequence(link, ...earlier.map(({ raw }) => raw));
}

/** The authorities before this one that provably led to it, the latest first. Of any certificate; never throws. */
export function predecessorsOf(certificate: X509Certificate): readonly Fingerprint[] {
  const found: Fingerprint[] = [];
  try {
    let follower: Buffer = spkiOf(certificate.publicKey);
    for (const link of linksOf(certificate).slice(0, LINKS_MAX)) {
      const [spki, signature] = der.derChildren(link);
      if (spki === undefined || signature === undefined) return found;
      const key = createPublicKey({ key: spki.raw, type: 'spki', format: 'der' });
      if (!verify(digestOf(key), statementOf(follower), key, signature.content)) return found;
      found.push(fingerprintOf(key));
      follower = spki.raw;
    }
  } catch {
    // What is not of our making proves nothing.
  }
  return found;
}

function statementOf(spki: Uint8Array): Buffer {
  return Buffer.concat([DOMAIN, spki]);
}

/** Ed25519 hashes by itself. */
function digestOf(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

/** Throws MESSAGE_INVALID for a certificate that is not DER as we write it. */
function linksOf({ raw }: X509Certificate): der.DerValue[] {
  const [body] = der.derChildren(der.readDer(raw));
  const list = body && der.derChildren(body).find(({ tag }) => tag === der.derTag.context3);
  const extensions = list === undefined ? [] : der.derChildren(list).flatMap((value) => der.derChildren(value));
  for (const extension of extensions) {
    const members = der.derChildren(extension);
    const value = members.at(-1);
    if (value !== undefined && members[0]?.raw.equals(OID)) return der.derChildren(der.readDer(value.content));
  }
  return [];
}
