import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { encodePuback, encodePublish } from '../../../broker/encode_publish.ts';

const anyPublish = fc
  .record({
    topic: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
    payload: fc.uint8Array({ maxLength: 300 }),
    messageId: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    retain: fc.boolean(),
    dup: fc.boolean(),
  })
  .map((publish) => ({ ...publish, qos: publish.messageId === undefined ? (0 as const) : (1 as const) }));

test('a publish is the bytes that mqtt-packet writes', () => {
  fc.assert(
    fc.property(anyPublish, ({ payload, ...publish }) => {
      const expected = generate({ cmd: 'publish', ...publish, payload: Buffer.from(payload) } as never);
      expect(encodePublish({ ...publish, payload })).toEqual(expected);
    }),
  );
});

// Where the remaining length takes a byte more [MQTT-2.2.3].
test.each([127, 128, 16_383, 16_384, 2_097_151, 2_097_152])('a publish of a length of %i too', (length) => {
  const publish = { topic: 'a/b', qos: 1, messageId: 7, retain: false, dup: false } as const;
  const payload = Buffer.alloc(length - 2 - publish.topic.length - 2, 'x');
  const expected = generate({ cmd: 'publish', ...publish, payload });
  expect(encodePublish({ ...publish, payload }).equals(expected)).toBe(true);
});

test('a PUBACK is the bytes that mqtt-packet writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_535 }), (messageId) => {
      expect(encodePuback(messageId)).toEqual(generate({ cmd: 'puback', messageId }));
    }),
  );
});
