import { PyError } from './py_error.ts';

/** `bytes.decode(encoding)`. */
export function decodeBytes(bytes: Uint8Array, encoding: string): string {
  const name = encoding.toLowerCase().replaceAll('_', '-');
  if (name === 'latin-1' || name === 'iso-8859-1') return Buffer.from(bytes).toString('latin1');
  const isAscii = name === 'ascii' || name === 'us-ascii';
  if (!isAscii && name !== 'utf-8' && name !== 'utf8')
    throw new PyError('LookupError', `unknown encoding: ${encoding}`);
  const bad = isAscii ? bytes.findIndex((byte) => byte > 127) : -1;
  if (bad !== -1) {
    const byte = (bytes[bad] ?? 0).toString(16);
    throw new PyError(
      'UnicodeDecodeError',
      `'ascii' codec can't decode byte 0x${byte} in position ${bad}: ordinal not in range(128)`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PyError(
      'UnicodeDecodeError',
      `'utf-8' codec can't decode bytes: ${cause instanceof Error ? cause.message : ''}`,
    );
  }
}
