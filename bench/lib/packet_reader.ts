/** The first half of an MQTT packet's first byte [MQTT-2.2.1]. */
const KINDS = { publish: 3, puback: 4 } as const;

/**
 * Finds the packets of one kind in a stream of MQTT without decoding any, so that whoever loads a broker has less to do
 * than the broker. The answer takes the next bytes and tells how many of them were whole; `found` is called with the
 * place of each one's variable header.
 */
export function createPacketReader(
  kind: keyof typeof KINDS,
  found?: (bytes: Buffer, start: number) => void,
): (bytes: Buffer) => number {
  let rest: Buffer | undefined;
  return (chunk) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let count = 0;
    let at = 0;
    for (;;) {
      const header = readHeader(bytes, at);
      if (header === undefined || header.end > bytes.length) break;
      if ((bytes[at] as number) >> 4 === KINDS[kind]) {
        count++;
        found?.(bytes, header.start);
      }
      at = header.end;
    }
    rest = at === bytes.length ? undefined : bytes.subarray(at);
    return count;
  };
}

/** Where the variable header begins and the packet ends; undefined while the length is not there yet. */
function readHeader(bytes: Buffer, at: number): { readonly start: number; readonly end: number } | undefined {
  let length = 0;
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (index - 1);
    if (byte < 0x80) return { start: at + index + 1, end: at + index + 1 + length };
  }
  throw new Error('a packet with a length of more than four bytes');
}

/** The packet identifier of a PUBLISH of QoS 1, behind its topic. */
export function readPublishId(bytes: Buffer, start: number): number {
  return bytes.readUInt16BE(start + 2 + bytes.readUInt16BE(start));
}
