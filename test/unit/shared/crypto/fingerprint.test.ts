import { createHash, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { colonFingerprint, fingerprintOf, parseFingerprint, spkiOf } from '../../../../shared/crypto/fingerprint.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

test('a fingerprint is the SHA-256 of the SPKI, the same from either half of the pair', () => {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  expect(fingerprintOf(publicKey)).toBe(createHash('sha256').update(spki).digest('hex'));
  expect(fingerprintOf(privateKey)).toBe(fingerprintOf(publicKey));
});

test.each([
  ['Ed25519', publicKey],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
])('the SPKI of a key with %s is what OpenSSL writes', (_name, key) => {
  expect(spkiOf(key)).toEqual(key.export({ type: 'spki', format: 'der' }));
});

test('both printed forms are read back, in either case and with blanks around', () => {
  const fingerprint = fingerprintOf(publicKey);
  expect(colonFingerprint(fingerprint)).toMatch(/^([0-9a-f]{2}:){31}[0-9a-f]{2}$/);
  expect(parseFingerprint(colonFingerprint(fingerprint))).toBe(fingerprint);
  expect(parseFingerprint(` ${fingerprint.toUpperCase()}\n`)).toBe(fingerprint);
});

test.each(['', 'abc', 'g'.repeat(64), `${'ab:'.repeat(31)}ab:`, 'ab'.repeat(31)])('%j is no fingerprint', (text) => {
  expect(() => parseFingerprint(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
