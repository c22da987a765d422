import { HEAD_BYTES_MAX, writeRemainingLength } from '../protocol/encode_publish.ts';

/** The packets of MQTT 3.1.1 that a client of ours sends and takes; no QoS 2, no will. */

/** The first half of a packet's first byte [MQTT-2.2.1]. */
export const PACKET = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** Flags that these packets must have [MQTT-3.8.1-1, 3.10.1-1]. */
const REQUEST_FLAGS = 2;
/** Flags of CONNECT [MQTT-3.1.2.3]. */
const CLEAN_SESSION = 0x02;
const WITH_PASSWORD = 0x40;
const WITH_NAME = 0x80;
const RETAIN = 1;
/** Of the remaining length, at most [MQTT-2.2.3]. */
const LENGTH_BYTES_MAX = 4;

export const pingreq = Buffer.from([PACKET.pingreq << 4, 0]);
export const disconnect = Buffer.from([PACKET.disconnect << 4, 0]);

export function encodeConnect(connect: {
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly keepaliveSeconds: number;
}): Buffer {
  const { clientId, username, password, keepaliveSeconds } = connect;
  const flags = CLEAN_SESSION | (username === undefined ? 0 : WITH_NAME) | (password === undefined ? 0 : WITH_PASSWORD);
  const given = [clientId, username, password].filter((value) => value !== undefined);
  const head = [...text('MQTT'), 4, flags, ...uint16(keepaliveSeconds)];
  return encode(PACKET.connect, 0, Buffer.concat([Buffer.from(head), ...given.map(text)]));
}

export function encodeSubscribe(mid: number, filters: readonly string[], qos: 0 | 1): Buffer {
  const wanted = filters.flatMap((filter) => [text(filter), Buffer.from([qos])]);
  return encode(PACKET.subscribe, REQUEST_FLAGS, Buffer.concat([Buffer.from(uint16(mid)), ...wanted]));
}

export function encodeUnsubscribe(mid: number, filters: readonly string[]): Buffer {
  return encode(PACKET.unsubscribe, REQUEST_FLAGS, Buffer.concat([Buffer.from(uint16(mid)), ...filters.map(text)]));
}

function encode(type: number, flags: number, body: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(HEAD_BYTES_MAX + body.length);
  const at = writeRemainingLength(packet, packet.writeUInt8((type << 4) | flags), body.length);
  packet.set(body, at);
  return packet.subarray(0, at + body.length);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from(uint16(bytes.length)), bytes]);
}

function uint16(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

/** One that came. */
export interface IncomingPacket {
  readonly type: number;
  /** The second half of its first byte. */
  readonly flags: number;
  /** What follows its length. */
  readonly body: Buffer;
}

export interface IncomingPublish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  /** Undefined with QoS 0. */
  readonly mid: number | undefined;
}

/** Throws for QoS 2, which nobody asked for, and for a packet that is not whole. */
export function readPublish({ flags, body }: IncomingPacket): IncomingPublish {
  const qos = (flags >> 1) & 3;
  if (qos > 1) throw new Error(`a publish with QoS ${qos}`);
  const topicEnd = 2 + readUint16(body, 0);
  const start = topicEnd + 2 * qos;
  if (start > body.length) throw tooShort();
  return {
    topic: body.toString('utf8', 2, topicEnd),
    payload: body.subarray(start),
    retain: (flags & RETAIN) !== 0,
    mid: qos === 0 ? undefined : readUint16(body, topicEnd),
  };
}

export function readUint16(body: Buffer, at: number): number {
  if (at + 2 > body.length) throw tooShort();
  return body.readUInt16BE(at);
}

function tooShort(): Error {
  return new Error('a packet that is too short');
}

const NOTHING = Buffer.alloc(0);

/** Puts packets together of what comes in pieces. */
export interface PacketReader {
  push(bytes: Buffer): void;
  /** Undefined when the next one is not whole yet. Throws when it cannot be. */
  next(): IncomingPacket | undefined;
}

export function createPacketReader(): PacketReader {
  let bytes: Buffer = NOTHING;
  let at = 0;
  /** What came behind `bytes`. */
  let more: Buffer[] = [];
  let moreBytes = 0;
  /** What the next packet takes, as far as that is known: until so much is there, pieces are only collected. */
  let wanted = 2;

  const gather = (): void => {
    if (moreBytes === 0) return;
    bytes =
      at === bytes.length && more.length === 1 ? (more[0] as Buffer) : Buffer.concat([bytes.subarray(at), ...more]);
    at = 0;
    more = [];
    moreBytes = 0;
  };
  return {
    push(chunk) {
      more.push(chunk);
      moreBytes += chunk.length;
    },
    next() {
      if (bytes.length - at + moreBytes < wanted) return undefined;
      gather();
      const length = readLength(bytes, at + 1);
      const end = length.end + length.value;
      wanted = end - at;
      if (end > bytes.length) return undefined;
      const first = bytes[at] as number;
      const packet = { type: first >> 4, flags: first & 15, body: bytes.subarray(length.end, end) };
      // What was taken must not be kept for what is yet to come.
      at = end === bytes.length ? 0 : end;
      if (at === 0) bytes = NOTHING;
      wanted = 2;
      return packet;
    },
  };
}

/** The remaining length, and where it ends: behind the bytes that are there when it is not whole. */
function readLength(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < LENGTH_BYTES_MAX; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return { value: 0, end: start + index + 1 };
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  throw new Error(`a packet with a length of more than ${LENGTH_BYTES_MAX} bytes`);
}
