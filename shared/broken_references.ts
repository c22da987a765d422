import { access, constants } from 'node:fs/promises';
import { errorLine, FleetError } from './errors.ts';
import type { Logger } from './log.ts';
import { systemReason } from './system_reason.ts';

/** What is wrong with what a configuration names, a line each: of looks that reject with it. */
export async function brokenReferences(looks: readonly Promise<unknown>[]): Promise<string[]> {
  const seen = await Promise.allSettled(looks);
  return seen.flatMap((look) => (look.status === 'rejected' ? [errorLine(look.reason)] : []));
}

/** Tells at the start what would otherwise be found out when it is needed. */
export function logBrokenReferences(problems: readonly string[], log: Logger): void {
  for (const problem of problems) log.error('the configuration names what cannot be used', { problem });
}

/** Throws FILE_UNREADABLE when this process may not read the file that a setting names. */
export async function mustBeReadable(setting: string, path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    throw new FleetError('FILE_UNREADABLE', `${setting} ${path}: ${systemReason(cause)}`, { cause });
  }
}
