import { HEAD_BYTES, openRecord, recordLength, sealRecord } from '../../shared/disk/sealed_record.ts';
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

/** The changes of all whole records from the beginning of a file; their bytes are parts of it. */
export function decodeRecords(file: Buffer): { readonly changes: readonly JournalChange[]; readonly end: number } {
  const changes: JournalChange[] = [];
  let end = 0;
  while (end + HEAD_BYTES <= file.length) {
    const next = end + recordLength(file.subarray(end));
    const body = next > file.length ? undefined : openRecord(file.subarray(end, next));
    if (body === undefined) break;
    changes.push(...decodeBody(body));
    end = next;
  }
  return { changes, end };
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
