import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { chmod, chown, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { FleetError } from '../../../shared/errors.ts';
import { ifThere } from '../../../shared/if_there.ts';

/** What goes into a zip file. */
export interface ZipSource {
  /** Ends in a slash when it is a folder. */
  readonly name: string;
  readonly path: string;
}

interface Written {
  readonly name: Buffer;
  readonly stats: Stats;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

const SIZE_MAX = 0xffffffff;
const MEMBERS_MAX = 0xfffe;
const VERSION = 20;
const UNIX = 3 << 8;
const UTF8 = 0x800;
/** Of a file: its checksum and its sizes stand behind its data. */
const DESCRIBED_BEHIND = 0x8;
const DEFLATE = 8;

/**
 * Writes a zip file; one of that name is replaced, with its owner and mode, when the new one is whole. Throws
 * LIMIT_EXCEEDED.
 */
export async function writeZip(path: string, sources: readonly ZipSource[], signal: AbortSignal): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const old = await ifThere(stat(path));
    const output = createWriteStream(temporary, { flags: 'wx', mode: old === undefined ? 0o666 : 0o600 });
    await pipeline(Readable.from(zipBytes(sources)), output, { signal });
    if (old !== undefined) {
      await chown(temporary, old.uid, old.gid);
      await chmod(temporary, old.mode & 0o777);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function* zipBytes(sources: readonly ZipSource[]): AsyncGenerator<Buffer> {
  if (sources.length > MEMBERS_MAX) throw tooLarge(`${sources.length} members`);
  const written: Written[] = [];
  let offset = 0;
  for (const { name: text, path } of sources) {
    const stats = await stat(path);
    const name = Buffer.from(text);
    const header = Buffer.concat([localHeader(stats, name), name]);
    yield header;
    const sums = { crc: 0, packedBytes: 0, bytes: 0 };
    if (stats.isFile()) {
      yield* deflated(path, sums);
      yield descriptor(sums);
    }
    if (offset > SIZE_MAX || sums.bytes > SIZE_MAX) throw tooLarge('more than 4 GiB');
    written.push({ name, stats, offset, ...sums });
    offset += header.length + (stats.isFile() ? sums.packedBytes + 16 : 0);
  }
  const directory = Buffer.concat(written.flatMap((entry) => [directoryEntry(entry), entry.name]));
  if (offset + directory.length > SIZE_MAX) throw tooLarge('more than 4 GiB');
  yield directory;
  yield endRecord(written.length, directory.length, offset);
}

async function* deflated(
  path: string,
  sums: { crc: number; packedBytes: number; bytes: number },
): AsyncGenerator<Buffer> {
  const deflate = createDeflateRaw();
  const source = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      sums.crc = crc32(chunk, sums.crc);
      sums.bytes += chunk.length;
      yield chunk;
    }
  };
  const fed = pipeline(source, deflate);
  // It fails the loop below as well, which is where it is thrown.
  fed.catch(() => undefined);
  for await (const chunk of deflate as AsyncIterable<Buffer>) {
    sums.packedBytes += chunk.length;
    yield chunk;
  }
  await fed;
}

function tooLarge(what: string): FleetError {
  return new FleetError('LIMIT_EXCEEDED', `${what} do not fit into a zip file of 32 bits`, {
    hint: 'archive.cmd_zip and archive.tar have no such limit',
  });
}

function localHeader(stats: Stats, name: Buffer): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  writeCommon(header, 6, stats);
  header.writeUInt16LE(name.length, 26);
  return header;
}

/** What the header and the directory have alike: flags, method, time. */
function writeCommon(record: Buffer, place: number, stats: Stats): void {
  const { mtime } = stats;
  const year = Math.max(0, mtime.getFullYear() - 1980);
  record.writeUInt16LE(stats.isFile() ? UTF8 | DESCRIBED_BEHIND : UTF8, place);
  record.writeUInt16LE(stats.isFile() ? DEFLATE : 0, place + 2);
  record.writeUInt16LE((mtime.getHours() << 11) | (mtime.getMinutes() << 5) | (mtime.getSeconds() >> 1), place + 4);
  record.writeUInt16LE((Math.min(year, 127) << 9) | ((mtime.getMonth() + 1) << 5) | mtime.getDate(), place + 6);
}

function writeSums(record: Buffer, place: number, sums: Pick<Written, 'crc' | 'packedBytes' | 'bytes'>): void {
  record.writeUInt32LE(sums.crc, place);
  record.writeUInt32LE(sums.packedBytes % (SIZE_MAX + 1), place + 4);
  record.writeUInt32LE(sums.bytes % (SIZE_MAX + 1), place + 8);
}

function descriptor(sums: Pick<Written, 'crc' | 'packedBytes' | 'bytes'>): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt32LE(0x08074b50, 0);
  writeSums(record, 4, sums);
  return record;
}

function directoryEntry(entry: Written): Buffer {
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(UNIX | VERSION, 4);
  record.writeUInt16LE(VERSION, 6);
  writeCommon(record, 8, entry.stats);
  writeSums(record, 16, entry);
  record.writeUInt16LE(entry.name.length, 28);
  record.writeUInt32LE(entry.stats.mode * 0x10000 + (entry.stats.isDirectory() ? 0x10 : 0), 38);
  record.writeUInt32LE(entry.offset, 42);
  return record;
}

function endRecord(count: number, bytes: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(bytes, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
