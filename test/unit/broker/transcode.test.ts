import { expect, test } from 'vitest';
import { createTranscoder } from '../../../broker/transcode.ts';
import { encodeSign1 } from '../../../shared/crypto/cose.ts';
import { encodePayload } from '../../../shared/protocol/codec.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const signature = new Uint8Array(64);
const cose = (value: unknown): Uint8Array =>
  encodeSign1({ kid: 'k1', payload: encodePayload(value, 'cbor'), signature });

test.each([
  ['CBOR becomes JSON', encodePayload({ a: [1, null, true] }, 'cbor'), '{"a":[1,null,true]}'],
  ['bytes in CBOR become base64', encodePayload({ a: new Uint8Array([1, 2]) }, 'cbor'), '{"a":"AQI="}'],
  ['an envelope is taken off', cose({ a: 1 }), '{"a":1}'],
  ['a signature behind JSON is cut off', bytes(`{"a":1}\tk1.${'A'.repeat(86)}`), '{"a":1}'],
  ['JSON of many lines becomes one', bytes('{\n  "a": 1\n}\n'), '{"a":1}'],
  ['JSON of one line stays as it was written', bytes('{"a": 1.0}'), '{"a": 1.0}'],
  ['nothing stays nothing', bytes(''), ''],
  [
    'secrets in kwarg are hidden',
    bytes('{"kwarg":{"password":"x","n":1}}'),
    '{"kwarg":{"password":"**********","n":1}}',
  ],
  ['secrets in arg are hidden', bytes('{"arg":[{"token":"x"},"y"]}'), '{"arg":[{"token":"**********"},"y"]}'],
  ['secrets in fun_args are hidden', bytes('{"fun_args":[{"secret":"x"}]}'), '{"fun_args":[{"secret":"**********"}]}'],
  ['enrolment tokens are hidden', bytes('{"id":"m1","token":"x"}'), '{"id":"m1","token":"**********"}'],
  ['what a function returned is not touched', bytes('{"return":{"key":"x"}}'), '{"return":{"key":"x"}}'],
])('%s', (_what, payload, text) => {
  expect(createTranscoder()(payload).toString()).toBe(text);
});

test('a payload is converted once, however many observers there are', () => {
  const transcode = createTranscoder();
  const payload = encodePayload({ a: 1 }, 'cbor');
  expect(transcode(payload)).toBe(transcode(payload));
});

test('what is no payload is an error', () => {
  expect(() => createTranscoder()(bytes('hello'))).toThrow('neither a JSON object');
});
