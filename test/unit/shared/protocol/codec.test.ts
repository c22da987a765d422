import { describe, expect, test } from 'vitest';
import { encodeSign1 } from '../../../../shared/crypto/cose.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { PAYLOAD_LIMITS } from '../../../../shared/protocol/cbor_scan.ts';
import { decodePayload, encodePayload, openPayload, toJsonLine } from '../../../../shared/protocol/codec.ts';

const text = (value: string): Uint8Array => Buffer.from(value);
const hex = (value: string): Uint8Array => Buffer.from(value.replaceAll(' ', ''), 'hex');
const refusal = (bytes: Uint8Array): string => {
  try {
    decodePayload(bytes);
  } catch (error) {
    if (error instanceof FleetError && error.code === 'MESSAGE_INVALID') return error.message;
    throw error;
  }
  return 'accepted';
};

describe('the first byte says what a payload is', () => {
  test('{ is JSON', () => {
    expect(decodePayload(text('{"a":[1,null]}'))).toEqual({ a: [1, null] });
  });

  test.each([
    ['a0', {}],
    ['a1 61 61 01', { a: 1 }],
    ['b8 01 61 61 01', { a: 1 }],
    ['b9 0001 61 61 01', { a: 1 }],
    ['ba 00000001 61 61 01', { a: 1 }],
    ['bb 0000000000000001 61 61 01', { a: 1 }],
  ])('a CBOR map with any length of length: %s', (bytes, value) => {
    expect(decodePayload(hex(bytes))).toEqual(value);
  });

  test('0xD2 is a COSE_Sign1 around the value', () => {
    const signature = Buffer.alloc(64, 7);
    const payload = openPayload(encodeSign1({ kid: 'k1', payload: hex('a1616101'), signature }));
    expect(payload).toMatchObject({ encoding: 'cbor', signature: { kid: 'k1' } });
    expect(Buffer.from(payload.body).toString('hex')).toBe('a1616101');
    expect(Buffer.from(payload.signature?.bytes ?? [])).toEqual(signature);
  });

  test.each(['', '[1]', '"a"', 'true', '5', ' {"a":1}', 'plain words'])('nothing else is read: %j', (payload) => {
    expect(refusal(text(payload))).toBe('payload is neither a JSON object, a CBOR map nor a COSE_Sign1');
  });

  test.each(['80', '01', 'f6', '61 61', 'c1 01', 'd8 1c a0', '00', 'ff'])('no CBOR value but a map: %s', (bytes) => {
    expect(refusal(hex(bytes))).toBe('payload is neither a JSON object, a CBOR map nor a COSE_Sign1');
  });
});

describe('signed JSON', () => {
  const signature = 'A'.repeat(86);

  test('is the text, one TAB, kid.signature', () => {
    const payload = openPayload(text(`{"jid":"1"}\tc0ffee12.${signature}\n`));
    expect(Buffer.from(payload.body).toString()).toBe('{"jid":"1"}');
    expect(payload.signature?.kid).toBe('c0ffee12');
    expect(payload.signature?.bytes).toHaveLength(64);
  });

  test('may have the short signature of a tiny device', () => {
    expect(openPayload(text(`{}\tk.${'A'.repeat(22)}`)).signature?.bytes).toHaveLength(16);
  });

  test.each([
    'no-dot',
    'k.',
    `.${signature}`,
    `k.${signature}A`,
    `k.${'A'.repeat(21)}`,
    `${'k'.repeat(17)}.${signature}`,
    `k.${signature}\tk.${signature}`,
    `k.${'+'.repeat(86)}`,
    `k.${signature} {"a":1}`,
  ])('is refused when what follows the TAB is %j', (tail) => {
    expect(refusal(text(`{"a":1}\t${tail}`))).toBe('what follows the TAB is not kid.signature');
  });

  test('has a TAB inside a text only as an escape', () => {
    expect(decodePayload(encodePayload({ a: 'x\ty' }, 'json'))).toEqual({ a: 'x\ty' });
  });
});

