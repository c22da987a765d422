import { generateKeyPairSync } from 'node:crypto';
import { createCertificateAuthority, issueCertificate } from '../../shared/crypto/certificate.ts';

/** What a TLS server of a test shows, and the authority that a client of it trusts. All PEM. */
export interface ServerCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** For these host names and addresses, valid now. */
export function serverCertificate(names: readonly string[]): ServerCertificate {
  const nowMs = Date.now();
  const ca = createCertificateAuthority('test', generateKeyPairSync('ed25519').privateKey, nowMs);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const request = { ca, publicKey, commonName: 'server', usage: 'server', names, days: 1, nowMs } as const;
  return {
    ca: ca.certPem,
    cert: issueCertificate(request),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
