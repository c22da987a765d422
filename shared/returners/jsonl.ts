import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { FleetError, systemErrorCode } from '../errors.ts';
import { makeWithParents } from '../make_with_parents.ts';
import { AbsolutePath } from '../plugin/args.ts';
import { defineReturner, setting } from '../plugin/returner.ts';
import { toJsonLine } from '../protocol/codec.ts';

const LINE_FEED = 0x0a;

export default defineReturner({
  summary: 'Appends each return, and each event as tag and data, to a file: one JSON object a line.',
  config: {
    path: setting(
      v.optional(AbsolutePath, '/var/log/salt/returns.jsonl'),
      'The file. It is opened for each return, so that it may be renamed or removed at any time, as log rotation does.',
    ),
  },
  async open({ path }, { root }) {
    const file = join(root, path);
    return {
      store: (result) => appendLines(file, [result]),
      storeEvents: (events) => appendLines(file, events),
      close: async () => undefined,
    };
  },
});

/** In one write, so that lines of several writers do not mix; on the disk when it resolves. Throws FILE_UNREADABLE. */
async function appendLines(path: string, values: readonly unknown[]): Promise<void> {
  try {
    await makeWithParents(dirname(path), 0o700);
    // Returns hold whatever commands print: for the owner alone.
    const file = await open(path, 'a+', 0o600);
    try {
      const lines = values.map((value) => `${toJsonLine(value)}\n`).join('');
      await file.appendFile((await isTorn(file)) ? `\n${lines}` : lines);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw new FleetError('FILE_UNREADABLE', `${path} cannot be written: ${code}`, { cause });
  }
}

/** A crash or a full disk left half a line: what is appended must not become part of it. */
async function isTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0] !== LINE_FEED;
}
