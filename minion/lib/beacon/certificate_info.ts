import { X509Certificate } from 'node:crypto';
import { type DerValue, derChildren, derTag, readDer } from '../../../shared/crypto/der.ts';

/** What Salt's cert_info tells of one certificate. */
export type CertificateInfo = Readonly<Record<string, unknown>> & { readonly notAfterMs: number };

/** The first certificate of a PEM text. Throws when there is none that can be read. */
export function readCertificateInfo(pem: string, nowMs: number): CertificateInfo {
  const certificate = new X509Certificate(pem);
  const { version, extensions, signatureAlgorithm } = readBody(certificate.raw);
  const [notBeforeMs, notAfterMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const [issuer, subject] = [nameParts(certificate.issuer), nameParts(certificate.subject)];
  return {
    notAfterMs,
    issuer: nameText(issuer),
    issuer_dict: Object.fromEntries(issuer),
    notAfter_raw: rawTime(notAfterMs),
    notAfter: readableTime(notAfterMs),
    notBefore_raw: rawTime(notBeforeMs),
    notBefore: readableTime(notBeforeMs),
    serial_number: serialNumber(certificate.serialNumber),
    signature_algorithm: signatureAlgorithm,
    subject: nameText(subject),
    subject_dict: Object.fromEntries(subject),
    version,
    extensions: extensions.map(({ name, bytes }) => ({
      ext_name: name,
      ext_data: extensionText(name, bytes, certificate),
    })),
    has_expired: notAfterMs < nowMs,
  };
}

/** OpenSSL's short names. */
const NAMES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
  '1.3.6.1.4.1.11129.2.4.2': 'ct_precert_scts',
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.31': 'crlDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'TLS Web Server Authentication',
  '1.3.6.1.5.5.7.3.2': 'TLS Web Client Authentication',
  '1.3.6.1.5.5.7.3.3': 'Code Signing',
  '1.3.6.1.5.5.7.3.4': 'E-mail Protection',
  '1.3.6.1.5.5.7.3.8': 'Time Stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP Signing',
};

const KEY_USAGES = [
  ...['Digital Signature', 'Non Repudiation', 'Key Encipherment', 'Data Encipherment', 'Key Agreement'],
  ...['Certificate Sign', 'CRL Sign', 'Encipher Only', 'Decipher Only'],
];

const EXTENSIONS_TAG = 0xa3;
const OCTET_STRING = 0x04;

/** RFC 5280 §4.1, as much of it as Node does not tell. */
function readBody(der: Buffer) {
  const [body, algorithm] = derChildren(readDer(der)) as [DerValue, DerValue];
  const fields = derChildren(body);
  const [first] = fields as [DerValue];
  const version = first.tag === derTag.context0 ? (derChildren(first)[0]?.content[0] ?? 0) : 0;
  const list = fields.find(({ tag }) => tag === EXTENSIONS_TAG);
  const items = list === undefined ? [] : derChildren(derChildren(list)[0] as DerValue);
  return {
    version,
    signatureAlgorithm: nameOf(derChildren(algorithm)[0] as DerValue),
    extensions: items.map((item) => {
      const parts = derChildren(item);
      const bytes = parts.find(({ tag }) => tag === OCTET_STRING)?.content ?? Buffer.alloc(0);
      return { name: nameOf(parts[0] as DerValue), bytes };
    }),
  };
}

/** OpenSSL's name of an object identifier, or its numbers. */
function nameOf({ content }: DerValue): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [head = 0, ...rest] = numbers;
  const first = Math.min(2, Math.floor(head / 40));
  const dotted = [first, head - first * 40, ...rest].join('.');
  return NAMES[dotted] ?? dotted;
}

/** As OpenSSL prints it; what has no words there is here as hexadecimal digits. */
function extensionText(name: string, bytes: Buffer, { subjectAltName }: X509Certificate): string {
  if (name === 'subjectAltName') return subjectAltName ?? '';
  if (name === 'subjectKeyIdentifier') return hex(readDer(bytes).content);
  if (name === 'keyUsage') return keyUsages(readDer(bytes).content);
  if (name === 'extendedKeyUsage') return derChildren(readDer(bytes)).map(nameOf).join(', ');
  if (name === 'basicConstraints') return basicConstraints(derChildren(readDer(bytes)));
  if (name === 'authorityKeyIdentifier')
    return derChildren(readDer(bytes))
      .map(({ content }) => hex(content))
      .join('\n');
  return hex(bytes);
}

function keyUsages([unused = 0, ...bytes]: Buffer): string {
  const count = bytes.length * 8 - unused;
  const isSet = (index: number): boolean => (((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1;
  return KEY_USAGES.filter((_, index) => index < count && isSet(index)).join(', ');
}

function basicConstraints(parts: readonly DerValue[]): string {
  const isAuthority = parts.some(({ tag, content }) => tag === 0x01 && content[0] !== 0);
  const length = parts.find(({ tag }) => tag === derTag.integer);
  return `CA:${isAuthority ? 'TRUE' : 'FALSE'}${length === undefined ? '' : `, pathlen:${length.content[0]}`}`;
}

function hex(bytes: Buffer): string {
  return (bytes.toString('hex').toUpperCase().match(/../g) ?? []).join(':');
}

/** Node writes a part of a name in a line. */
function nameParts(name: string | undefined): [string, string][] {
  return (name ?? '')
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

function nameText(parts: readonly (readonly [string, string])[]): string {
  return parts.map(([key, value]) => `${key}="${value}"`).join(',');
}

/** JSON has no numbers of 160 bits: what does not fit stays decimal text. */
function serialNumber(digits: string): number | string {
  const number = BigInt(`0x${digits}`);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : String(number);
}

function rawTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
}

function readableTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
