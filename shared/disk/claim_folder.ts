import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../errors.ts';
import { livingOwner, ownerOf } from '../process_owner.ts';

const PREFIX = 'owner-';

/**
 * Claims a folder for the process of that pid, this one; the answer gives it back. The claim of one that was
 * killed counts no more. Of two that come at once none may get it, never both. Throws ADDRESS_IN_USE.
 */
export async function claimFolder(folder: string, ownPid: number): Promise<() => Promise<void>> {
  const own = ownerOf(ownPid);
  const release = (): Promise<void> => rm(join(folder, `${PREFIX}${own}`), { force: true });
  // First the own name, then a look at others: whoever comes later sees it.
  if (own !== undefined) await writeFile(join(folder, `${PREFIX}${own}`), '', { mode: 0o600 });
  for (const name of await readdir(folder)) {
    const owner = name.slice(PREFIX.length);
    if (!name.startsWith(PREFIX) || owner === own) continue;
    const pid = livingOwner(owner);
    if (pid === undefined) {
      await rm(join(folder, name), { force: true });
      continue;
    }
    await release();
    throw new FleetError('ADDRESS_IN_USE', `process ${pid} has ${folder} open`, {
      hint: 'stop it, or give this one another cachedir',
    });
  }
  return release;
}
