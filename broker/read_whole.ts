import type { PacketParser } from './aedes_internals.ts';
import { DUP, PUBACK, PUBLISH, RETAIN, TYPE } from './first_byte.ts';

/** Three bytes of a remaining length, seven bits each [MQTT-2.2.3]: 2 MiB. */
const LENGTH_BITS_MAX = 21;

/** As mqtt-packet makes them. */
interface WholePacket {
  readonly cmd: 'publish' | 'puback';
  readonly length: number;
  readonly messageId: number | undefined;
  readonly qos: number;
  readonly dup: boolean;
  readonly retain: boolean;
  readonly topic: string | null;
  readonly payload: Buffer | null;
}

/**
 * What clients send all day, PUBACK and PUBLISH with QoS 0 or 1, is read here where it came whole; mqtt-packet, which collects
 * bytes and asks a debugger at each step, takes several times as long. It is left all else, and whatever is not as it should be.
 */
export function readWhole(parser: PacketParser, bytesMax: () => number): void {
  const parse = parser.parse;
  parser.parse = function parseWhole(this: PacketParser, bytes: Buffer): number {
    // In the midst of a packet it alone knows what comes next.
    if (this._stateCounter !== 0 || this._list.length !== 0) return parse.call(this, bytes);
    let start = 0;
    for (;;) {
      const whole = wholeAt(bytes, start, bytesMax());
      if (whole === undefined) return start === bytes.length ? 0 : parse.call(this, bytes.subarray(start));
      start = whole.end;
      this.emit('packet', whole.packet);
    }
  };
}

function wholeAt(bytes: Buffer, start: number, bytesMax: number): { packet: WholePacket; end: number } | undefined {
  let at = start + 1;
  let length = 0;
  for (let bits = 0; ; bits += 7) {
    const byte = bytes[at++];
    if (byte === undefined || bits === LENGTH_BITS_MAX) return undefined;
    length |= (byte & 0x7f) << bits;
    if (byte <= 0x7f) break;
  }
  const end = at + length;
  if (end > bytes.length || length > bytesMax) return undefined;
  const packet = readBody(bytes[start] as number, bytes.subarray(at, end));
  return packet && { packet, end };
}

function readBody(first: number, body: Buffer): WholePacket | undefined {
  const { length } = body;
  if (length < 2) return undefined;
  if (first === PUBACK && length === 2) {
    const messageId = body.readUInt16BE();
    return { cmd: 'puback', length, messageId, qos: 0, dup: false, retain: false, topic: null, payload: null };
  }
  const qos = (first >> 1) & 3;
  const topicEnd = 2 + body.readUInt16BE();
  const payloadAt = topicEnd + (qos === 0 ? 0 : 2);
  if ((first & TYPE) !== PUBLISH || qos > 1 || payloadAt > length) return undefined;
  return {
    cmd: 'publish',
    length,
    messageId: qos === 0 ? undefined : body.readUInt16BE(topicEnd),
    qos,
    dup: (first & DUP) !== 0,
    retain: (first & RETAIN) !== 0,
    topic: body.toString('utf8', 2, topicEnd),
    payload: body.subarray(payloadAt),
  };
}
