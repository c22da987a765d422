import { HEAD_BYTES, isPadding, openRecord, recordLength, sealRecord } from '../../shared/disk/sealed_record.ts';

export type OutboxKind = 'return' | 'event';

/** What stands in the journal of the outbox: an entry, or that an entry is done with. */
export interface OutboxRecord {
  readonly kind: OutboxKind | 'done';
  readonly sequence: number;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Where a record stands in its file, its head included. */
export interface Place {
  readonly start: number;
  readonly bytes: number;
}

const KINDS = ['done', 'return', 'event'] as const;
/** Kind (1), sequence (6), length of the topic (2). */
const FIXED_BYTES = 9;
/** Read at a time. */
const WINDOW_BYTES = 1024 ** 2;

export function recordBytes(topic: string, payloadBytes: number): number {
  return HEAD_BYTES + FIXED_BYTES + Buffer.byteLength(topic) + payloadBytes;
}

export function encodeRecord({ kind, sequence, topic, payload }: OutboxRecord): Buffer {
  const bytes = Buffer.alloc(recordBytes(topic, payload.length));
  bytes.writeUInt8(KINDS.indexOf(kind), HEAD_BYTES);
  bytes.writeUIntBE(sequence, HEAD_BYTES + 1, 6);
  const topicBytes = bytes.write(topic, HEAD_BYTES + FIXED_BYTES);
  bytes.writeUInt16BE(topicBytes, HEAD_BYTES + 7);
  bytes.set(payload, HEAD_BYTES + FIXED_BYTES + topicBytes);
  return sealRecord(bytes);
}

/** Undefined for what is no whole record. */
export function decodeRecord(bytes: Buffer): OutboxRecord | undefined {
  const body = openRecord(bytes);
  if (body === undefined || body.length < FIXED_BYTES) return undefined;
  const kind = KINDS[body.readUInt8(0)];
  const payloadAt = FIXED_BYTES + body.readUInt16BE(7);
  if (kind === undefined || payloadAt > body.length) return undefined;
  const topic = body.toString('utf8', FIXED_BYTES, payloadAt);
  return { kind, sequence: body.readUIntBE(1, 6), topic, payload: body.subarray(payloadAt) };
}

export type ReadBytes = (start: number, length: number) => Promise<Buffer>;

/** The whole records of a file. One that is not is passed over, as long as its length leads to the next. */
export async function* scanRecords(
  read: ReadBytes,
  size: number,
): AsyncGenerator<Place & { readonly record: OutboxRecord }> {
  const view = readAhead(read);
  for (let start = 0; start + HEAD_BYTES <= size; ) {
    const head = await view(start, HEAD_BYTES);
    const bytes = recordLength(head);
    if (isPadding(head) || start + bytes > size) return;
    const record = decodeRecord(await view(start, bytes));
    if (record !== undefined) yield { start, bytes, record };
    start += bytes;
  }
}

/** For reading a file in its order: small pieces of it come out of large ones. */
export function readAhead(read: ReadBytes): ReadBytes {
  let window = Buffer.alloc(0);
  let windowStart = 0;
  return async (start, length) => {
    if (start < windowStart || start + length > windowStart + window.length) {
      window = Buffer.from(await read(start, Math.max(length, WINDOW_BYTES)));
      windowStart = start;
    }
    return window.subarray(start - windowStart, start - windowStart + length);
  };
}
