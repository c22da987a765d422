import { type FileHandle, open, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Count, Flag, Real, Text } from '../../../shared/plugin/args.ts';
import type { Extra } from '../../../shared/plugin/function.ts';
import { pyStr } from '../../../shared/python_text.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { withRegularFile } from '../regular_file.ts';
import { joinLines } from '../text_lines.ts';
import { FilePath, fileFn } from './file_function.ts';
import { isThere } from './owners.ts';
import { replaceContent } from './replace_content.ts';

/** A return is one message at last: what is longer has to be fetched in pieces, with file.seek_read. */
const READ_BYTES_MAX = 16 * 1024 * 1024;
/** What is longer is appended to where it is. */
const REPLACED_BYTES_MAX = 4 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** Functions on the content of a file as it is. */
export const contentFunctions: Readonly<Record<string, MinionFunction>> = {
  read: fileFn({
    summary: 'Return the content of the file.',
    args: { path: FilePath, binary: v.optional(Flag, false) },
    reads: true,
    examples: ["salt '*' file.read /path/to/file"],
    run: (_context, { path, binary }) =>
      withRegularFile<string | Uint8Array>(path, async (file, { size }) => {
        if (size > READ_BYTES_MAX) throw tooLong(path, size);
        return binary ? file.readFile() : file.readFile('utf8');
      }),
  }),
  write: fileFn({
    summary: 'Write text to a file, overwriting any existing contents.',
    description: '\nEach argument after the path is a line. A line with an equal sign is passed as args=.',
    args: { path: FilePath },
    varargs: true,
    varkw: true,
    examples: [`salt '*' file.write /etc/motd 'With all thine offerings thou shalt offer salt.'`],
    async run(context, { path }, extra) {
      const lines = linesOf(extra);
      await replaceContent(context, path, joinLines(lines));
      return `Wrote ${lines.length} lines to "${path}"`;
    },
  }),
  append: fileFn({
    summary: 'Append text to the end of a file.',
    description: '\nEach argument after the path is a line. A line with an equal sign is passed as args=.',
    args: { path: FilePath },
    varargs: true,
    varkw: true,
    examples: [`salt '*' file.append /etc/motd 'With all thine offerings thou shalt offer salt.'`],
    async run(context, { path }, extra) {
      const lines = linesOf(extra);
      await append(context, path, joinLines(lines));
      return `Wrote ${lines.length} lines to "${path}"`;
    },
  }),
  prepend: fileFn({
    summary: 'Prepend text to the beginning of a file.',
    description: '\nEach argument after the path is a line. A line with an equal sign is passed as args=.',
    args: { path: FilePath },
    varargs: true,
    varkw: true,
    examples: [`salt '*' file.prepend /etc/motd 'With all thine offerings thou shalt offer salt.'`],
    async run(context, { path }, extra) {
      const lines = linesOf(extra);
      const old = (await isThere(path)) ? await withRegularFile(path, (file) => file.readFile()) : Buffer.alloc(0);
      await replaceContent(context, path, Buffer.concat([Buffer.from(joinLines(lines)), old]));
      return `Prepended ${lines.length} lines to "${path}"`;
    },
  }),
  touch: fileFn({
    summary: 'Create a file if it does not exist, or update the atime and mtime if it already does.',
    description: '\nThe times are seconds since 1970; one that is not given is the present.',
    args: { name: FilePath, atime: v.optional(Real), mtime: v.optional(Real) },
    examples: ["salt '*' file.touch /var/log/emptyfile"],
    async run({ clock }, { name, atime, mtime }) {
      const now = clock.nowMs() / 1000;
      if (!(await isThere(name))) await withFile(name, 'a', async () => undefined);
      await utimes(name, atime ?? now, mtime ?? now);
      return true;
    },
  }),
  seek_read: fileFn({
    summary: 'Seek to a position on a file and read it.',
    args: { path: FilePath, size: Count, offset: Count },
    reads: true,
    examples: ["salt '*' file.seek_read /path/to/file 4096 0"],
    async run(_context, { path, size, offset }) {
      if (size > READ_BYTES_MAX) throw tooLong(path, size);
      return withFile(path, 'r', async (file) => (await readPart(file, offset, size)).toString());
    },
  }),
  seek_write: fileFn({
    summary: 'Seek to a position on a file and write to it.',
    args: { path: FilePath, data: Text, offset: Count },
    returns: 'how many bytes were written.',
    examples: ["salt '*' file.seek_write /path/to/file 'some data' 4096"],
    run: (_context, { path, data, offset }) =>
      withFile(path, 'r+', async (file) => {
        const { bytesWritten } = await file.write(data, offset);
        await file.sync();
        return bytesWritten;
      }),
  }),
  truncate: fileFn({
    summary: 'Seek to a position on a file and delete everything after that point.',
    args: { path: FilePath, length: Count },
    examples: ["salt '*' file.truncate /path/to/file 512"],
    async run(_context, { path, length }) {
      await withFile(path, 'r+', (file) => file.truncate(length));
      return null;
    },
  }),
};

/** The lines of `file.write` and its kin: positional, or `args=` with one or a list. */
function linesOf({ args, kwargs }: Extra): string[] {
  const [unknown] = Object.keys(kwargs).filter((name) => name !== 'args');
  if (unknown !== undefined) {
    throw new FleetError('ARGS_INVALID', `'${unknown}' is an invalid keyword argument`, {
      hint: `pass a line that has an equal sign as args='${unknown}=…'`,
    });
  }
  return (kwargs.args === undefined ? args : [kwargs.args].flat()).map(pyStr);
}

/** A long file is not written anew: it is a log, which somebody holds open. */
async function append(context: MinionContext, path: string, text: string): Promise<void> {
  const file = await stat(path);
  if (!file.isFile()) return writeFile(path, text, { flag: 'a' });
  if (file.size <= REPLACED_BYTES_MAX) {
    const old = await readFile(path);
    return replaceContent(context, path, Buffer.concat([old, Buffer.from(glueAfter(old) + text)]));
  }
  await withFile(path, 'a+', async (handle) => {
    const { size } = await handle.stat();
    await handle.appendFile(glueAfter(await readPart(handle, size - 1, 1)) + text);
  });
}

/** Ends a last line that is not ended. */
function glueAfter(bytes: Uint8Array): string {
  return bytes.length > 0 && bytes.at(-1) !== LINE_FEED ? '\n' : '';
}

function tooLong(path: string, size: number): FleetError {
  return new FleetError('LIMIT_EXCEEDED', `cannot return ${size} bytes of ${path}: the limit is ${READ_BYTES_MAX}`, {
    hint: 'read it in pieces with file.seek_read',
  });
}

async function readPart(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
  return buffer.subarray(0, bytesRead);
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
