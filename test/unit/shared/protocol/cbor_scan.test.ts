import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FleetError } from '../../../../shared/errors.ts';
import { scanCbor } from '../../../../shared/protocol/cbor_scan.ts';
import { decodePayload, encodePayload } from '../../../../shared/protocol/codec.ts';

/** What JSON can say, without -0, which CBOR's integers cannot. */
const jsonValue = fc
  .jsonValue({ maxDepth: 6 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll(/(?<=[[:,]|^)-0(?=[\],}]|$)/g, '0')) as unknown);

/** cbor-x gives `__proto__` another name, so that it reaches no prototype. */
const hasProto = (value: unknown): boolean => JSON.stringify(value).includes('"__proto__":');

const jsonObject = fc.dictionary(fc.string(), jsonValue, { noNullPrototype: true }).filter((value) => !hasProto(value));

const isRefused = (bytes: Uint8Array): boolean => {
  try {
    decodePayload(bytes);
    return false;
  } catch (error) {
    if (error instanceof FleetError && error.code === 'MESSAGE_INVALID') return true;
    throw error;
  }
};

test('whatever JSON can say passes the scan and comes back the same', () => {
  fc.assert(
    fc.property(jsonObject, (value) => {
      const bytes = encodePayload(value, 'cbor');
      scanCbor(bytes);
      expect(decodePayload(bytes)).toEqual(value);
    }),
  );
});

test('both encodings say the same', () => {
  fc.assert(
    fc.property(jsonObject, (value) => {
      expect(decodePayload(encodePayload(value, 'cbor'))).toEqual(decodePayload(encodePayload(value, 'json')));
    }),
  );
});

test('no part of a value passes for the whole', () => {
  fc.assert(
    fc.property(jsonObject, fc.nat(), (value, cut) => {
      const bytes = encodePayload(value, 'cbor');
      expect(() => scanCbor(bytes.subarray(0, cut % bytes.length))).toThrow(FleetError);
      expect(() => scanCbor(Buffer.concat([bytes, Buffer.from([0])]))).toThrow('1 bytes after the value');
    }),
  );
});

test('bytes of chance are read or refused, never more', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0x7b, 0xa1, 0xa2, 0xb8, 0xd2, 0x00),
      fc.uint8Array({ maxLength: 64 }),
      (first, tail) => {
        isRefused(Buffer.from([first, ...tail]));
      },
    ),
    { numRuns: 3000 },
  );
});

test('a value with one byte changed is read or refused, never more', () => {
  fc.assert(
    fc.property(jsonObject, fc.nat(), fc.nat(255), fc.constantFrom('cbor', 'json'), (value, at, byte, encoding) => {
      const bytes = Uint8Array.from(encodePayload(value, encoding));
      bytes[at % bytes.length] = byte;
      isRefused(bytes);
    }),
    { numRuns: 1000 },
  );
});
