import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../../shared/if_there.ts';
import type { MinionContext } from '../../context.ts';
import { walk } from '../file/walk.ts';

/** Name to version to the file, in the members of Salt's `pkg.list_downloaded`. */
export type DownloadedPackages = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

export interface PackageFileName {
  readonly name: string;
  readonly version: string;
}

/** Package files in and below a folder. `identify` looks into one; undefined for what is no package after all. */
export async function findDownloaded(
  context: MinionContext,
  folder: string,
  ending: string,
  identify: (path: string) => Promise<PackageFileName | undefined>,
): Promise<DownloadedPackages> {
  const found: Record<string, Record<string, Readonly<Record<string, unknown>>>> = {};
  for await (const { path: real, entry } of walk(join(context.root, folder))) {
    if (!entry.isFile() || !entry.name.endsWith(ending)) continue;
    const path = join('/', real.slice(join(context.root, '/').length));
    const [stats, identity] = [await ifThere(stat(real)), await identify(path)];
    if (stats === undefined || identity === undefined) continue;
    const seconds = Math.floor(stats.ctimeMs / 1000);
    const file = {
      path,
      size: stats.size,
      creation_date_time_t: seconds,
      creation_date_time: new Date(seconds * 1000).toISOString().slice(0, 19),
    };
    found[identity.name] = { ...found[identity.name], [identity.version]: file };
  }
  return found;
}
