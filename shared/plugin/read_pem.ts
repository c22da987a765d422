import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError, systemErrorCode } from '../errors.ts';

/** The file that a setting of a returner names; undefined when it names none. Throws CONFIG_INVALID. */
export async function readPem(root: string, name: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(join(root, path), 'utf8');
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw new FleetError('CONFIG_INVALID', `${name}: ${path} cannot be read: ${code}`, { cause });
  }
}
