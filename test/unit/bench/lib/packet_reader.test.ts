import { generate } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { createPacketReader, readPublishId } from '../../../../bench/lib/packet_reader.ts';

const publish = (messageId: number, payload: Buffer): Buffer =>
  generate({ cmd: 'publish', topic: 'a/b', payload, qos: 1, messageId, dup: false, retain: false });
const stream = Buffer.concat([
  generate({ cmd: 'puback', messageId: 9 }),
  publish(7, Buffer.from('short')),
  generate({ cmd: 'pingresp' }),
  publish(65_535, Buffer.alloc(300)),
  generate({ cmd: 'puback', messageId: 10 }),
]);

test('packets of one kind are found, with their ids, wherever the stream is cut', () => {
  for (let cut = 0; cut <= stream.length; cut++) {
    const ids: number[] = [];
    const read = createPacketReader('publish', (bytes, start) => ids.push(readPublishId(bytes, start)));
    expect(read(stream.subarray(0, cut)) + read(stream.subarray(cut))).toBe(2);
    expect(ids).toEqual([7, 65_535]);
  }
});

test('byte by byte, as many are found', () => {
  const read = createPacketReader('puback');
  const found = [...stream].map((byte) => read(Buffer.from([byte])));
  expect(found.reduce((sum, count) => sum + count, 0)).toBe(2);
});
