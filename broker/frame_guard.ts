import type { PacketParser } from './aedes_internals.ts';

/** A packet whose header announces more than may be sent. */
export class PacketTooLarge extends Error {
  override readonly name = 'PacketTooLarge';

  constructor(bytes: number, bytesMax: number) {
    super(`a packet of ${bytes} bytes is announced, limit ${bytesMax}`);
  }
}

/**
 * Neither mqtt-packet nor Aedes limits a packet's size (moscajs/aedes#831): both would collect the 256 MB that an
 * MQTT header can announce, from anybody. The connection fails at the header, before any of the rest is buffered.
 */
export function guardFrames(parser: PacketParser, bytesMax: () => number): void {
  const parseLength = parser._parseLength;
  parser._parseLength = function guardedParseLength(this: PacketParser): boolean {
    const isComplete = parseLength.call(this);
    if (!isComplete || this.packet.length <= bytesMax()) return isComplete;
    this._emitError(new PacketTooLarge(this.packet.length, bytesMax()));
    return false;
  };
  const parse = parser.parse;
  // Packets are handled within this call: what throws, parser or handler, ends one connection and not the process.
  parser.parse = function guardedParse(this: PacketParser, bytes: Buffer): number {
    try {
      return parse.call(this, bytes);
    } catch (error) {
      this._emitError(error instanceof Error ? error : new Error(String(error)));
      return 0;
    }
  };
}
