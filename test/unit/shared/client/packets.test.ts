import { generate, type Packet, parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import {
  createPacketReader,
  disconnect,
  encodeConnect,
  encodeSubscribe,
  encodeUnsubscribe,
  type IncomingPacket,
  PACKET,
  pingreq,
  readPublish,
} from '../../../../shared/client/packets.ts';

/** As a library reads it that is not ours. */
function parsed(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', (packet: Packet) => packets.push(packet));
  reader.on('error', (error) => {
    throw error;
  });
  reader.parse(bytes);
  return packets;
}

function readAll(pieces: readonly Buffer[]): IncomingPacket[] {
  const reader = createPacketReader();
  const packets: IncomingPacket[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let packet = reader.next(); packet !== undefined; packet = reader.next()) packets.push(packet);
  }
  return packets;
}

const publish = (qos: 0 | 1, payload: Buffer, retain = false): Buffer =>
  generate({ cmd: 'publish', topic: 'a/ü', payload, qos, dup: false, retain, ...(qos === 1 && { messageId: 0xabcd }) });

test.each([
  { clientId: 'm1', keepaliveSeconds: 300 },
  { clientId: 'm1', username: 'ü', keepaliveSeconds: 60 },
  { clientId: 'm1', username: 'm1', password: 'geheim', keepaliveSeconds: 60 },
])('a CONNECT is the bytes that mqtt-packet writes: %j', ({ keepaliveSeconds, ...who }) => {
  const { password, ...named } = who;
  const bytes = generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: keepaliveSeconds,
    ...named,
    ...(password !== undefined && { password: Buffer.from(password) }),
  });
  expect(encodeConnect({ ...who, keepaliveSeconds })).toEqual(bytes);
});

test('what is said and asked is what mqtt-packet reads', () => {
  const long = 'x'.repeat(200);
  const bytes = Buffer.concat([
    encodeSubscribe(7, ['a/#', long], 1),
    encodeUnsubscribe(8, ['a/#', 'ü']),
    pingreq,
    disconnect,
  ]);
  expect(parsed(bytes)).toMatchObject([
    {
      cmd: 'subscribe',
      messageId: 7,
      subscriptions: [
        { topic: 'a/#', qos: 1 },
        { topic: long, qos: 1 },
      ],
    },
    { cmd: 'unsubscribe', messageId: 8, unsubscriptions: ['a/#', 'ü'] },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ]);
});

test('packets are found wherever the stream is cut, and byte by byte', () => {
  const stream = Buffer.concat([
    generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }),
    publish(1, Buffer.alloc(130, 'x')),
    generate({ cmd: 'pingresp' }),
    publish(0, Buffer.from('short')),
  ]);
  const whole = readAll([stream]);
  expect(whole.map(({ type }) => type)).toEqual([PACKET.connack, PACKET.publish, PACKET.pingresp, PACKET.publish]);
  for (let cut = 0; cut <= stream.length; cut++)
    expect(readAll([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(whole);
  expect(readAll([...stream].map((byte) => Buffer.from([byte])))).toEqual(whole);
});

test('a publish comes out as it was sent', () => {
  const read = (bytes: Buffer) => readAll([bytes]).map(readPublish);
  expect(read(Buffer.concat([publish(1, Buffer.from('x')), publish(0, Buffer.alloc(0), true)]))).toEqual([
    { topic: 'a/ü', payload: Buffer.from('x'), retain: false, mid: 0xabcd },
    { topic: 'a/ü', payload: Buffer.alloc(0), retain: true, mid: undefined },
  ]);
});

test.each([
  ['a length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 1]],
  ['a topic that ends behind the packet', [0x30, 3, 0, 9, 0x61]],
  ['a publish without a packet identifier', [0x32, 3, 0, 1, 0x61]],
  ['QoS 2', [0x34, 5, 0, 1, 0x61, 0, 1]],
  ['nothing at all', [0x30, 0]],
])('%s is refused', (_what, bytes) => {
  expect(() => readAll([Buffer.from(bytes)]).map(readPublish)).toThrow(/packet|QoS/);
});
