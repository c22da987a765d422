import * as v from 'valibot';
import { compileRegex, type Regex } from '../../shared/target/regex.ts';
import { defineBeacon } from '../beacon.ts';
import { Pattern } from '../lib/beacon/pattern.ts';
import { Percent, percentOf } from '../lib/beacon/threshold.ts';
import { fileRoot } from '../lib/file_root.ts';
import { filesystemSize, readMounts } from '../lib/mounts.ts';

/** A misspelt key of every beacon would pass for a pattern that matches nothing. */
const MountPattern = v.pipe(Pattern, v.regex(/[^a-z_]/, 'must be a mount point, or a regular expression of them'));

export default defineBeacon({
  summary: 'Tells when a file system is fuller than its limit.',
  description:
    'Each key is a mount point, or a regular expression of them; the last one that matches a mount point counts. A pattern\n' +
    'has no look-ahead: name what is to be left out before, with a limit of 100%.',
  config: v.record(MountPattern, Percent),
  example: [{ '/': '63%' }, { '/mnt/.*': '90%' }, { interval: 120 }],
  data: { diskusage: 'how full it is, in percent', mount: 'its mount point' },
  unavailable: ({ root }) => (fileRoot(root).exists('/proc/mounts') ? undefined : 'there is no /proc/mounts'),
  async *watch(context, config) {
    const limits = Object.entries(config).map(([pattern, percent]) => ({ matches: mountMatcher(pattern), percent }));
    for await (const _ of context.ticks()) {
      for (const mount of readMounts(fileRoot(context.root))) {
        const limit = limits.findLast(({ matches }) => matches(mount.path))?.percent;
        const size = limit === undefined ? undefined : await filesystemSize(context, mount);
        if (limit === undefined || size === undefined) continue;
        const used = size.blocks - size.blocksFree;
        const diskusage = percentOf(used, used + size.blocksAvailable);
        if (diskusage >= limit) yield { data: { diskusage, mount: mount.path }, state: 'full', about: mount.path };
      }
    }
  },
});

/** As Salt: a regular expression of the whole path; a mount point as it is written matches itself. */
function mountMatcher(pattern: string): (path: string) => boolean {
  const regex: Regex = compileRegex(pattern.endsWith('$') ? pattern : `${pattern}$`, { code: 'CONFIG_INVALID' });
  return (path) => path === pattern || regex.matchesStart(path);
}
