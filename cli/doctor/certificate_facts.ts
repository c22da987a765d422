import type { X509Certificate } from 'node:crypto';
import { BACKDATE_MS, commonNameOf, readCertificate } from '../../shared/crypto/certificate.ts';
import { fingerprintOf } from '../../shared/crypto/fingerprint.ts';
import { readOptionalFile } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import type { Fingerprint } from '../../shared/ids.ts';

/** What of a certificate matters here. */
export interface CertificateFacts {
  readonly commonName: string;
  readonly fingerprint: Fingerprint;
  /** When it was made; valid it is from a day before. */
  readonly issuedMs: number;
  readonly expiresMs: number;
}

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    commonName: commonNameOf(certificate),
    fingerprint: fingerprintOf(certificate.publicKey),
    issuedMs: Date.parse(certificate.validFrom) + BACKDATE_MS,
    expiresMs: Date.parse(certificate.validTo),
  };
}

/** Undefined without a file, `broken` when it holds no certificate. Throws FILE_UNREADABLE. */
export async function readCertificateFile(path: string): Promise<X509Certificate | 'broken' | undefined> {
  const pem = await readOptionalFile(path);
  return pem === undefined ? undefined : readShown(pem);
}

/** Somebody else's certificate may be anything. */
export function readShown(pem: string): X509Certificate | 'broken' {
  try {
    return readCertificate(pem);
  } catch (error) {
    if (error instanceof FleetError) return 'broken';
    throw error;
  }
}

/** Of a certificate that may not be there, or be broken. */
export function fingerprintIn(certificate: X509Certificate | 'broken' | undefined): Fingerprint | undefined {
  return certificate === undefined || certificate === 'broken' ? undefined : fingerprintOf(certificate.publicKey);
}
