import { FleetError } from '../errors.ts';

/** PEM (RFC 7468, strict): one block, standard base64, nothing before or after. */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST';

/** DER bytes as one PEM block. */
export function toPem(der: Uint8Array, label: PemLabel): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The bytes of one PEM block. Throws MESSAGE_INVALID for anything else. */
export function fromPem(text: string, label: PemLabel): Buffer {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const trimmed = text.trim();
  if (trimmed.startsWith(begin) && trimmed.endsWith(end) && trimmed.length > begin.length + end.length) {
    const base64 = trimmed.slice(begin.length, -end.length).replace(/\s+/g, '');
    const der = Buffer.from(base64, 'base64');
    // Buffer skips what is not base64, so only a round trip shows that nothing else was there.
    if (der.length > 0 && der.toString('base64') === base64) return der;
  }
  throw new FleetError('MESSAGE_INVALID', `not a PEM block of type ${label}`);
}
