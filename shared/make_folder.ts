import { access, constants, mkdir } from 'node:fs/promises';
import { FleetError, systemErrorCode } from './errors.ts';

/**
 * Makes a folder that a setting names, with those above it, unless it is there. Throws FILE_UNREADABLE naming the setting
 * when it cannot be made or written to.
 */
export async function makeFolder(setting: string, path: string, mode = 0o700): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
    await access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = reasons[systemErrorCode(cause) ?? ''] ?? systemErrorCode(cause);
    if (reason === undefined) throw cause;
    throw new FleetError('FILE_UNREADABLE', `${setting} ${path} cannot be used: ${reason}`, {
      hint: `make it a directory that this user may write to, or change ${setting}`,
      cause,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'it is not a directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'part of the path is not a directory',
  EROFS: 'the file system is read-only',
};
