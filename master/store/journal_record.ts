import { HEAD_BYTES, isPadding, openRecord, recordLength, sealRecord } from '../../shared/disk/sealed_record.ts';
import type { EncodedChange } from './engine.ts';
import { type StoreKey, type TableName, tableNames } from './store.ts';

/** A change as the journal has it. */
export interface JournalChange extends EncodedChange {
  /** Table and key as JSON: equal for two changes of the same thing. */
  readonly name: string;
}

/** Of each change: the lengths of its name (4) and of its value (4). */
const FIXED_BYTES = 8;
const REMOVED = 0xffffffff;

/** The changes of one write as one record: whole in the file or not there. */
export function encodeRecord(changes: readonly Pick<JournalChange, 'name' | 'bytes'>[]): Buffer {
  let length = HEAD_BYTES;
  for (const { name, bytes } of changes) length += FIXED_BYTES + Buffer.byteLength(name) + (bytes?.length ?? 0);
  const record = Buffer.allocUnsafe(length);
  let at = HEAD_BYTES;
  for (const { name, bytes } of changes) {
    const nameBytes = record.write(name, at + FIXED_BYTES);
    record.writeUInt32BE(nameBytes, at);
    record.writeUInt32BE(bytes?.length ?? REMOVED, at + 4);
    at += FIXED_BYTES + nameBytes;
    if (bytes === undefined) continue;
    record.set(bytes, at);
    at += bytes.length;
  }
  return sealRecord(record);
}

/** What is in a journal. */
export interface JournalContent {
  /** Of all whole records; their bytes are parts of the file. */
  readonly changes: readonly JournalChange[];
  /** Where the last whole record ends. */
  readonly end: number;
  /** Of what stands between whole records and is none. */
  readonly damagedBytes: number;
}

/**
 * A record that is not whole is passed over as long as its length leads to one that is: what is in front of it alone would
 * bring back what those behind it changed.
 */
export function decodeRecords(file: Buffer): JournalContent {
  const changes: JournalChange[] = [];
  let end = 0;
  let damagedBytes = 0;
  for (let start = 0; start + HEAD_BYTES <= file.length; ) {
    const next = start + recordLength(file.subarray(start));
    if (isPadding(file.subarray(start)) || next > file.length) break;
    const body = openRecord(file.subarray(start, next));
    if (body !== undefined) {
      changes.push(...decodeBody(body));
      damagedBytes += start - end;
      end = next;
    }
    start = next;
  }
  return { changes, end, damagedBytes };
}

function* decodeBody(body: Buffer): Generator<JournalChange> {
  for (let at = 0; at < body.length; ) {
    const nameAt = at + FIXED_BYTES;
    const valueAt = nameAt + body.readUInt32BE(at);
    const valueBytes = body.readUInt32BE(at + 4);
    const name = body.toString('utf8', nameAt, valueAt);
    at = valueBytes === REMOVED ? valueAt : valueAt + valueBytes;
    const [table, ...key] = JSON.parse(name) as [TableName, ...StoreKey];
    if (!tableNames.includes(table)) continue;
    yield { name, table, key, bytes: valueBytes === REMOVED ? undefined : body.subarray(valueAt, at) };
  }
}

export function changeName(table: TableName, key: StoreKey): string {
  return JSON.stringify([table, ...key]);
}
