import { crc32 } from 'node:zlib';

/** Before each record of a file that only grows: length (4) and CRC-32 (4) of the rest, big endian. */
export const HEAD_BYTES = 8;

/** Fills in the head of a record whose body is there. */
export function sealRecord(record: Buffer): Buffer {
  record.writeUInt32BE(record.length - HEAD_BYTES, 0);
  record.writeUInt32BE(crc32(record.subarray(HEAD_BYTES)), 4);
  return record;
}

/** How long a record is, as its head says. */
export function recordLength(head: Buffer): number {
  return HEAD_BYTES + head.readUInt32BE(0);
}

/** The zeros that a file is filled with ahead: no record follows. */
export function isPadding(head: Buffer): boolean {
  return recordLength(head) === HEAD_BYTES;
}

/** The body of a record; undefined when it is not whole, as the zeros that a file is filled with ahead. */
export function openRecord(record: Buffer): Buffer | undefined {
  const body = record.subarray(HEAD_BYTES);
  return body.length > 0 && crc32(body) === record.readUInt32BE(4) ? body : undefined;
}
