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
  } catch {
    throw new PyError('UnicodeDecodeError', brokenUtf8(bytes));
  }
}

/** Python's sentence about the first bytes that are no UTF-8. */
function brokenUtf8(bytes: Uint8Array): string {
  const lead =
    /^(?:[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*/;
  const text = Buffer.from(bytes).toString('latin1');
  const at = (lead.exec(text)?.[0] ?? '').length;
  const start =
    /^(?:[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?|\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?)/;
  const begun = start.exec(text.slice(at))?.[0] ?? '';
  const reason =
    begun === ''
      ? 'invalid start byte'
      : at + begun.length === text.length
        ? 'unexpected end of data'
        : 'invalid continuation byte';
  const count = Math.max(1, begun.length);
  const where =
    count === 1
      ? `byte 0x${text.charCodeAt(at).toString(16).padStart(2, '0')} in position ${at}`
      : `bytes in position ${at}-${at + count - 1}`;
  return `'utf-8' codec can't decode ${where}: ${reason}`;
}
