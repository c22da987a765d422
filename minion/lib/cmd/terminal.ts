import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';

/** What `cmd.tty` returns: one member, whose name tells how it went. */
export type TerminalAnswer = { readonly Success: string } | { readonly Error: string };

/** Writes a text on a terminal, which is named `tty1`, `ttyS0` or `pts3` and must be there. */
export async function writeToTerminal(root: string, device: string, text: string): Promise<TerminalAnswer> {
  const path = terminalPath(device);
  if (path === undefined) return { Error: 'The specified device is not a valid TTY' };
  try {
    if (await writeToDevice(join(root, path), text)) return { Success: `Message was successfully echoed to ${path}` };
    return { Error: 'The specified device is not a valid TTY' };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { Error: `Echoing to ${path} returned error: ${code}` };
  }
}

function terminalPath(device: string): string | undefined {
  const [, number] = /^pts\/?(\d+)$/.exec(device) ?? [];
  if (number !== undefined) return `/dev/pts/${number}`;
  return /^tty\w*$/.test(device) ? `/dev/${device}` : undefined;
}

/** False when it is a file. Nobody may be at the other end: then the write fails rather than waits. */
async function writeToDevice(path: string, text: string): Promise<boolean> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isCharacterDevice()) return false;
    await handle.write(text);
    return true;
  } finally {
    await handle?.close();
  }
}
