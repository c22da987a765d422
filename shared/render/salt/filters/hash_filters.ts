import { createHash, createHmac, getHashes } from 'node:crypto';
import { PyError } from '../../values/py_error.ts';
import type { Value } from '../../values/py_object.ts';
import { pyStr, typeName } from '../../values/text.ts';
import { decodeUtf8, encodeUtf8 } from '../decode_bytes.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';
import { uuid5 } from '../uuid5.ts';

/** The name space of Salt's `uuid` filter. */
const NAMESPACE = '91633EBF-1C86-5E33-935A-28061F4B480E';

/** Bytes and digests. */
export const hashFilters: readonly NamedFilter[] = [
  pureFilter('to_bytes', ['s'], { encoding: null, errors: 'strict' }, (value) => bytesOf(value)),
  pureFilter('base64_encode', ['instr'], {}, (value) => Buffer.from(bytesOf(value)).toString('base64')),
  pureFilter('base64_decode', ['instr'], {}, (value) => decodeBase64(value)),
  ...['md5', 'sha1', 'sha256', 'sha512'].map((algorithm) =>
    pureFilter(algorithm, ['instr'], {}, (value) => digest(algorithm, bytesOf(value))),
  ),
  pureFilter(
    'hmac',
    ['string', 'shared_secret', 'challenge_hmac'],
    {},
    (text, secret, challenge) => hmac(text, secret, 'base64') === Buffer.from(bytesOf(challenge)).toString('latin1'),
  ),
  pureFilter('hmac_compute', ['string', 'shared_secret'], {}, (text, secret) => hmac(text, secret, 'hex')),
  pureFilter('uuid', ['val'], {}, (value) => uuid5(NAMESPACE, pyStr(value))),
  pureFilter('mac_str_to_bytes', ['mac_str'], {}, (text) => macToBytes(pyStr(text))),
];

/** @throws PyError TypeError for what is neither str nor bytes */
export function bytesOf(value: Value): Uint8Array {
  return encodeUtf8(value, typeName(value));
}

/** @throws PyError ValueError for an algorithm that is not known */
export function digest(algorithm: string, bytes: Uint8Array): string {
  if (!getHashes().includes(algorithm)) throw new PyError('ValueError', `Invalid hash type: ${algorithm}`);
  return createHash(algorithm).update(bytes).digest('hex');
}

function hmac(text: Value, secret: Value, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', bytesOf(secret)).update(bytesOf(text)).digest(encoding);
}

/** Text when the bytes are UTF-8, else the bytes. */
function decodeBase64(value: Value): Value {
  const letters = Buffer.from(bytesOf(value))
    .toString('latin1')
    .replace(/[^A-Za-z0-9+/]/g, '');
  if (letters.length % 4 === 1) throw new PyError('ValueError', 'Incorrect padding');
  const bytes = new Uint8Array(Buffer.from(letters, 'base64'));
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof PyError && error.kind === 'UnicodeDecodeError') return bytes;
    throw error;
  }
}

function macToBytes(text: string): Uint8Array {
  const digits = text.length === 17 ? text.replaceAll(text[2] as string, '') : text;
  if (!/^[0-9a-fA-F]{12}$/.test(digits)) throw new PyError('ValueError', 'Invalid MAC address');
  return new Uint8Array(Buffer.from(digits, 'hex'));
}