describe('a malicious payload is refused before a decoder sees it', () => {
  test.each([
    [
      'a bignum of 100 kB',
      Buffer.concat([hex('a1 61 61 c2 5a 000186a0'), Buffer.alloc(100_000, 0xff)]),
      'tag 2 is not',
    ],
    ['a cyclic reference', hex('a1 61 61 d8 1c 81 d8 1d 00'), 'tag 28 is not'],
    ['a RegExp', hex('a1 61 61 d8 1b 82 61 61 61 67'), 'tag 27 is not'],
    ['a date', hex('a1 61 61 c1 01'), 'tag 1 is not'],
    ['a tag of eight bytes', hex('a1 61 61 db ffffffffffffffff 01'), 'tag 18446744073709552000 is not'],
    ['an array that claims 4 GiB', hex('a1 61 61 9a ffffffff'), 'a length beyond the end'],
    ['a map that claims 2^64', hex('bb ffffffffffffffff'), 'a length beyond the end'],
    ['a text that claims 2^63', hex('a1 61 61 7b 7fffffffffffffff'), 'a length beyond the end'],
    ['bytes that claim one more', hex('a1 61 61 42 00'), 'a length beyond the end'],
    ['an indefinite map', hex('bf ff'), 'an indefinite or reserved length'],
    ['an indefinite text', hex('a1 61 61 7f 61 61 ff'), 'an indefinite or reserved length'],
    ['a reserved length', hex('a1 61 61 1c'), 'an indefinite or reserved length'],
    ['half a value', hex('a1 61 61'), 'ends in the middle of a value'],
    ['half a number', hex('a1 61 61 19 00'), 'a length beyond the end'],
    ['bytes after the value', hex('a0 00'), '1 bytes after the value'],
    ['a simple value', hex('a1 61 61 e0'), 'simple value 0 is not allowed'],
    ['a simple value of two bytes', hex('a1 61 61 f8 20'), 'simple value 32 is not allowed'],
    ['a number as key', hex('a1 01 01'), 'a key that is not text'],
    ['a map as key', hex('a1 a0 01'), 'a key that is not text'],
    ['bytes as key', hex('a1 41 61 01'), 'a key that is not text'],
  ])('%s', (_what, bytes, reason) => {
    expect(refusal(bytes)).toContain(`CBOR refused: ${reason}`);
  });

  const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

  test('nesting is limited alike in both encodings', () => {
    const inside = PAYLOAD_LIMITS.depth - 1;
    const cbor = (depth: number): Uint8Array => Buffer.concat([hex('a1 61 61'), Buffer.alloc(depth, 0x81), hex('01')]);
    const json = (depth: number): Uint8Array => text(`{"a":${'['.repeat(depth)}1${']'.repeat(depth)}}`);
    expect(decodePayload(cbor(inside))).toEqual(decodePayload(json(inside)));
    expect(refusal(cbor(inside + 1))).toBe('CBOR refused: deeper than 32 levels');
    expect(refusal(json(inside + 1))).toBe('JSON refused: deeper than 32 levels');
  });

  test('nesting of 100,000 levels does not overflow the stack', () => {
    expect(refusal(Buffer.concat([hex('a1 61 61'), Buffer.alloc(100_000, 0x81), hex('01')]))).toContain('deeper than');
    expect(refusal(text(`{"a":${nested('[', ']', 100_000)}}`))).toContain('deeper than');
    expect(refusal(text(`${nested('{"a":', '}', 40_000).replace(':}', ':1}')}`))).toContain('deeper than');
  });

  test('the number of items is limited', () => {
    const array = Buffer.concat([hex('a1 61 61 9a 000186a1'), Buffer.alloc(100_001)]);
    expect(refusal(array)).toBe('CBOR refused: more than 100000 items');
  });

  test('the size is limited before anything is looked at', () => {
    expect(refusal(Buffer.alloc(PAYLOAD_LIMITS.bytes + 1, 0x7b))).toBe('payload of 262145 bytes, limit 262144');
  });

  test('__proto__ reaches no prototype', () => {
    for (const bytes of [
      text('{"__proto__":{"admin":true}}'),
      encodePayload(JSON.parse('{"__proto__":{"admin":true}}'), 'cbor'),
    ]) {
      const value = decodePayload(bytes) as Record<string, unknown>;
      expect(value.admin).toBeUndefined();
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
  });

  test.each(['{', '{"a":}', '{"a":1}}', '{a:1}', "{'a':1}"])('broken JSON is said to be: %s', (json) => {
    expect(refusal(text(json))).toContain('JSON refused: ');
  });

  test('JSON that is not UTF-8', () => {
    expect(refusal(Buffer.concat([text('{"a":"'), hex('ff'), text('"}')]))).toContain('JSON refused: ');
  });
});

describe('values', () => {
  test('an integer of eight bytes is a number, as other libraries write times in milliseconds', () => {
    expect(decodePayload(hex('a1 61 61 1b 000001930f2a5c00'))).toEqual({ a: 0x01930f2a5c00 });
    expect(decodePayload(hex('a1 61 61 3b 0000000100000000'))).toEqual({ a: -4294967297 });
  });

  test('bytes and integers of any size become JSON wherever they are', () => {
    const value = { a: [{ b: new Uint8Array([1, 2]) }], n: { big: 2n ** 70n }, plain: [1, 'x', null, undefined] };
    expect(toJsonLine(value).toString()).toBe(
      '{"a":[{"b":"AQI="}],"n":{"big":"1180591620717411303424"},"plain":[1,"x",null,null]}',
    );
  });

  test('bytes stay bytes in CBOR and are base64 for an observer', () => {
    const value = { data: new Uint8Array([1, 2, 3]), more: [Buffer.from('x')] };
    expect(decodePayload(encodePayload(value, 'cbor'))).toEqual({
      data: Buffer.from([1, 2, 3]),
      more: [Buffer.from('x')],
    });
    expect(toJsonLine(value).toString()).toBe('{"data":"AQID","more":["eA=="]}');
    expect(encodePayload(value, 'json')).toEqual(toJsonLine(value));
  });

  test('JSON is one line', () => {
    expect(toJsonLine({ a: 'x\ny', b: 5n }).toString()).toBe('{"a":"x\\ny","b":"5"}');
  });

  test('CBOR has no records and no tags: another library can read it', () => {
    const list = Array.from({ length: 20 }, (_, index) => ({ id: `m${index}`, ok: true }));
    expect(decodePayload(encodePayload({ list }, 'cbor'))).toEqual({ list });
    expect(Buffer.from(encodePayload({ a: { b: 1 }, c: 1.5 }, 'cbor')).toString('hex')).toBe(
      'a26161a1616201' + '6163fb3ff8000000000000',
    );
  });
});
