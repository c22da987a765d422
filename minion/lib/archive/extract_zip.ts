import { createWriteStream } from 'node:fs';
import { chmod, type FileHandle, open, realpath, rm, symlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { systemErrorCode } from '../../../shared/errors.ts';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { commandFailed } from '../exec.ts';
import { createZipDecipher } from './zip_cipher.ts';
import { dataOffset, readZipDirectory, type ZipEntry } from './zip_reader.ts';

export interface ExtractOptions {
  readonly excludes: readonly string[];
  readonly password: string | undefined;
  readonly keepsModes: boolean;
  readonly signal: AbortSignal;
}

const LINK_BYTES_MAX = 4096;
/** Before the data of a member, at least. */
const HEADER_BYTES = 30;

/**
 * Extracts a zip file and returns the names of its members. Nothing is written outside of `dest`: a name that leads out
 * is refused before anything is written, as is a link in the way that leads out. Throws COMMAND_FAILED.
 */
export async function extractZip(path: string, dest: string, options: ExtractOptions): Promise<string[]> {
  const file = await open(path);
  try {
    const entries = (await readZipDirectory(file, path)).filter(({ name }) => !options.excludes.includes(name));
    for (const entry of entries) check(entry, options.password);
    checkOverlaps(entries);
    await makeWithParents(dest);
    const place = createPlaces(await realpath(dest));
    // Links come last, so that no member is written through one.
    for (const entry of entries.filter(({ isLink }) => !isLink)) {
      const target = await place(entry.name);
      if (entry.name.endsWith('/')) await makeWithParents(target);
      else await extractFile(file, entry, target, options);
    }
    for (const entry of entries.filter(({ isLink }) => isLink)) {
      const target = await place(entry.name);
      const text = await readLink(file, entry, options);
      await rm(target, { force: true });
      await symlink(text, target);
    }
    return entries.map(({ name }) => name);
  } finally {
    await file.close();
  }
}

function check({ name, method, isEncrypted }: ZipEntry, password: string | undefined): void {
  if (name.startsWith('/') || name.includes('\0') || name.split('/').includes('..')) {
    throw commandFailed(`the zip file has a member '${name}', which would be written outside of the directory`);
  }
  if (isEncrypted && password === undefined) throw commandFailed(`${name} is encrypted`, 'give a password');
  if (method !== 0 && method !== 8) {
    throw commandFailed(`${name} is compressed by method ${method}`, 'archive.cmd_unzip may know it');
  }
}

/** Members that share their data make of a small file what no disk holds. */
function checkOverlaps(entries: readonly ZipEntry[]): void {
  let end = 0;
  for (const { name, headerOffset, packedBytes } of entries.toSorted((a, b) => a.headerOffset - b.headerOffset)) {
    if (headerOffset < end) throw commandFailed(`the zip file has a member '${name}' that overlaps another`);
    end = headerOffset + HEADER_BYTES + packedBytes;
  }
}

/** The path of a member. Its folder is made, and must lie within the destination with all links resolved. */
function createPlaces(dest: string): (name: string) => Promise<string> {
  const known = new Set<string>();
  return async (name) => {
    const target = join(dest, name);
    const folder = dirname(target);
    if (!known.has(folder)) {
      await checkParents(dest, folder);
      await makeWithParents(folder);
      known.add(folder);
    }
    return target;
  };
}

/** From the destination down, for a link in the middle must not have folders made behind it. */
async function checkParents(dest: string, folder: string): Promise<void> {
  let path = dest;
  for (const part of folder.slice(dest.length).split(sep).filter(Boolean)) {
    path = join(path, part);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) return;
    if (real !== dest && !real.startsWith(`${dest === sep ? '' : dest}${sep}`)) {
      throw commandFailed(`${path} is a link that leads outside of ${dest}`);
    }
  }
}

async function extractFile(file: FileHandle, entry: ZipEntry, target: string, options: ExtractOptions): Promise<void> {
  // Instead of writing into it: it may be a link, or a program that runs.
  await rm(target, { force: true });
  const hasMode = options.keepsModes && entry.mode !== 0;
  // What others may not read they may not read while it is written either.
  const mode = hasMode ? 0o600 : 0o666;
  await pipe(file, entry, options, () => createWriteStream(target, { flags: 'wx', mode }));
  if (hasMode) await chmod(target, entry.mode);
}

async function readLink(file: FileHandle, entry: ZipEntry, options: ExtractOptions): Promise<string> {
  if (entry.bytes > LINK_BYTES_MAX) throw commandFailed(`the link ${entry.name} is too long`);
  const chunks: Buffer[] = [];
  const collect = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await pipe(file, entry, options, () => collect);
  return Buffer.concat(chunks).toString('utf8');
}

async function pipe(
  file: FileHandle,
  entry: ZipEntry,
  { password, signal }: ExtractOptions,
  openOutput: () => NodeJS.WritableStream,
): Promise<void> {
  const start = await dataOffset(file, entry);
  const isEmpty = entry.packedBytes === 0;
  // A stream of no bytes cannot be asked for by its last byte.
  const packed = isEmpty
    ? Readable.from([])
    : file.createReadStream({ start, end: start + entry.packedBytes - 1, autoClose: false });
  const stages = [
    ...(entry.isEncrypted ? [createZipDecipher(password ?? '', entry.passwordCheck)] : []),
    ...(entry.method === 8 && !isEmpty ? [createInflateRaw()] : []),
    createCheck(entry),
  ];
  try {
    await pipeline([packed, ...stages, openOutput()], { signal });
  } catch (error) {
    // Numbers of zlib are not those of the system.
    if (!systemErrorCode(error)?.startsWith('Z_')) throw error;
    throw commandFailed(`the zip file is broken at ${entry.name}`);
  }
}

function createCheck({ name, bytes, crc }: ZipEntry): Transform {
  let count = 0;
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length;
      sum = crc32(chunk, sum);
      if (count > bytes) done(commandFailed(`the zip file is broken at ${name}: it is longer than its directory says`));
      else done(null, chunk);
    },
    flush(done) {
      done(count === bytes && sum === crc ? null : commandFailed(`the zip file is broken at ${name}`));
    },
  });
}
