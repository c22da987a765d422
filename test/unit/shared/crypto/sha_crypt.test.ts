import { expect, test } from 'vitest';
import { randomSalt, shaCrypt } from '../../../../shared/crypto/sha_crypt.ts';

test('hashes are those that crypt(5) makes', () => {
  expect(shaCrypt('secret pass', 'abcSALT', 'sha512')).toBe(
    '$6$abcSALT$bvIlqXT48bH98imY5zCvuSGgCi8X.mxxcCynuxQs30ljpEJWcevAHZb7Ce5UEMXWa25li6gG/ueKJBUrTbo/X.',
  );
  expect(shaCrypt('secret pass', 'abcSALT', 'sha256')).toBe('$5$abcSALT$qM.xZOiqH7Xh0mj3SAEMyV6mPrs6NAnOTWE8pVMNEv9');
});

test('a password longer than a digest is hashed whole', () => {
  const long = 'x'.repeat(100);
  expect(shaCrypt(long, 's', 'sha512')).not.toBe(shaCrypt(`${long}x`, 's', 'sha512'));
  expect(shaCrypt(long, 's', 'sha512')).toBe(
    '$6$s$Ry4ZPOXCn8T2Vsfwu/WXZRluJIbjyELSq6ml2qfjBoLUw0RjK7drmwYPczkn3j4NYpDktoCI4V4Al5zm713vM.',
  );
});

test('a salt that cannot stand in a hash is refused', () => {
  expect(() => shaCrypt('p', 'a$b', 'sha512')).toThrow('crypt_salt');
});

test('each salt is new', () => {
  expect(randomSalt()).toMatch(/^[./0-9A-Za-z]{16}$/);
  expect(randomSalt()).not.toBe(randomSalt());
});
