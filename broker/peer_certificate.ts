import type { TLSSocket } from 'node:tls';
import { fingerprintOf } from '../shared/crypto/fingerprint.ts';

export interface PeerCertificate {
  /** Empty when there is not exactly one. */
  readonly commonName: string;
  readonly fingerprint: string;
  /** Why it does not count, as one line; undefined when it is valid. */
  readonly problem: string | undefined;
}

/** The client's certificate, judged; undefined when it sent none. */
export function readPeerCertificate(socket: TLSSocket, nowMs: number): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='));
  return {
    commonName: names.length === 1 ? (names[0] as string).slice('CN='.length) : '',
    fingerprint: fingerprintOf(certificate.publicKey),
    problem: socket.authorized ? validityProblem(certificate, nowMs) : String(socket.authorizationError),
  };
}

/** A resumed session is `authorized` as it was in its first handshake, whatever expired since. */
function validityProblem(
  { validFrom, validTo }: { readonly validFrom: string; readonly validTo: string },
  nowMs: number,
): string | undefined {
  if (nowMs > Date.parse(validTo)) return `it expired on ${validTo}`;
  if (nowMs < Date.parse(validFrom)) return `it is not valid before ${validFrom}`;
  return undefined;
}
