import { access, constants } from 'node:fs/promises';
import { FleetError } from './errors.ts';
import { makeWithParents } from './make_with_parents.ts';
import { systemReason } from './system_reason.ts';

/**
 * Makes a folder that a setting names, with those above it, unless it is there. Throws FILE_UNREADABLE naming the setting
 * when it cannot be made or written to.
 */
export async function makeFolder(setting: string, path: string, mode = 0o700): Promise<void> {
  try {
    await makeWithParents(path, mode);
    await access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `${setting} ${path} cannot be used: ${systemReason(cause)}`, {
      hint: `make it a directory that this user may write to, or change ${setting}`,
      cause,
    });
  }
}
