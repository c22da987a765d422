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
  const authority = createCertificateAuthority(generateKeyPairSync('ed25519').privateKey, {
    commonName: 'test',
    nowMs,
  });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const request = { authority, publicKey, commonName: 'server', usage: 'server', names, days: 1, nowMs } as const;
  return {
    ca: authority.certPem,
    cert: issueCertificate(request),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
