import { createHash } from 'node:crypto';
import { type VerifiedCertificate, verifyCertificate } from '../../shared/crypto/certificate.ts';

/**
 * `verifyCertificate` for many minions in one process: what it found is remembered, for they all check the certificates
 * of one master, and each its own several times for a connection. What fails is looked at again.
 */
export function createCertificateMemo(max: number): typeof verifyCertificate {
  const known = new Map<string, VerifiedCertificate>();
  return (options) => {
    const { certPem, caPem, usage, nowMs } = options;
    const key = createHash('sha256').update(`${usage}\n${caPem}\n${certPem}`).digest('base64');
    const found = known.get(key);
    if (found !== undefined && nowMs <= found.expiresAtMs) return found;
    const verified = verifyCertificate(options);
    // In the order of their coming: whatever is pushed out is verified once more.
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= max) known.delete(oldest);
    known.set(key, verified);
    return verified;
  };
}
