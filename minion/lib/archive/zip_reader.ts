import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { FleetError } from '../../../shared/errors.ts';
import { commandFailed } from '../exec.ts';

/** A member of a zip file, as its directory tells of it. */
export interface ZipEntry {
  /** Ends in a slash when it is a folder. */
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly isLink: boolean;
  /** Permission bits, zero when the file comes from a system that has none. */
  readonly mode: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
  /** The byte by which a wrong password is found out. */
  readonly passwordCheck: number;
}

const END_BYTES = 22;
const COMMENT_BYTES_MAX = 0xffff;
const DIRECTORY_BYTES_MAX = 64 * 1024 * 1024;
const signatures = { end: 0x06054b50, entry: 0x02014b50, header: 0x04034b50 } as const;
const flags = { encrypted: 0x1, describedBehind: 0x8, utf8: 0x800 } as const;

/** Throws COMMAND_FAILED for what is no zip file, LIMIT_EXCEEDED for one that needs the 64 bit form. */
export async function readZipDirectory(file: FileHandle, path: string): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tailStart = Math.max(0, size - END_BYTES - COMMENT_BYTES_MAX);
  const tail = await readAt(file, tailStart, size - tailStart);
  const end = findEnd(tail);
  if (end < 0) throw commandFailed(`${path} is not a zip file`);
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (count === 0xffff || offset === 0xffffffff || bytes > DIRECTORY_BYTES_MAX) {
    throw new FleetError('LIMIT_EXCEEDED', `${path} is larger than a zip file of 32 bits can be`, {
      hint: 'archive.cmd_unzip and archive.tar have no such limit',
    });
  }
  if (offset + bytes > size) throw commandFailed(`${path} is not a whole zip file`);
  return parseEntries(await readAt(file, offset, bytes), count, path);
}

/** Where the data of a member begins. */
export async function dataOffset(file: FileHandle, { name, headerOffset }: ZipEntry): Promise<number> {
  const header = await readAt(file, headerOffset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== signatures.header) {
    throw commandFailed(`the zip file is broken at ${name}`);
  }
  return headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function findEnd(tail: Buffer): number {
  for (let place = tail.length - END_BYTES; place >= 0; place--) {
    if (tail.readUInt32LE(place) === signatures.end) return place;
  }
  return -1;
}

function parseEntries(directory: Buffer, count: number, path: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let place = 0;
  while (entries.length < count) {
    if (place + 46 > directory.length || directory.readUInt32LE(place) !== signatures.entry) {
      throw commandFailed(`${path} is not a whole zip file`);
    }
    const nameBytes = directory.readUInt16LE(place + 28);
    entries.push(parseEntry(directory.subarray(place, place + 46 + nameBytes)));
    place += 46 + nameBytes + directory.readUInt16LE(place + 30) + directory.readUInt16LE(place + 32);
  }
  return entries;
}

function parseEntry(record: Buffer): ZipEntry {
  const bits = record.readUInt16LE(8);
  const crc = record.readUInt32LE(16);
  const attributes = record.readUInt32LE(38) >>> 16;
  return {
    name: decodeName(record.subarray(46), (bits & flags.utf8) !== 0),
    method: record.readUInt16LE(10),
    isEncrypted: (bits & flags.encrypted) !== 0,
    isLink: (attributes & constants.S_IFMT) === constants.S_IFLNK,
    mode: attributes & 0o777,
    crc,
    packedBytes: record.readUInt32LE(20),
    bytes: record.readUInt32LE(24),
    headerOffset: record.readUInt32LE(42),
    passwordCheck: (bits & flags.describedBehind) === 0 ? crc >>> 24 : record.readUInt16LE(12) >>> 8,
  };
}

/** Without the mark names are in some code page; nearly always they are ASCII or UTF-8 nevertheless. */
function decodeName(bytes: Buffer, isUtf8: boolean): string {
  const text = bytes.toString('utf8');
  return isUtf8 || !text.includes('\ufffd') ? text : bytes.toString('latin1');
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
