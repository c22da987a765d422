import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { Decoder, Encoder, Tag } from 'cbor-x';
import { expect, test } from 'vitest';
import { encodeSign1, parseSign1, sign1Input } from '../../../../shared/crypto/cose.ts';

// The key pair of RFC 8032 §7.1 TEST 1; Ed25519 is deterministic, so the bytes below are fixed.
const privateKey = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString('base64url'),
    x: Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex').toString('base64url'),
  },
});
const content = Buffer.from('This is the content.');
const PROTECTED = Buffer.from('a10127', 'hex');
const cbor = { mapsAsObjects: false, useRecords: false, variableMapSize: true, tagUint8Array: false };

/** The same structures by another library's encoder. */
function encodeByLibrary(value: unknown): Buffer {
  return new Encoder(cbor).encode(value);
}

test.each([0, 20, 23, 24, 255, 256, 65535, 65536])(
  'a Sig_structure over %i bytes is the CBOR of RFC 9052 §4.4',
  (size) => {
    const payload = Buffer.alloc(size, 7);
    const aad = Buffer.from('salt-job-v1\0m1');
    expect(sign1Input(payload, aad)).toEqual(encodeByLibrary(['Signature1', PROTECTED, aad, payload]));
  },
);

test.each([0, 23, 24, 256, 65536])('a message of %i bytes is what another CBOR library writes and reads', (size) => {
  const payload = Buffer.alloc(size, 7);
  const signature = sign(null, sign1Input(payload, Buffer.alloc(0)), privateKey);
  const message = encodeSign1({ kid: 'a1b2c3d4', payload, signature });
  const parts = [PROTECTED, new Map([[4, Buffer.from('a1b2c3d4')]]), payload, signature];
  expect(message).toEqual(encodeByLibrary(new Tag(parts, 18)));
  const { value } = new Decoder(cbor).decode(message) as { value: unknown[] };
  expect(Buffer.from(value[2] as Uint8Array)).toEqual(payload);
  expect(parseSign1(message)).toEqual({ kid: 'a1b2c3d4', payload, signature });
});

test('a message is the same bytes for ever', () => {
  const signature = sign(null, sign1Input(content, Buffer.alloc(0)), privateKey);
  expect(Buffer.from(encodeSign1({ kid: '11', payload: content, signature })).toString('hex')).toBe(
    'd28443a10127a10442313154546869732069732074686520636f6e74656e742e5840' +
      '6354488f9f290e36cd80e23762e664a5cb03e4267c66a8cffaef7c66d89a40bf' +
      '2cbb8222432a08e5ee410d8b540c6931d26fb6af673f7e2100655d8bae765c04',
  );
});

test('a message cut anywhere, or followed by anything, is refused', () => {
  const signature = sign(null, sign1Input(content, Buffer.alloc(0)), privateKey);
  const message = encodeSign1({ kid: '11', payload: content, signature });
  const invalid = expect.objectContaining({ code: 'MESSAGE_INVALID' });
  for (let length = 0; length < message.length; length++) {
    expect(() => parseSign1(message.subarray(0, length))).toThrow(invalid);
  }
  expect(() => parseSign1(Buffer.concat([message, Buffer.of(0)]))).toThrow(invalid);
});

test('a single changed bit is refused or leaves a signature that does not verify', () => {
  const publicKey = createPublicKey(privateKey);
  const signature = sign(null, sign1Input(content, Buffer.alloc(0)), privateKey);
  const message = encodeSign1({ kid: '11', payload: content, signature });
  const isAccepted = (bytes: Buffer): boolean => {
    try {
      const found = parseSign1(bytes);
      return found.kid === '11' && verify(null, sign1Input(found.payload, Buffer.alloc(0)), publicKey, found.signature);
    } catch (error) {
      expect(error).toMatchObject({ code: 'MESSAGE_INVALID' });
      return false;
    }
  };
  expect(isAccepted(message)).toBe(true);
  for (let bit = 0; bit < message.length * 8; bit++) {
    const changed = Buffer.from(message);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(isAccepted(changed), `bit ${bit}`).toBe(false);
  }
});
