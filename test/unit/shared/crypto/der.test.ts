import { expect, test } from 'vitest';
import * as der from '../../../../shared/crypto/der.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test.each([
  ['an object identifier', der.objectId('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
  ['a positive integer with its sign byte', der.integer(Buffer.of(0x80)), '02020080'],
  ['a small integer', der.integer(Buffer.of(0x7f)), '02017f'],
  ['true', der.boolean(true), '0101ff'],
  ['a bit string with unused bits', der.bitString(Buffer.of(0x06), 1), '03020106'],
  ['a time before 2050', der.time(Date.UTC(2026, 10, 22, 9, 5, 7)), `170d${hex(Buffer.from('261122090507Z'))}`],
  ['a time from 2050 on', der.time(Date.UTC(2050, 0, 1)), `180f${hex(Buffer.from('20500101000000Z'))}`],
  ['an explicit tag', der.explicit(3, der.integer(Buffer.of(1))), 'a303020101'],
  ['a length of two bytes', der.octetString(Buffer.alloc(200)).subarray(0, 3), '0481c8'],
  ['a length of three bytes', der.octetString(Buffer.alloc(300)).subarray(0, 4), '0482012c'],
])('%s is written as X.690 says', (_what, bytes, expected) => {
  expect(hex(bytes)).toBe(expected);
});

test('what is written is read back', () => {
  const written = der.sequence(der.utf8String('m1'), der.octetString(Buffer.alloc(300, 7)));
  const [text, bytes, ...rest] = der.derChildren(der.readDer(written));
  expect(text?.content.toString()).toBe('m1');
  expect(bytes?.content).toEqual(Buffer.alloc(300, 7));
  expect(rest).toEqual([]);
});

test.each([
  ['nothing', ''],
  ['a tag alone', '30'],
  ['a content that is too short', '300302'],
  ['an indefinite length', '30800000'],
  ['a length that fits into fewer bytes', '308101ff'],
  ['a length with a leading zero', `30820080${'00'.repeat(128)}`],
  ['a length of more bytes than a certificate needs', '3083000100'],
  ['a tag of several bytes', '1f8100'],
  ['bytes after the end', '020101ff'],
])('%s is refused', (_what, text) => {
  expect(() => der.readDer(Buffer.from(text, 'hex'))).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});
