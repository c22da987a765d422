import { DUP, PUBACK, PUBLISH, RETAIN } from './first_byte.ts';

/** Of what stands before the remaining length, and of the longest form of that [MQTT-2.2.3]. */
const HEAD_BYTES_MAX = 5;

/**
 * A PUBLISH in one piece: mqtt-packet writes five, each of which a socket keeps account of, and that is half of what it takes
 * to send a message.
 */
export function encodePublish(publish: {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  /** Undefined with QoS 0. */
  readonly messageId: number | undefined;
  readonly retain: boolean;
  readonly dup: boolean;
}): Buffer {
  const { topic, payload, qos, messageId, retain, dup } = publish;
  const topicBytes = Buffer.byteLength(topic);
  const length = 2 + topicBytes + (messageId === undefined ? 0 : 2) + payload.length;
  const packet = Buffer.allocUnsafe(HEAD_BYTES_MAX + length);
  let at = packet.writeUInt8(PUBLISH | (dup ? DUP : 0) | (qos << 1) | (retain ? RETAIN : 0));
  at = writeRemainingLength(packet, at, length);
  at = packet.writeUInt16BE(topicBytes, at);
  at += packet.write(topic, at);
  if (messageId !== undefined) at = packet.writeUInt16BE(messageId, at);
  packet.set(payload, at);
  return packet.subarray(0, at + payload.length);
}

/** Of a PUBACK, the first byte and the remaining length [MQTT-3.4.1]. */
const PUBACK_HEAD = (PUBACK << 8) | 2;

/** A PUBACK in one piece, as well. */
export function encodePuback(messageId: number): Buffer {
  const packet = Buffer.allocUnsafe(4);
  packet.writeUInt16BE(messageId, packet.writeUInt16BE(PUBACK_HEAD));
  return packet;
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function writeRemainingLength(packet: Buffer, start: number, length: number): number {
  let at = start;
  for (let rest = length; ; rest >>>= 7) {
    at = packet.writeUInt8(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest, at);
    if (rest <= 0x7f) return at;
  }
}
