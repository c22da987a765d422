import { crc32 } from 'node:zlib';
import { createAppendFile } from '../../shared/disk/append_file.ts';

/** A file of lines that only grows, each with its checksum. */
export interface LineLog {
  /** Resolves when the lines would survive a power cut; when it rejects, the file is as it was before. */
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** What is in such a file. */
export interface FoundLines {
  readonly lines: readonly string[];
  /** Places where one bit was flipped, which are among the lines, set right. */
  readonly mended: number;
  /** Of what stands between lines, or ends as one, and is none. */
  readonly lostBytes: number;
}

const LINE_FEED = 0x0a;
/** CRC-32 of the line, in hexadecimal digits. */
const CHECKSUM_CHARACTERS = 8;
/** Behind the checksum and a space. */
const TEXT_AT = CHECKSUM_CHARACTERS + 1;
/** Every bit of so much is tried. */
const MENDED_BYTES_MAX = 1024;

/** Begins the file anew with these lines, beside the old one, which it then replaces. */
export async function createLineLog(path: string, lines: readonly string[]): Promise<LineLog> {
  const file = await createAppendFile(path, (fresh) => fresh.append(encodeLines(lines), { flush: false }));
  return {
    append: (more) => file.append(encodeLines(more)).then(() => undefined),
    close: () => file.close(),
  };
}

/** Lines as the file has them: none may hold a line feed. */
export function encodeLines(lines: readonly string[]): Buffer {
  return Buffer.from(
    lines.map((line) => `${crc32(line).toString(16).padStart(CHECKSUM_CHARACTERS, '0')} ${line}\n`).join(''),
  );
}

/** What follows the last line feed, such as the zeros that a file is filled with ahead, was never acknowledged. */
export function decodeLines(file: Buffer): FoundLines {
  const lines: string[] = [];
  let mended = 0;
  let lostBytes = 0;
  const takeDamaged = (bytes: Buffer): void => {
    const right = mend(bytes);
    if (right === undefined) lostBytes += bytes.lastIndexOf(LINE_FEED) + 1;
    else {
      mended++;
      lines.push(...right.map(textOf));
    }
  };
  let wholeUntil = 0;
  let at = 0;
  for (const line of splitLines(file.subarray(0, endOf(file)))) {
    if (isWhole(line)) {
      if (at > wholeUntil) takeDamaged(file.subarray(wholeUntil, at));
      lines.push(textOf(line));
      wholeUntil = at + line.length;
    }
    at += line.length;
  }
  if (at > wholeUntil) takeDamaged(file.subarray(wholeUntil, at));
  return { lines, mended, lostBytes };
}

/** The lines that damaged bytes are with one bit flipped; undefined when no bit makes them whole. */
function mend(damaged: Buffer): Buffer[] | undefined {
  if (damaged.length > MENDED_BYTES_MAX) return undefined;
  const tried = Buffer.from(damaged);
  for (const [at, byte] of damaged.entries()) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      tried[at] = byte ^ bit;
      const lines = [...splitLines(tried)];
      if (lines.every(isWhole)) return lines;
    }
    tried[at] = byte;
  }
  return undefined;
}

/** Each with its line feed, which the last may lack. */
function* splitLines(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, start) + 1 || bytes.length;
    yield bytes.subarray(start, end);
    start = end;
  }
}

function isWhole(line: Buffer): boolean {
  if (line.length <= TEXT_AT || line[line.length - 1] !== LINE_FEED) return false;
  return Number.parseInt(line.toString('latin1', 0, CHECKSUM_CHARACTERS), 16) === crc32(line.subarray(TEXT_AT, -1));
}

function textOf(line: Buffer): string {
  return line.toString('utf8', TEXT_AT, line.length - 1);
}

function endOf(file: Buffer): number {
  let end = file.length;
  while (end > 0 && file[end - 1] === 0) end--;
  return end;
}
